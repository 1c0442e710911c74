"""Listening to the ERP: each open feed is read from where it stood, and every change asks for its job.

The place in the feed moves in the same transaction that keeps what was read, so nothing is lost and an overlap only
asks twice. A feed that stays quiet is asked less often, up to a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.db import all_shops
from kit.faults import Rejected
from oauth.models import Shop
from sync.connectors.base import Change, Feed
from sync.domain.feeds import BadValues, CreditTold, PriceTold, ProductTold, ShipmentTold, StockTold
from sync.domain.policies import BackPolicies, Mode, Road
from sync.flows import (
    back,
    price_pull,
    product_pull,
    refund_pull,
    shipment_pull,
    shops,
    stock_drift,
    stock_pull,
)
from sync.flows.arrivals import RECORD as SHOP
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.gateways import Gateways
from sync.state import cursors, jobs
from sync.state.models import Job, JobState, Lane
from sync.state.settings_models import Connection, Cursor

FLOW = "erp_feed"
PREFIX = "erp:"
ODD = "#"  # record of a job about one change that cannot be read: the feed, this, and the ERP's id
PAGE_SIZE = 200
PAGES_PER_JOB = 25
FIRST_PAUSE = timedelta(seconds=5)  # after news more of them are likely
LONGEST_PAUSE = timedelta(minutes=5)

Take = Callable[[Session, Work, Connection, Sequence[Change]], None]


@dataclass(frozen=True)
class Source:
    """One feed: the road that it serves, and what is done with its changes."""

    feed: Feed
    road: Road
    lane: Lane
    take: Take
    read: Callable[[Mapping[str, Any]], Any]  # raises BadValues
    is_state: bool = True  # the first read brings the present state in; otherwise it only finds where now is


SOURCES: Mapping[str, Source] = {
    f"feed:{source.feed.value}": source
    for source in (
        Source(Feed.STOCK, Road.STOCK, Lane.STOCK, stock_pull.take, StockTold.of),
        Source(
            Feed.SHIPMENTS, Road.SHIPMENTS, Lane.ORDERS, shipment_pull.take, ShipmentTold.of, is_state=False
        ),
        Source(Feed.CREDITS, Road.REFUNDS, Lane.ORDERS, refund_pull.take, CreditTold.of, is_state=False),
        Source(Feed.PRODUCTS, Road.PRODUCTS, Lane.CATALOGUE, product_pull.take, ProductTold.of),
        Source(Feed.PRICES, Road.PRICES, Lane.CATALOGUE, price_pull.take, PriceTold.of),
    )
}


def run(work: Work) -> Outcome:
    """Reads one feed on, page by page. A job about one odd change says what is wrong with it."""
    name, _, erp_id = work.job.record.partition(ODD)
    source = SOURCES[name]
    if erp_id:
        return _odd(work, source, erp_id)
    if back.mode(work, source.road) is Mode.OFF:
        return Skipped(f"The road for {source.road.value} is switched off.")
    connection = work.gateways.connection_of(work.shop.id)
    changes = 0
    with work.gateways.erp(connection, work.shop.domain) as connector:
        for _ in range(PAGES_PER_JOB):
            with work.reading() as session:
                place = cursors.read(session, _name(source.feed))
            page = connector.changes(source.feed, place.position, limit=PAGE_SIZE)
            changes += len(page.changes)
            pause = _pause(place.quiet_polls, is_quiet=not page.changes)
            with work.transaction() as session:
                if cursors.read(session, _name(source.feed)).position != place.position:
                    continue  # somebody let the feed begin anew meanwhile
                if source.is_state or _is_listening(session, source.feed):
                    source.take(session, work, connection, _sound(session, work, source, page.changes))
                elif not page.has_more:
                    _begin(session, work, source.feed)
                cursors.move(
                    session,
                    _name(source.feed),
                    shop_id=work.shop.id,
                    position=page.position,
                    due_at=clock.now() if page.has_more else clock.now() + pause,
                    was_quiet=not page.changes,
                )
            if not page.has_more:
                break
    return Done(f"{changes} changes." if changes else "")


def _sound(session: Session, work: Work, source: Source, changes: Sequence[Change]) -> list[Change]:
    """The changes that can be read. Each other one gets a job of its own, so that it stops nobody else."""
    sound: list[Change] = []
    for change in changes:
        try:
            if not back.is_own_reference(str(change.values.get("reference") or "")):
                source.read(change.values)
        except BadValues as odd:
            jobs.ask(
                session,
                shop_id=work.shop.id,
                flow=FLOW,
                record=f"{work.job.record}{ODD}{change.erp_id}",
                lane=source.lane,
                hint={"odd": str(odd)},
            )
        else:
            sound.append(change)
    _forget_odd(session, work, source, [f"{work.job.record}{ODD}{change.erp_id}" for change in sound])
    return sound


def _forget_odd(session: Session, work: Work, source: Source, records: Sequence[str]) -> None:
    """The ERP said something sound of these since, so what could not be read is owed no more."""
    query = select(Job.record).where(Job.flow == FLOW, Job.record.in_(records), Job.state.in_(jobs.OPEN))
    for record in session.scalars(query).all():
        shop = work.shop.id
        jobs.ask(session, shop_id=shop, flow=FLOW, record=record, lane=source.lane, hint={"odd": ""})


def _odd(work: Work, source: Source, erp_id: str) -> Outcome:
    if not work.job.hint["odd"]:
        return Done("The ERP has said something that can be read since.")
    raise Rejected(
        "feed_odd",
        f"The ERP told something of {source.road.value} that cannot be read ({erp_id}): {work.job.hint['odd']}.",
        field=source.road.value,
    )


def _is_listening(session: Session, feed: Feed) -> bool:
    return bool(cursors.read(session, f"{_name(feed)}:begun").position)


def _begin(session: Session, work: Work, feed: Feed) -> None:
    """A feed of events was read to its end once: from here on its changes are news. What happened before this shop
    listened was not ours to carry over, least of all as refunds."""
    position = {"at": clock.now().isoformat()}
    cursors.move(session, f"{_name(feed)}:begun", shop_id=work.shop.id, position=position, due_at=clock.now())


def begin_anew(session: Session, feed: Feed) -> None:
    """The feed tells the present state again, whole."""
    cursors.forget(session, _name(feed))


def ask_due(gateways: Gateways) -> None:
    """Asks, in each shop, for the feeds whose time has come. The clock calls it often, so one look finds them all."""
    for shop_id, records in _due(gateways).items():
        with gateways.database.transaction(shop_id=shop_id) as session:
            for record in records:
                jobs.ask(session, shop_id=shop_id, flow=FLOW, record=record, lane=SOURCES[record].lane)


def _due(gateways: Gateways) -> dict[int, list[str]]:
    """The feeds that are open and due, by shop."""
    now, living = clock.now(), shops.active(gateways)
    with gateways.database.transaction() as session:
        policies = session.execute(select(Shop.id, Shop.policies).where(Shop.id.in_(living))).all()
        cursor = select(Cursor.shop_id, Cursor.feed).where(
            Cursor.feed.startswith(PREFIX),
            Cursor.due_at > now,
            Cursor.due_at <= now + 2 * LONGEST_PAUSE,  # a later one was written before the clock jumped back
        )
        later = {(shop_id, feed) for shop_id, feed in session.execute(all_shops(cursor))}
        # One that is held or dead waits for a setting or a person, not for the clock.
        job = select(Job.shop_id, Job.record).where(
            Job.flow == FLOW, Job.state.in_([JobState.HELD, JobState.DEAD])
        )
        waiting = {(shop_id, record) for shop_id, record in session.execute(all_shops(job))}
    found: dict[int, list[str]] = {}
    for shop_id, chosen in policies:
        for record, source in SOURCES.items():
            is_due = (shop_id, _name(source.feed)) not in later and (shop_id, record) not in waiting
            if is_due and _is_open(chosen or {}, source.road):
                found.setdefault(shop_id, []).append(record)
    return found


def ask_now(session: Session, *, shop_id: int, feeds: Sequence[Feed]) -> list[int]:
    """Asks for the open ones of these feeds whatever their time, and returns the jobs. They count as active again."""
    policies = session.scalar(select(Shop.policies).where(Shop.id == shop_id)) or {}
    asked = []
    for record, source in SOURCES.items():
        if source.feed in feeds and _is_open(policies, source.road):
            asked.append(jobs.ask(session, shop_id=shop_id, flow=FLOW, record=record, lane=source.lane))
    return asked


def ask_checks(gateways: Gateways) -> None:
    """Asks, in each shop that takes its stock from the ERP, for a whole compare."""
    for shop_id in shops.active(gateways):
        with gateways.database.transaction(shop_id=shop_id) as session:
            policies = session.scalar(select(Shop.policies).where(Shop.id == shop_id)) or {}
            if _is_open(policies, Road.STOCK):
                jobs.ask(session, shop_id=shop_id, flow=stock_drift.FLOW, record=SHOP, lane=Lane.BACKFILL)


def _is_open(policies: Mapping[str, Any], road: Road) -> bool:
    """Whether the road is open at all. Policies that cannot be read count as open: the job then says what is wrong."""
    try:
        return BackPolicies.of(policies).mode(road) is not Mode.OFF
    except ValueError:
        return True


def _name(feed: Feed) -> str:
    return f"{PREFIX}{feed.value}"


def _pause(quiet_polls: int, *, is_quiet: bool) -> timedelta:
    return min(FIRST_PAUSE * 2 ** min(quiet_polls, 10), LONGEST_PAUSE) if is_quiet else FIRST_PAUSE
