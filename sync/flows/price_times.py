"""Prices for a time: when one is due, what holds now by the ERP's word, and what comes back when it is over.

Writing prices is the business of `price_pull`; this says which price that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from oauth.models import Shop
from sync.domain.feeds import PriceTold
from sync.domain.money import Money
from sync.domain.policies import BackPolicies, Road
from sync.domain.prices import Offer
from sync.flows import shops
from sync.flows.road import Work
from sync.gateways import Gateways
from sync.state import batches, jobs, timed_prices
from sync.state.models import Job, Lane
from sync.state.timed_prices import TimedPrice

FLOW = "price_pull"
TOGETHER = "prices"  # record of the job that sets many prices at once
ONE_BY_ONE = "price:%:"  # what the records of prices look like that everybody sees
# One by one each takes a read and a write, 13 points or more: a Standard shop's points of half a minute.
ABOVE = 250
GATHER = timedelta(seconds=3)  # a price waits so long, because a feed or a sale asks for many in a row


def record_of(product: str, price_list: str = "") -> str:
    """The record of the job about a price; without a list the price that everybody sees."""
    return f"price:{product}:{price_list}"


def ask(session: Session, *, shop_id: int, product: str, price_list: str) -> int:
    """Asks for a price of which the normal one is known already, or never was. It is the newest word of its job."""
    record = record_of(product, price_list)
    known = select(Job.hint).where(Job.flow == FLOW, Job.record == record, Job.hint.has_key("values"))
    hint = session.scalar(known.order_by(Job.id.desc()).limit(1)) or {}
    price = {"product": product, "price_list": price_list}
    return jobs.ask(
        session,
        shop_id=shop_id,
        flow=FLOW,
        record=record,
        lane=Lane.CATALOGUE,
        hint={**hint, "of": price},
        due_at=clock.now() + GATHER,
    )


def ask_together(session: Session, *, shop_id: int) -> None:
    """Asks for one write of all prices that wait, when they are too many to go one by one. It goes before them: its
    lane is that of stock."""
    due_by = clock.now() + GATHER
    if batches.are_more_than(session, ABOVE, flow=FLOW, like=ONE_BY_ONE, due_by=due_by):
        jobs.ask(
            session,
            shop_id=shop_id,
            flow=FLOW,
            record=TOGETHER,
            lane=Lane.STOCK,
            due_at=due_by,
        )


def ask_due(gateways: Gateways) -> None:
    """Asks, in each shop, for the prices that start or end by now."""
    with gateways.database.transaction() as session:
        found = timed_prices.due(session)
    living = set(shops.active(gateways)) if found else set()
    for shop_id, product, price_list in found:
        if shop_id not in living:
            continue
        with gateways.database.transaction(shop_id=shop_id) as session:
            if _is_on(session, shop_id) and not _is_waiting(session, record_of(product, price_list)):
                ask(session, shop_id=shop_id, product=product, price_list=price_list)
    for shop_id in sorted({each[0] for each in found} & living):
        with gateways.database.transaction(shop_id=shop_id) as session:
            ask_together(session, shop_id=shop_id)


def _is_on(session: Session, shop_id: int) -> bool:
    try:
        return BackPolicies.of(session.get_one(Shop, shop_id).policies).is_on(Road.PRICES)
    except ValueError:
        return False  # whoever is asked by something else says what is wrong


def _is_waiting(session: Session, record: str) -> bool:
    """Whether its job waits: for a person or a setting, when asking again would only try it again, or for its turn,
    when it finds out by itself what is due."""
    query = select(Job.id).where(Job.flow == FLOW, Job.record == record, Job.state.in_(jobs.OPEN))
    return session.scalar(query.limit(1)) is not None


def told_now(session: Session, hint: Mapping[str, Any]) -> tuple[PriceTold | None, list[TimedPrice]]:
    """The price that holds now by the ERP's word, for everything or for a time; and the prices for a time that are
    over. None: nothing is told but one for a time, which is not now."""
    price = hint.get("of") or hint["values"]
    rows = timed_prices.of(session, product=price["product"], price_list=price.get("price_list") or "")
    over = [row for row in rows if row.ends_at is not None and row.ends_at <= clock.now()]
    if (row := timed_prices.in_force(rows)) is not None:
        return PriceTold.of(row.values), over
    return (PriceTold.of(hint["values"]) if "values" in hint else None), over


def due(session: Session, hint: Mapping[str, Any]) -> tuple[PriceTold | None, list[TimedPrice]]:
    """The price to set now: what holds by the ERP's word, or what was there before a price that is over. None: there
    is none to set. And the prices for a time that are over."""
    told, over = told_now(session, hint)
    former = former_of(over)
    if former is not None and (told is None or (told.compare_at is None and not told.schedule)):
        return restored(told, former), over
    return told, over


def pass_over(session: Session, told: PriceTold, over: list[TimedPrice]) -> None:
    """Nothing is linked: what starts now has nothing to come back to, and what is over is over."""
    rows = timed_prices.of(session, product=told.product, price_list=told.price_list)
    if (row := timed_prices.in_force(rows)) is not None:
        timed_prices.begin(session, row, former={})
    timed_prices.end(session, over)


def former_of(over: Sequence[TimedPrice]) -> PriceTold | None:
    """What was shown before the first of the prices that are over began."""
    begun = sorted(
        (row for row in over if row.begun_at and row.former), key=lambda row: row.begun_at or clock.now()
    )
    return PriceTold.of(begun[0].former) if begun else None


def restored(told: PriceTold | None, former: PriceTold | None) -> PriceTold:
    """The normal price again; a struck price that only the sale had goes with it."""
    if former is None:
        raise ValueError("there is nothing to restore")
    return former if told is None else replace(told, compare_at=former.compare_at)


def begin(work: Work, told: PriceTold, present: Sequence[Offer], currency: str) -> None:
    """Keeps what Shopify shows before a price for a time is set, in a commit before the first write."""
    if told.schedule and present:
        with work.transaction() as session:
            keep_former(session, told, present, currency)


def keep_former(session: Session, told: PriceTold, present: Sequence[Offer], currency: str) -> None:
    """Keeps what Shopify shows of a price for a time that is about to begin."""
    row = timed_prices.in_force(timed_prices.of(session, product=told.product, price_list=told.price_list))
    if not told.schedule or not present or row is None or row.begun_at is not None:
        return
    before = present[0]
    struck = before.compare_at or Money(Decimal(0), currency)
    former = PriceTold(
        product=told.product,
        price=before.price,
        compare_at=struck,
        price_list=told.price_list,
        minimum=told.minimum,
        increment=told.increment,
        maximum=told.maximum,
    )
    timed_prices.begin(session, row, former=former.plain())
