"""Intake: waiting deliveries become jobs. It reads a body only as far as needed to name the record it speaks of.

A shop's batch is one transaction without any network call. A body that cannot be read is stored as failed with the
reason; a delivery that makes us crash is set aside, so that it never blocks another one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from kit import clock
from kit import log as logs
from kit.db import Database, all_shops
from oauth.models import Installation, Shop
from sync.shopify import topics
from sync.state import jobs
from sync.state.models import Delivery, DeliveryState, Lane

log = logging.getLogger(__name__)

BATCH_SIZE = 50
REASON_LIMIT = 500
LIVING = (Installation.INSTALLED, Installation.NEEDS_VISIT, Installation.SCOPES_MISSING)

Body = Mapping[str, Any]
Handler = Callable[[Session, Shop, Body, Delivery], None]


@dataclass(frozen=True)
class Routes:
    """Where a delivery can go: a handler of its topic, or the flow that its topic asks for."""

    handlers: Mapping[str, Handler]
    flows: Collection[str]


@dataclass(frozen=True)
class Round:
    """What one round over all shops did."""

    deliveries: int
    job_ids: tuple[int, ...]
    is_last: bool


# Shops with waiting deliveries, walked along the index, and the oldest few of each: a flood of one shop delays
# nobody else. Shop 0 stands for those that we do not know.
_WAITING = text(
    """
    with recursive shops (shop) as (
        (select min(coalesce(shop_id, 0)) from delivery where state = 'waiting')
        union all
        select (select min(coalesce(d.shop_id, 0)) from delivery d
                where d.state = 'waiting' and coalesce(d.shop_id, 0) > s.shop)
        from shops s where s.shop is not null
    )
    select s.shop, array(
        select d.id from delivery d where d.state = 'waiting' and coalesce(d.shop_id, 0) = s.shop
        order by d.id limit :size) as ids
    from shops s where s.shop is not null
    """
).execution_options(all_shops=True)


def process_round(database: Database, handlers: Mapping[str, Handler], flows: Collection[str]) -> Round:
    """Takes the oldest waiting deliveries of each shop and asks for their jobs, one transaction a shop."""
    with database.transaction() as session:
        groups = session.execute(_WAITING, {"size": BATCH_SIZE}).all()
    deliveries, job_ids = 0, []
    for shop_id, ids in groups:
        count, asked = _process_group(database, shop_id or None, ids, Routes(handlers, flows))
        deliveries += count
        job_ids.extend(asked)
    is_last = all(len(ids) < BATCH_SIZE for _, ids in groups)
    return Round(deliveries=deliveries, job_ids=tuple(job_ids), is_last=is_last)


def _process_group(
    database: Database, shop_id: int | None, ids: Sequence[int], routes: Routes
) -> tuple[int, list[int]]:
    job_ids: list[int] = []
    with _SettingAside(database) as aside, database.transaction(shop_id=shop_id) as session:
        waiting = session.execute(
            all_shops(
                select(Delivery)
                .where(Delivery.id.in_(ids), Delivery.state == DeliveryState.WAITING)
                .order_by(Delivery.id)
                .with_for_update(skip_locked=True)
            )
        ).scalars()
        deliveries = list(waiting)
        shop = session.get(Shop, shop_id) if shop_id is not None else None
        for delivery in deliveries:
            aside.delivery_id = delivery.id
            with logs.context(shop=delivery.shop_domain, delivery=delivery.id):
                settled = _settle(session, delivery, shop, routes)
            job_ids.extend(settled.pop("job_ids"))
            session.execute(
                all_shops(
                    update(Delivery)
                    .where(Delivery.id == delivery.id)
                    .values(processed_at=clock.now(), **settled)
                ),
                execution_options={"synchronize_session": False},
            )
    return len(deliveries), job_ids


def _settle(session: Session, delivery: Delivery, shop: Shop | None, routes: Routes) -> dict[str, Any]:
    """What becomes of one delivery: columns of its row, and the jobs it asked for."""
    if shop is None:
        return _closed(DeliveryState.IGNORED, f"{delivery.shop_domain} has not installed Concord.")
    values: dict[str, Any] = {}
    topic = topics.find(delivery.topic)
    handler = routes.handlers.get(delivery.topic)
    if topic is None and handler is None:
        return values | _closed(DeliveryState.IGNORED, f"Concord does not serve the topic {delivery.topic}.")
    body = read_body(delivery.body or b"")
    if isinstance(body, str):
        return values | _closed(DeliveryState.FAILED, body)
    if handler is not None:
        handler(session, shop, body, delivery)
        return values | _closed(DeliveryState.DONE)
    if topic is None or topic.flow not in routes.flows:
        return values | _closed(DeliveryState.DONE, "Kept for the record; nothing is owed for it.")
    if shop.state not in LIVING:
        return values | _closed(DeliveryState.IGNORED, "Concord was uninstalled from this shop.")
    record = topic.record(body)
    if record is None:
        return values | _closed(DeliveryState.FAILED, "The body does not say which record it is about.")
    job_id = jobs.ask(
        session,
        shop_id=shop.id,
        flow=str(topic.flow),
        record=record,
        lane=Lane(topic.lane),
        hint={"delivery": delivery.id, **({} if topic.is_whole else {"reread": True})},
    )
    return values | _closed(DeliveryState.DONE, job_ids=[job_id]) | {"record": record}


def read_body(raw: bytes) -> Body | str:
    """The JSON object of a body with exact decimals, or the sentence that says why there is none."""
    if not raw:
        return "The body is empty."
    try:
        body = json.loads(raw, parse_float=Decimal)
    except RecursionError:
        return "The body is nested too deeply."
    except ValueError as error:
        return f"The body is not JSON: {error}."[:REASON_LIMIT]
    return body if isinstance(body, dict) else "The body is not a JSON object."


def _closed(state: DeliveryState, reason: str = "", *, job_ids: list[int] | None = None) -> dict[str, Any]:
    return {"state": state, "reason": reason, "job_ids": job_ids or []}


class _SettingAside:
    """When a delivery makes us crash, marks just that one as failed; the rest of its batch waits on. It lets the
    error go on: a bug is loud."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.delivery_id: int | None = None

    def __enter__(self) -> _SettingAside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A database that went away is not the delivery's fault; a value that it cannot hold is.
        ours = TypeError | ValueError | LookupError | ArithmeticError | AttributeError | DataError
        if self.delivery_id is None or kind is None or not isinstance(error, ours):
            return
        reason = f"Concord made a mistake with this delivery ({kind.__name__}). Replay it after an update."
        with self._database.transaction() as session:
            session.execute(
                all_shops(
                    update(Delivery)
                    .where(Delivery.id == self.delivery_id, Delivery.state == DeliveryState.WAITING)
                    .values(state=DeliveryState.FAILED, reason=reason, processed_at=clock.now())
                )
            )
