"""Intake: waiting deliveries become jobs. It reads a body only as far as needed to name the record it speaks of.

A shop's batch is one transaction without any network call. A body that cannot be read is stored as failed with the
reason; a delivery that makes us crash is set aside, so that it never blocks another one. Both open an issue.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any

from sqlalchemy import BigInteger, Text, or_, select, text, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from kit import clock, outages, rows
from kit import log as logs
from kit.bulkheads import Bulkhead
from kit.db import Database, all_shops
from oauth.models import Installation, Shop
from sync.flows import stock_echo
from sync.shopify import topics
from sync.state import attempts, jobs
from sync.state.attempts import Concerned, Trouble
from sync.state.models import Delivery, DeliveryState, Lane

log = logging.getLogger(__name__)

BATCH_SIZE = 50
REACH = 1_000  # waiting deliveries of a shop among which a batch is chosen
REASON_LIMIT = 500
RECORD = "delivery:"  # of the issues about deliveries
UNKNOWN_TOPIC = "Concord does not serve the topic"
NOTHING_OWED = "Kept for the record; nothing is owed for it."
TAKEN_UP_WITHIN = timedelta(hours=6)  # two versions run side by side for minutes
OUTAGES = (OperationalError, InterfaceError, PoolTimeout, OSError)
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
# nobody else. Shop 0 stands for those that we do not know. News of stock come by the thousand after each push, so the
# others among the oldest go before them.
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
        select oldest.id from (
            select d.id, d.topic from delivery d where d.state = 'waiting' and coalesce(d.shop_id, 0) = s.shop
            order by d.id limit :reach
        ) oldest
        order by oldest.topic = :patient, oldest.id limit :size) as ids
    from shops s where s.shop is not null
    """
).execution_options(all_shops=True)

_CLOSE = text(
    "update delivery set state = :state, reason = :reason, record = :record, processed_at = :now where id = :id"
).execution_options(all_shops=True)


def process_round(database: Database, handlers: Mapping[str, Handler], flows: Collection[str]) -> Round:
    """Takes the oldest waiting deliveries of each shop and asks for their jobs, one transaction a shop."""
    with database.transaction() as session:
        wanted = {"size": BATCH_SIZE, "reach": REACH, "patient": stock_echo.TOPIC}
        groups = session.execute(_WAITING, wanted).all()
    deliveries, job_ids, failures = 0, [], []
    for shop_id, ids in groups:
        with Bulkhead(log, "intake.crashed", letting=OUTAGES) as part:
            count, asked = _process_group(database, shop_id or None, ids, Routes(handlers, flows))
            deliveries += count
            job_ids.extend(asked)
        if part.failure is not None:
            failures.append(part.failure)
    if failures:  # every shop had its turn; a bug is loud all the same
        raise failures[0]
    # Where somebody else holds all that we found, they go on after it: asking again would only keep them from it.
    is_last = not deliveries or all(len(ids) < BATCH_SIZE for _, ids in groups)
    return Round(deliveries=deliveries, job_ids=tuple(job_ids), is_last=is_last)


def _process_group(
    database: Database, shop_id: int | None, ids: Sequence[int], routes: Routes
) -> tuple[int, list[int]]:
    job_ids: list[int] = []
    again: set[str] = set()
    rows: list[dict[str, Any]] = []
    with _SettingAside(database, shop_id) as aside, database.transaction(shop_id=shop_id) as session:
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
        own = _close_own(session, deliveries) if shop is not None else set()
        for delivery in deliveries:
            if delivery.id in own:
                continue
            aside.concerned = _concerned(delivery)
            aside.delivery_id, aside.topic = delivery.id, delivery.topic
            with logs.context(shop=delivery.shop_domain, delivery=delivery.id):
                settled = _settle(session, delivery, shop, routes)
                session.flush()  # what the database cannot hold is this delivery's fault, not the next one's
            if settled["state"] is DeliveryState.FAILED:
                kind, code = "rejected", "delivery_unreadable"
                _open_issue(session, _concerned(delivery), delivery.topic, kind=kind, code=code)
            elif delivery.reason:  # it was replayed
                again.add(delivery.topic)
            job_ids.extend(settled.pop("job_ids"))
            rows.append({"record": delivery.record, **settled, "id": delivery.id, "now": clock.now()})
        if rows:
            session.execute(_CLOSE, rows)
        for topic in again if shop is not None else ():
            _resolve_issue(session, topic)
    return len(deliveries), job_ids


def _close_own(session: Session, deliveries: Sequence[Delivery]) -> set[int]:
    """Closes at once what only repeats what Concord itself set, and returns which deliveries these were."""
    read = {each.id: read_body(each.body or b"") for each in deliveries if each.topic == stock_echo.TOPIC}
    own = stock_echo.own(session, {each: body for each, body in read.items() if not isinstance(body, str)})
    if own:
        given = rows.table("own", id=(BigInteger, list(own)), record=(Text, list(own.values())))
        values = {"state": DeliveryState.DONE, "reason": stock_echo.REASON, "processed_at": clock.now()}
        session.execute(
            update(Delivery).where(Delivery.id == given.c.id).values(record=given.c.record, **values)
        )
    return set(own)


