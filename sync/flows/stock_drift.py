"""Drift of stock: Shopify has something else than it should, and nobody said why.

An own write that comes back as a webhook is recognised without any call. What differs otherwise is looked at again
after a while, because a sale is on its way to the ERP; only what stays is repaired, and not for ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Rejected
from sync.domain.policies import BackPolicies, Road
from sync.flows import back, bulk_read, stock_echo, stock_send
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import stock as shopify
from sync.state import jobs, stock
from sync.state.models import Delivery, Lane
from sync.state.settings_models import Connection
from sync.state.stock_models import StockTarget

FLOW = "stock_check"
GRACE = timedelta(minutes=10)
FIGHT_WINDOW = timedelta(hours=2)
REPAIRS_LIMIT = 3
BODIES_LIMIT = 20
PAGE_SIZE = 250
ALL_LEVELS = "all_levels"


def look(work: Work, connection: Connection, policies: BackPolicies, targets: Sequence[StockTarget]) -> str:
    """Looks at settled values of one item after a webhook, or when their grace has ended. Returns what was done."""
    with work.transaction() as session:
        hear(session, work.job.record, targets)
        fresh = {each.id: each for each in stock.of_item(session, work.job.record)}
        quantities = stock_send.wanted(session, connection, list(fresh.values()), policies)
    now = clock.now()
    off = [
        each
        for each in fresh.values()
        if not each.due
        and each.seen is not None
        and each.seen not in (each.sent, quantities.get(each.id, each.seen))
    ]
    ripe = [each for each in off if each.seen_at is not None and each.seen_at <= now - GRACE]
    if len(ripe) < len(off):
        _look_again(work, off)
    return _repair(work, connection, policies, ripe) if ripe else ""


def hear(session: Session, item: str, targets: Sequence[StockTarget]) -> None:
    """Notes what webhooks told of an item since we looked."""
    told = _told(session, item)
    for target in targets:
        quantity, received_at = told.get(target.location_gid, (None, clock.now()))
        if quantity is not None and (target.seen_at is None or received_at > target.seen_at):
            stock.see(session, target, quantity)


def check(work: Work) -> Outcome:
    """Compares every value with Shopify, page by page or, where there are many, in bulk. Differences are noted and
    looked at again after a while."""
    policies = back.policies(work)
    if not policies.is_on(Road.STOCK):
        return Skipped("The ERP does not own stock in this shop.")
    if policies.is_split:
        return Skipped("Shopify counts its stock itself; the ERP only tells what changes.")
    connection = work.gateways.connection_of(work.shop.id)
    with work.reading() as session:
        locations = sorted(back.feeding(session, connection).warehouses)
        is_large = stock.is_more_than(session, bulk_read.ABOVE)
    known = _all_levels(work) if is_large or bulk_read.is_begun(work, ALL_LEVELS) else None
    looked = differing = 0
    for location in locations:
        after = 0
        while True:
            with work.reading() as session:
                targets = stock.page(session, location=location, after=after, limit=PAGE_SIZE)
            if not targets:
                break
            after = targets[-1].id
            looked += len(targets)
            if known is not None:
                there = known.get(location, {})
                with work.reading() as session:
                    targets = _off(session, connection, policies, targets, there)
            differing += _note(work, connection, policies, location, targets)
    if known is not None:
        bulk_read.finished(work, ALL_LEVELS)
    return Done(f"{looked} values compared, {differing} differ." if looked else "")


def _note(
    work: Work,
    connection: Connection,
    policies: BackPolicies,
    location: str,
    targets: Sequence[StockTarget],
) -> int:
    """Notes which of these values differ now, by a look of its own: a bulk result is minutes old."""
    if not targets:
        return 0
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    levels = shopify.levels(client, [each.item_gid for each in targets], location, lane=Lane.BACKFILL)
    there = {item: level.available for item, level in levels.items() if level.is_tracked}
    with work.transaction() as session:
        off = _off(session, connection, policies, targets, there)
        for target in off:
            stock.see(session, target, there[target.item_gid])
        for item in sorted({target.item_gid for target in off}):
            _ask(session, work, item)
    return len(off)


def _off(
    session: Session,
    connection: Connection,
    policies: BackPolicies,
    targets: Sequence[StockTarget],
    there: Mapping[str, int],
) -> list[StockTarget]:
    """The settled ones of these values of which Shopify has something else than it should."""
    quantities = stock_send.wanted(session, connection, targets, policies, there=there)
    return [
        target
        for target in targets
        if not target.due
        and target.item_gid in there
        and there[target.item_gid] != quantities.get(target.id, there[target.item_gid])
    ]


def _all_levels(work: Work) -> dict[str, dict[str, int]]:
    """What Shopify has of everything it tracks, by location and item. An item may be told after its levels."""
    found: dict[str, dict[str, int]] = {}
    tracked: set[str] = set()
    for _, line in bulk_read.lines(work, ALL_LEVELS):
        if "location" in line:
            quantities = {each["name"]: int(each["quantity"]) for each in line["quantities"]}
            found.setdefault(line["location"]["id"], {})[line["__parentId"]] = quantities["available"]
        elif line["tracked"]:
            tracked.add(line["id"])
    return {
        location: {item: quantity for item, quantity in each.items() if item in tracked}
        for location, each in found.items()
    }


def _repair(
    work: Work, connection: Connection, policies: BackPolicies, targets: Sequence[StockTarget]
) -> str:
    repaired = 0
    for target in targets:
        name = target.sku or target.item_gid
        if not policies.repairs_drift:
            raise Rejected(
                "stock_drift",
                f"Shopify has {target.seen} of {name}, which the ERP did not say.",
                field="quantity",
            )
        is_fight = target.repaired_at is not None and target.repaired_at > clock.now() - FIGHT_WINDOW
        in_a_row = target.repairs + 1 if is_fight else 1
        if in_a_row > REPAIRS_LIMIT:
            raise Rejected(
                "stock_fight",
                f"Somebody else keeps changing the stock of {name} at Shopify. Concord has stopped setting it back.",
                field="quantity",
            )
        with work.transaction() as session:
            stock.repair(session, target, in_a_row=in_a_row)
        repaired += stock_send.send(work, connection, policies, target.location_gid, [target]).set
    return f"{repaired} values set back." if repaired else "Nothing differs any more."


def _look_again(work: Work, off: Sequence[StockTarget]) -> None:
    oldest = min((each.seen_at for each in off if each.seen_at is not None), default=clock.now())
    with work.transaction() as session:
        jobs.ask(
            session,
            shop_id=work.shop.id,
            flow=work.job.flow,
            record=work.job.record,
            lane=Lane.STOCK,
            due_at=max(oldest + GRACE, clock.now() + timedelta(seconds=1)),
        )


def _ask(session: Session, work: Work, item: str) -> None:
    jobs.ask(
        session,
        shop_id=work.shop.id,
        flow="stock_pull",
        record=item,
        lane=Lane.STOCK,
        due_at=clock.now() + GRACE,
    )


def _told(session: Session, item: str) -> dict[str, tuple[int, datetime]]:
    """The newest quantity by location that webhooks told of an item, and when. Their order is not Shopify's promise,
    so this is a hint: a value that differs is read again before anything is set."""
    rows = session.execute(
        select(Delivery.body, Delivery.received_at)
        .where(Delivery.record == item, Delivery.topic == stock_echo.TOPIC, Delivery.body.is_not(None))
        .order_by(Delivery.triggered_at.desc().nulls_last(), Delivery.id.desc())
        .limit(BODIES_LIMIT)
    ).all()
    found: dict[str, tuple[int, datetime]] = {}
    for body, received_at in rows:
        values: Any = json.loads(body or b"{}")
        location, quantity = values.get("location_id"), values.get("available")
        if isinstance(location, int) and isinstance(quantity, int):
            found.setdefault(f"gid://shopify/Location/{location}", (quantity, received_at))
    return found
