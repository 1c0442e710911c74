"""Prices to Shopify: the price that everybody sees, and fixed prices of mapped price lists.

Only what differs is written. A price that falls (or rises) by more than the shop allows waits for a person, who
agrees to exactly that price; two systems that keep overruling each other are stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Misconfigured, Rejected
from sync.connectors.base import Change, Written
from sync.domain import prices
from sync.domain.feeds import PriceTold
from sync.domain.money import Money
from sync.domain.policies import BackPolicies, Mode, Road
from sync.domain.prices import Offer, PriceValue
from sync.flows import back, price_bulk, price_plan, price_times
from sync.flows.price_plan import Pair
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import goods
from sync.shopify.goods import FixedPrice, QuantityRule
from sync.state import jobs, links, timed_prices
from sync.state.models import Lane
from sync.state.settings_models import Connection

FLOW = price_times.FLOW


def take(session: Session, work: Work, connection: Connection, changes: Sequence[Change]) -> None:
    """Asks for each price that the ERP says has changed; the newest word on a price wins. A price for a time is kept
    beside the normal one, and asked for again when it starts and ends."""
    for change in changes:
        told = PriceTold.of(change.values)
        if told.schedule:
            timed_prices.tell(session, told, shop_id=work.shop.id, connection_id=connection.id)
            price_times.ask(session, shop_id=work.shop.id, product=told.product, price_list=told.price_list)
            continue
        jobs.ask(
            session,
            shop_id=work.shop.id,
            flow=FLOW,
            record=price_times.record_of(told.product, told.price_list),
            lane=Lane.CATALOGUE,
            hint={"values": dict(change.values), "changed_at": change.changed_at.isoformat()},
            due_at=clock.now() + price_times.GATHER,
        )
    price_times.ask_together(session, shop_id=work.shop.id)


def run(work: Work) -> Outcome:
    """Carries one price over to every variant that is linked to its product, or many at once."""
    policies = back.policies(work)
    if work.job.record == price_times.TOGETHER:
        return price_bulk.run(work, policies)
    match policies.mode(Road.PRICES):
        case Mode.OFF:
            return Skipped("Prices are not carried over in this shop.")
        case Mode.LINK_ONLY:
            return Skipped("Products are only linked; prices stay as they are.")
        case Mode.ON:
            pass
    with work.reading() as session:
        price_bulk.wait_for_others(session, work)
        told, over = price_times.due(session, work.job.hint)
    if told is None:
        work.later(lambda session: timed_prices.end(session, over))
        return Skipped("This price does not hold yet, or not any more.")
    price_plan.require_sound(told)
    connection = work.gateways.connection_of(work.shop.id)
    with work.reading() as session:
        found = back.variants(session, connection, [told.product]).get(told.product, [])
    if not found:
        work.later(lambda session: price_times.pass_over(session, told, over))
        return Skipped(f"No variant at Shopify is linked to the ERP's product {told.product}.")
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    variants = goods.variants(client, [link.shopify_gid for link in found], lane=work.job.lane)
    pairs = [Pair(link, variants[link.shopify_gid]) for link in found if link.shopify_gid in variants]
    outcome = (
        _in_list(work, policies, told, pairs) if told.price_list else _for_all(work, policies, told, pairs)
    )
    work.later(lambda session: timed_prices.end(session, over))
    # What an earlier try began and never heard of is there by now: it was read, or written once more.
    work.later(lambda session: back.close_open(session, work))
    return outcome


def _for_all(work: Work, policies: BackPolicies, told: PriceTold, pairs: Sequence[Pair]) -> Outcome:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    plan = price_plan.for_all(
        told,
        pairs,
        policies,
        currency=work.shop.currency,
        is_with_tax=lambda: goods.includes_taxes(client, lane=work.job.lane),
    )
    price_times.begin(work, told, plan.present, work.shop.currency)
    for pair, value in plan.steps:
        _allow(work, policies, pair, value, told)
        _set(work, pair, value)
    _keep(work, pairs, plan.price)
    written = len(plan.steps)
    return Done(f"{written} prices set." if written else "The price is as it should be.")


def _keep(work: Work, pairs: Sequence[Pair], price: Money) -> None:
    for pair in pairs:
        link = pair.link
        if facts := price_plan.facts_of_price(link, price):
            work.later(lambda session, link=link, facts=facts: links.note(session, link, facts))  # type: ignore[misc]


def _allow(work: Work, policies: BackPolicies, pair: Pair, value: PriceValue, told: PriceTold) -> None:
    with work.reading() as session:
        price_plan.allow(session, policies, pair, value, told, record=work.job.record)


def _in_list(work: Work, policies: BackPolicies, told: PriceTold, pairs: Sequence[Pair]) -> Outcome:
    price_list = policies.price_lists.get(told.price_list)
    if price_list is None:
        raise Misconfigured(
            "price_list_unmapped",
            f"No Shopify price list is chosen for the ERP's price list {told.price_list}.",
            misses=f"mapping:price_list:{told.price_list}",
            field="price_list",
        )
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    found = goods.fixed_prices(client, price_list, lane=work.job.lane)
    if found is None:
        raise Misconfigured(
            "price_list_gone",
            "The chosen price list is not in Shopify any more. Choose another one.",
            misses=f"mapping:price_list:{told.price_list}",
            field="price_list",
        )
    currency, fixed = found
    price_plan.require_currency(told, currency, where="the price list is")
    rules = goods.quantity_rules(client, price_list, lane=work.job.lane)
    present = {
        gid: Offer(price=each.price, compare_at=each.compare_at, quantities=_quantities(rules.get(gid)))
        for gid, each in fixed.items()
    }
    own = [present[each.variant.gid] for each in pairs if each.variant.gid in present]
    price_times.begin(work, told, own, currency)
    offer = Offer(
        price=told.price,
        compare_at=told.compare_at,
        quantities=(told.minimum, told.increment, told.maximum),
    )
    written = 0
    for pair, value in price_plan.wanted(offer, policies, pairs, present):
        _allow(work, policies, pair, value, told)
        _set_in_list(work, price_list, pair, value)
        written += 1
    return Done(f"{written} prices of the list set." if written else "The price is as it should be.")


def _quantities(rule: QuantityRule | None) -> tuple[int, int, int | None]:
    return (rule.minimum, rule.increment, rule.maximum) if rule else prices.ANY_QUANTITY


def _set(work: Work, pair: Pair, value: PriceValue) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)

    def call(_key: str) -> Written:
        change = price_plan.change_of(value)
        refused = goods.update_variants(client, pair.variant.product, [change], lane=work.job.lane)
        for error in refused.values():
            raise Rejected("price_refused", f"Shopify refuses the price: {error.message}", field="price")
        return _done(value)

    _write(work, pair, value, price_plan.variables_of(value), call)


def _set_in_list(work: Work, price_list: str, pair: Pair, value: PriceValue) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    offer = value.offer
    fixed = FixedPrice(value.variant_gid, offer.price, offer.compare_at)
    wanted = offer.quantities or prices.ANY_QUANTITY
    before = value.before.quantities if value.before else None

    def call(_key: str) -> Written:
        goods.add_fixed_prices(client, price_list, [fixed], lane=work.job.lane)
        if wanted != (before or prices.ANY_QUANTITY):
            rule = QuantityRule(value.variant_gid, *wanted)
            goods.add_quantity_rules(client, price_list, [rule], lane=work.job.lane)
        return _done(value)

    variables = [price_list, value.variant_gid, str(offer.price), str(offer.compare_at), list(wanted)]
    _write(work, pair, value, variables, call)


def _write(work: Work, pair: Pair, value: PriceValue, variables: list[Any], call: Any) -> None:
    back.write(work, purpose=price_plan.purpose_of(value), variables=variables, call=call)
    link, facts = pair.link, price_plan.facts_of_write(pair.link, value, work.job.record)
    work.later(lambda session: links.note(session, link, facts))


def _done(value: PriceValue) -> Written:
    return Written(model="price", erp_id=value.variant_gid, number="", state="set", total=value.offer.price)
