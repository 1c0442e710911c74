"""Prices for a time: when one is due, what holds now by the ERP's word, and what comes back when it is over.

Writing prices is the business of `price_pull`; this says which price that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from sync.state import jobs, timed_prices
from sync.state.models import Job, JobState, Lane
from sync.state.timed_prices import TimedPrice

FLOW = "price_pull"


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


def _is_on(session: Session, shop_id: int) -> bool:
    try:
        return BackPolicies.of(session.get_one(Shop, shop_id).policies).is_on(Road.PRICES)
    except ValueError:
        return False  # whoever is asked by something else says what is wrong


def _is_waiting(session: Session, record: str) -> bool:
    """Whether its job waits for a person or a setting: asking again would only try it again."""
    states = (JobState.HELD, JobState.DEAD)
    query = select(Job.id).where(Job.flow == FLOW, Job.record == record, Job.state.in_(states))
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
    if not told.schedule or not present:
        return
    with work.transaction() as session:
        row = timed_prices.in_force(
            timed_prices.of(session, product=told.product, price_list=told.price_list)
        )
        if row is None or row.begun_at is not None:
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
