"""Prices to Shopify: the price that everybody sees, and fixed prices of mapped price lists.

Only what differs is written. A price that falls (or rises) by more than the shop allows waits for a person, who
agrees to exactly that price; two systems that keep overruling each other are stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import fingerprint
from kit.faults import Misconfigured, Rejected
from sync.connectors.base import Change, Written
from sync.domain import ownership, prices
from sync.domain.feeds import PriceTold
from sync.domain.money import Money
from sync.domain.ownership import Group, Side, Verdict
from sync.domain.policies import BackPolicies, Mode, Road
from sync.domain.prices import Offer, PriceValue
from sync.flows import back, price_times
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import goods
from sync.shopify.goods import FixedPrice, QuantityRule, Variant, VariantChange
from sync.state import jobs, links, timed_prices
from sync.state.models import Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

FLOW = price_times.FLOW
PURPOSE = "price"
KEPT_WRITES = 8


@dataclass(frozen=True)
class _Pair:
    link: Link
    variant: Variant


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
        )


def run(work: Work) -> Outcome:
    """Carries one price over to every variant that is linked to its product."""
    policies = back.policies(work)
    match policies.mode(Road.PRICES):
        case Mode.OFF:
            return Skipped("Prices are not carried over in this shop.")
        case Mode.LINK_ONLY:
            return Skipped("Products are only linked; prices stay as they are.")
        case Mode.ON:
            pass
    with work.reading() as session:
        told, over = price_times.told_now(session, work.job.hint)
        former = price_times.former_of(over)
    if told is None and former is None:
        work.later(lambda session: timed_prices.end(session, over))
        return Skipped("This price does not hold yet, or not any more.")
    if told is None or (former is not None and told.compare_at is None and not told.schedule):
        told = price_times.restored(told, former)
    if told.price.amount < 0:
        raise Rejected("price_negative", f"The ERP's price is {told.price}. Correct it there.", field="price")
    connection = work.gateways.connection_of(work.shop.id)
    with work.reading() as session:
        found = back.variants(session, connection, [told.product]).get(told.product, [])
    if not found:
        work.later(lambda session: price_times.pass_over(session, told, over))
        return Skipped(f"No variant at Shopify is linked to the ERP's product {told.product}.")
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    variants = goods.variants(client, [link.shopify_gid for link in found], lane=work.job.lane)
    pairs = [_Pair(link, variants[link.shopify_gid]) for link in found if link.shopify_gid in variants]
    outcome = (
        _in_list(work, policies, told, pairs) if told.price_list else _for_all(work, policies, told, pairs)
    )
    work.later(lambda session: timed_prices.end(session, over))
    # What an earlier try began and never heard of is there by now: it was read, or written once more.
    work.later(lambda session: back.close_open(session, work))
    return outcome


def _for_all(work: Work, policies: BackPolicies, told: PriceTold, pairs: Sequence[_Pair]) -> Outcome:
    _require_currency(told, work.shop.currency, where="the shop sells")
    currency = work.shop.currency
    present = {
        each.variant.gid: Offer(
            price=Money(each.variant.price, currency),
            compare_at=None if each.variant.compare_at is None else Money(each.variant.compare_at, currency),
        )
        for each in pairs
    }
    price_times.begin(work, told, list(present.values()), currency)
    offer = Offer(price=_shown(work, told), compare_at=told.compare_at)
    written = 0
    for pair, value in _wanted(offer, policies, pairs, present):
        _allow(work, policies, pair, value, told)
        _set(work, pair, value)
        written += 1
    _keep(work, pairs, prices.payable(prices.times(offer.price, policies.prices.factor)))
    return Done(f"{written} prices set." if written else "The price is as it should be.")


def _keep(work: Work, pairs: Sequence[_Pair], price: Money) -> None:
    """Keeps with each link what its price should be, so that a change at Shopify is seen as one."""
    for pair in pairs:
        if pair.link.facts.get("price") != str(price.amount):
            link, facts = pair.link, {"price": str(price.amount)}
            work.later(lambda session, link=link, facts=facts: links.note(session, link, facts))  # type: ignore[misc]


def _shown(work: Work, told: PriceTold) -> Money:
    """The price that buyers see: with tax in a shop whose prices include it, when the ERP keeps them without."""
    if told.gross is None:
        return told.price
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    return told.gross if goods.includes_taxes(client, lane=work.job.lane) else told.price


def _require_currency(told: PriceTold, currency: str, *, where: str) -> None:
    if told.price.currency != currency:
        raise Rejected(
            "price_currency",
            f"The ERP's price is in {told.price.currency}, {where} in {currency}.",
            field="price",
        )


def _in_list(work: Work, policies: BackPolicies, told: PriceTold, pairs: Sequence[_Pair]) -> Outcome:
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
    _require_currency(told, currency, where="the price list is")
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
    for pair, value in _wanted(offer, policies, pairs, present):
        _allow(work, policies, pair, value, told)
        _set_in_list(work, price_list, pair, value)
        written += 1
    return Done(f"{written} prices of the list set." if written else "The price is as it should be.")


def _quantities(rule: QuantityRule | None) -> tuple[int, int, int | None]:
    return (rule.minimum, rule.increment, rule.maximum) if rule else prices.ANY_QUANTITY


def _wanted(
    offer: Offer, policies: BackPolicies, pairs: Sequence[_Pair], present: Mapping[str, Offer]
) -> list[tuple[_Pair, PriceValue]]:
    by_gid = {each.variant.gid: each for each in pairs}
    found = prices.changed(((gid, offer) for gid in by_gid), policies.prices, present=present)
    return [(by_gid[value.variant_gid], value) for value in found]


def _allow(work: Work, policies: BackPolicies, pair: _Pair, value: PriceValue, told: PriceTold) -> None:
    """Raises when the price must not be set now: it waits for a person, or somebody else keeps changing it."""
    change = ownership.Change(
        group=Group.PRODUCT_PRICE,
        source=Side.ERP,
        fingerprint=_mark(value),
        changed_at=clock.now(),
    )
    verdict = ownership.judge(change, policies.owners, written=_written(pair.link, work.job.record))
    if verdict is Verdict.LOOP:
        raise Rejected(
            "price_fight",
            f"Somebody else keeps changing the price of {pair.variant.sku or pair.variant.gid} at Shopify. "
            "Concord has stopped setting it back.",
            field="price",
        )
    if not value.hold:
        return
    with work.reading() as session:
        agreed = back.approvals(
            session, shop_id=work.shop.id, record=work.job.record, values=agreed_values(told)
        )
    if not agreed:
        raise Misconfigured(
            "price_held",
            f"{value.hold} Agree to it, or correct it in the ERP.",
            misses=back.approval(work.job.record),
            field="price",
        )


def agreed_values(told: PriceTold) -> dict[str, str]:
    """What a person agrees to: exactly this price of this product."""
    return {
        "product": told.product,
        "price_list": told.price_list,
        "price": str(told.price),
        "gross": "" if told.gross is None else str(told.gross),
    }


def _set(work: Work, pair: _Pair, value: PriceValue) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    struck = value.offer.compare_at
    change = VariantChange(
        gid=value.variant_gid,
        price=value.offer.price.amount,
        compare_at=None if struck is None else struck.amount,
    )

    def call(_key: str) -> Written:
        refused = goods.update_variants(client, pair.variant.product, [change], lane=work.job.lane)
        for error in refused.values():
            raise Rejected("price_refused", f"Shopify refuses the price: {error.message}", field="price")
        return _done(value)

    _write(work, pair, value, [value.variant_gid, str(value.offer.price), str(struck)], call)


def _set_in_list(work: Work, price_list: str, pair: _Pair, value: PriceValue) -> None:
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


def _write(work: Work, pair: _Pair, value: PriceValue, variables: list[Any], call: Any) -> None:
    purpose = f"{PURPOSE}:{value.variant_gid.rpartition('/')[2]}"
    back.write(work, purpose=purpose, variables=variables, call=call)
    kept = [*pair.link.facts.get(f"writes:{work.job.record}", ())][-KEPT_WRITES:]
    kept.append([clock.now().isoformat(), _mark(value)])
    link = pair.link
    work.later(
        lambda session: links.record(
            session,
            shop_id=work.shop.id,
            connection_id=link.connection_id,
            kind=PRODUCT,
            shopify_gid=link.shopify_gid,
            record=link.record,
            written=Written(model=PRODUCT, erp_id=link.erp_id, number=link.erp_number, state="linked"),
            facts={f"writes:{work.job.record}": kept},
        )
    )


def _written(link: Link, record: str) -> list[ownership.Written]:
    return [
        ownership.Written(
            target=Side.SHOPIFY, fingerprint=mark, written_at=datetime.fromisoformat(written_at)
        )
        for written_at, mark in link.facts.get(f"writes:{record}", ())
    ]


def _mark(value: PriceValue) -> str:
    return fingerprint([str(value.offer.price), str(value.offer.compare_at)])


def _done(value: PriceValue) -> Written:
    return Written(model="price", erp_id=value.variant_gid, number="", state="set", total=value.offer.price)
