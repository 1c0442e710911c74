"""Planning many prices to be set together: each one that waits, page by page, decided like one alone.

What is to be set is noted with the intent of each price. A price that needs a word with a person is passed over: its
own job says why it does not cross.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Misconfigured, Rejected
from sync.domain.feeds import PriceTold
from sync.domain.policies import BackPolicies
from sync.domain.prices import PriceValue
from sync.flows import back, price_plan, price_times
from sync.flows.price_plan import ForAll, Pair
from sync.flows.price_times import FLOW
from sync.flows.road import Work
from sync.shopify import goods
from sync.state import batches, intents, links, timed_prices
from sync.state.batches import Waiting
from sync.state.models import Intent, IntentState, Lane, Link
from sync.state.timed_prices import TimedPrice

NOTE = "bulk"  # in an intent's note: it is set together with others
PAGE = 250
JOBS_LIMIT = 10_000  # of one operation; the rest follows in the next
LANE = Lane.CATALOGUE


@dataclass(frozen=True)
class _Asked:
    """One price's job, and what is to become of it."""

    job: Waiting
    told: PriceTold
    over: list[TimedPrice]
    plan: ForAll


def gather(work: Work, policies: BackPolicies) -> int:
    """Plans the waiting prices page by page. Returns how many are as they should be already."""
    connection = work.gateways.connection_of(work.shop.id)
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    is_with_tax = functools.cache(lambda: goods.includes_taxes(client, lane=LANE))
    after = taken = same = 0
    while taken < JOBS_LIMIT:
        with work.reading() as session:
            page = batches.waiting(
                session,
                flow=FLOW,
                like=price_times.ONE_BY_ONE,
                due_by=clock.now() + price_times.GATHER,
                after=after,
                limit=PAGE,
            )
            due = [(job, *price_times.due(session, hint)) for job, hint in page]
            products = [told.product for _, told, _ in due if told is not None]
            linked = back.variants(session, connection, products)
        if not page:
            break
        after = page[-1][0].id
        gids = [link.shopify_gid for found in linked.values() for link in found]
        variants = goods.variants(client, gids, lane=LANE)
        asked = [
            _Asked(job, told, over, plan)
            for job, told, over in due
            if told is not None
            and not told.price_list
            and (found := linked.get(told.product))
            and (plan := _planned(work, policies, told, found, variants, is_with_tax)) is not None
        ]
        taken += len(asked)
        same += _keep(work, policies, asked)
    return same


def _planned(
    work: Work,
    policies: BackPolicies,
    told: PriceTold,
    found: Sequence[Link],
    variants: Mapping[str, goods.Variant],
    is_with_tax: Callable[[], bool],
) -> ForAll | None:
    """What the price changes; none when its own job has something to say of it."""
    pairs = [Pair(link, variants[link.shopify_gid]) for link in found if link.shopify_gid in variants]
    try:
        price_plan.require_sound(told)
        return price_plan.for_all(told, pairs, policies, currency=work.shop.currency, is_with_tax=is_with_tax)
    except Rejected:
        return None


def _keep(work: Work, policies: BackPolicies, asked: Sequence[_Asked]) -> int:
    """Keeps what was planned, and settles what is as it should be. Returns how many of these there were."""
    with work.transaction() as session:
        free = batches.unchanged(session, [each.job for each in asked])
        mine = [each for each in asked if each.job.id in free and _is_allowed(session, policies, each)]
        same = [each for each in mine if not each.plan.steps]
        for each in mine:
            price_times.keep_former(session, each.told, each.plan.present, work.shop.currency)
            for pair, value in each.plan.steps:
                _intend(session, work, each, pair, value)
            _note_prices(session, each.plan)
        for each in same:
            timed_prices.end(session, each.over)
            close(session, each.job.record)
        batches.finish(
            session, [each.job for each in same], of=work.job, sentence="The price is as it should be."
        )
        batches.keep_back(session, [each.job.id for each in mine if each.plan.steps])
    return len(same)


def _note_prices(session: Session, plan: ForAll) -> None:
    """Of the variants that have their price already."""
    differing = {value.variant_gid for _, value in plan.steps}
    for pair in plan.pairs:
        facts = price_plan.facts_of_price(pair.link, plan.price)
        if facts and pair.variant.gid not in differing:
            links.note(session, pair.link, facts)


def _is_allowed(session: Session, policies: BackPolicies, asked: _Asked) -> bool:
    try:
        for pair, value in asked.plan.steps:
            price_plan.allow(session, policies, pair, value, asked.told, record=asked.job.record)
    except (Rejected, Misconfigured):
        return False
    return True


def _intend(session: Session, work: Work, asked: _Asked, pair: Pair, value: PriceValue) -> None:
    record, purpose = asked.job.record, price_plan.purpose_of(value)
    variables = price_plan.variables_of(value)
    version = back.version_of(session, work, purpose=purpose, variables=variables, record=record)
    begun = intents.begin(
        session,
        shop_id=work.shop.id,
        flow=FLOW,
        record=record,
        purpose=purpose,
        version=version,
        variables=variables,
    )
    change = price_plan.change_of(value)
    note = {
        "job": asked.job.id,
        "asks": asked.job.asks,
        "over": [row.id for row in asked.over],
        "link": pair.link.id,
        "product": pair.variant.product,
        "variant": change.gid,
        "price": str(change.price),
        "compare_at": None if change.compare_at is None else str(change.compare_at),
        "currency": work.shop.currency,
        "facts": {
            **price_plan.facts_of_write(pair.link, value, record),
            "price": str(asked.plan.price.amount),
        },
    }
    intents.note(session, begun.key, {NOTE: note})


def close(session: Session, record: str) -> None:
    """What an earlier try of a price's own job began and never heard of is there: Shopify shows the price."""
    for each in intents.open_ones(session, flow=FLOW, record=record):
        intents.close(session, each.key, state=IntentState.DONE)


def struck(note: Mapping[str, Any]) -> Decimal | None:
    """The struck price of a note; none when nothing is said of it."""
    return None if note["compare_at"] is None else Decimal(note["compare_at"])


def jobs_of(planned: Sequence[Intent]) -> list[Waiting]:
    """The jobs of the prices that were planned, as they stood then."""
    found = {each.outcome[NOTE]["job"]: each for each in planned}
    return [Waiting(job, each.record, each.outcome[NOTE]["asks"]) for job, each in found.items()]