def _settle(session: Session, delivery: Delivery, shop: Shop | None, routes: Routes) -> dict[str, Any]:
    """What becomes of one delivery: columns of its row, and the jobs it asked for."""
    if shop is None:
        return _closed(DeliveryState.IGNORED, f"{delivery.shop_domain} has not installed Concord.")
    values: dict[str, Any] = {}
    topic = topics.find(delivery.topic)
    handler = routes.handlers.get(delivery.topic)
    if topic is None and handler is None:
        return values | _closed(DeliveryState.IGNORED, f"{UNKNOWN_TOPIC} {delivery.topic}.")
    body = read_body(delivery.body or b"")
    if isinstance(body, str):
        return values | _closed(DeliveryState.FAILED, body)
    if handler is not None:
        if _names_another(body, shop):
            return values | _closed(DeliveryState.FAILED, "The body speaks of another shop than the headers.")
        handler(session, shop, body, delivery)
        return values | _closed(DeliveryState.DONE)
    if topic is None or topic.flow not in routes.flows:
        return values | _closed(DeliveryState.DONE, NOTHING_OWED)
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


def _names_another(body: Body, shop: Shop) -> bool:
    """Whether the signed body names another shop than the headers, which nobody signs."""
    named = body.get("shop_domain") or body.get("myshopify_domain")
    return isinstance(named, str) and named.strip().lower() != shop.domain


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

    def __init__(self, database: Database, shop_id: int | None) -> None:
        self._database = database
        self._shop_id = shop_id
        self.concerned: Concerned | None = None
        self.delivery_id, self.topic = 0, ""

    def __enter__(self) -> _SettingAside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A database that went away is not the delivery's fault; a value that it cannot hold is.
        if self.concerned is None or not isinstance(error, Exception) or _is_outage(error):
            return
        name = type(error).__name__
        reason = f"Concord made a mistake with this delivery ({name}). Replay it after an update."
        with self._database.transaction(shop_id=self._shop_id) as session:
            session.execute(
                all_shops(
                    update(Delivery)
                    .where(Delivery.id == self.delivery_id, Delivery.state == DeliveryState.WAITING)
                    .values(state=DeliveryState.FAILED, reason=reason, processed_at=clock.now())
                )
            )
            if self._shop_id is not None:
                _open_issue(session, self.concerned, self.topic, kind="bug", code=name)


def take_up_again(database: Database, handlers: Mapping[str, Handler], flows: Collection[str]) -> int:
    """While a new version is deployed the one before still runs, and closes deliveries of topics that only the new one
    serves. This lets them wait again, and returns how many."""
    served = [name for name, topic in topics.TOPICS.items() if topic.flow in flows] + list(handlers)
    closed = or_(Delivery.reason.startswith(UNKNOWN_TOPIC), Delivery.reason == NOTHING_OWED)
    with database.transaction() as session:
        rows = session.execute(
            all_shops(
                update(Delivery)
                .where(
                    Delivery.received_at > clock.now() - TAKEN_UP_WITHIN,
                    Delivery.state.in_([DeliveryState.IGNORED, DeliveryState.DONE]),
                    Delivery.topic.in_(served),
                    closed,
                    Delivery.body.is_not(None),
                )
                .values(state=DeliveryState.WAITING, reason="", processed_at=None)
                .returning(Delivery.id)
            )
        )
        return len(rows.all())


def _concerned(delivery: Delivery) -> Concerned:
    return Concerned(
        shop_id=delivery.shop_id or 0,  # of a shop that we know: others' deliveries are ignored unread
        flow=attempts.INTAKE,
        record=f"{RECORD}{delivery.id}",
        asked_at=delivery.received_at,
    )


def _open_issue(session: Session, concerned: Concerned, topic: str, *, kind: str, code: str) -> None:
    sentence = f"A delivery of {topic} could not be used. Look at it on the Deliveries page."
    trouble = Trouble(kind=kind, code=code[:64], sentence=sentence, field=topic)
    attempts.open_issue(session, concerned, trouble)


def _resolve_issue(session: Session, topic: str) -> None:
    """A delivery of the topic that was replayed went through: when no other one failed, its issue is done with."""
    left = select(Delivery.id).where(Delivery.topic == topic, Delivery.state == DeliveryState.FAILED).limit(1)
    if session.execute(left).first() is None:
        attempts.resolve_of(session, flow=attempts.INTAKE, field=topic, by="concord")


def _is_outage(error: Exception) -> bool:
    return isinstance(error, OUTAGES) or bool(outages.told(error))
