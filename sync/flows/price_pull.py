"""Prices to Shopify: the price that everybody sees, and fixed prices of mapped price lists.

Only what differs is written. A price that falls (or rises) by more than the shop allows waits for a person, who
agrees to exactly that price; two systems that keep overruling each other are stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from sync.domain.prices import PriceValue
from sync.flows import back
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import goods
from sync.shopify.goods import FixedPrice, QuantityRule, Variant, VariantChange
from sync.state import jobs, links
from sync.state.models import Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

FLOW = "price_pull"
PURPOSE = "price"
KEPT_WRITES = 8


@dataclass(frozen=True)
class _Pair:
    link: Link
    variant: Variant


def take(session: Session, work: Work, _connection: Connection, changes: Sequence[Change]) -> None:
    """Asks for each price that the ERP says has changed; the newest word on a price wins."""
    for change in changes:
        told = PriceTold.of(change.values)
        jobs.ask(
            session,
            shop_id=work.shop.id,
            flow=FLOW,
            record=f"price:{told.product}:{told.price_list}",
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
    if not policies.owners.may_write(Group.PRODUCT_PRICE, source=Side.ERP):
        return Skipped("Shopify owns prices in this shop.")
    told = PriceTold.of(work.job.hint["values"])
    connection = work.gateways.connection_of(work.shop.id)
    with work.reading() as session:
        found = back.variants(session, connection, [told.product]).get(told.product, [])
    if not found:
        return Skipped(f"No variant at Shopify is linked to the ERP's product {told.product}.")
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    variants = goods.variants(client, [link.shopify_gid for link in found], lane=work.job.lane)
    pairs = [_Pair(link, variants[link.shopify_gid]) for link in found if link.shopify_gid in variants]
    if told.price_list:
        return _in_list(work, policies, told, pairs)
    return _for_all(work, policies, told, pairs)


def _for_all(work: Work, policies: BackPolicies, told: PriceTold, pairs: Sequence[_Pair]) -> Outcome:
    if told.price.currency != work.shop.currency:
        raise Rejected(
            "price_currency",
            f"The ERP's price is in {told.price.currency}, the shop sells in {work.shop.currency}.",
            field="price",
        )
    present = {each.variant.gid: Money(each.variant.price, work.shop.currency) for each in pairs}
    written = 0
    for value in _wanted(told, policies, pairs, present):
        pair = next(each for each in pairs if each.variant.gid == value.variant_gid)
        _allow(work, policies, pair, value)
        _set(work, pair, value, told)
        written += 1
    return Done(f"{written} prices set." if written else "The price is as it should be.")


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
    if told.price.currency != currency:
        raise Rejected(
            "price_currency",
            f"The ERP's price is in {told.price.currency}, the price list is in {currency}.",
            field="price",
        )
    present = {gid: each.price for gid, each in fixed.items()}
    written = 0
    for value in _wanted(told, policies, pairs, present):
        pair = next(each for each in pairs if each.variant.gid == value.variant_gid)
        _allow(work, policies, pair, value)
        _set_in_list(work, price_list, pair, value, told)
        written += 1
    return Done(f"{written} prices of the list set." if written else "The price is as it should be.")


def _wanted(
    told: PriceTold, policies: BackPolicies, pairs: Sequence[_Pair], present: dict[str, Money]
) -> list[PriceValue]:
    wished = [(each.variant.gid, told.price) for each in pairs]
    return prices.changed(wished, policies.prices, present=present)


def _allow(work: Work, policies: BackPolicies, pair: _Pair, value: PriceValue) -> None:
    """Raises when the price must not be set now: it waits for a person, or somebody else keeps changing it."""
    change = ownership.Change(
        group=Group.PRODUCT_PRICE,
        source=Side.ERP,
        fingerprint=fingerprint(str(value.price)),
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
            session, shop_id=work.shop.id, record=work.job.record, values=approvable(value)
        )
    if not agreed:
        raise Misconfigured(
            "price_held",
            f"{value.hold} Agree to it, or correct it in the ERP.",
            misses=back.approval(work.job.record),
            field="price",
        )


def approvable(value: PriceValue) -> dict[str, str]:
    """What a person agrees to."""
    return {"variant": value.variant_gid, "price": str(value.price)}


def _set(work: Work, pair: _Pair, value: PriceValue, told: PriceTold) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    compare_at = None if told.compare_at is None else prices.payable(told.compare_at).amount
    change = VariantChange(gid=value.variant_gid, price=value.price.amount, compare_at=compare_at)

    def call(_key: str) -> Written:
        refused = goods.update_variants(client, pair.variant.product, [change], lane=work.job.lane)
        for error in refused.values():
            raise Rejected("price_refused", f"Shopify refuses the price: {error.message}", field="price")
        return _done(value)

    _write(work, pair, value, [value.variant_gid, str(value.price), str(compare_at)], call)


def _set_in_list(work: Work, price_list: str, pair: _Pair, value: PriceValue, told: PriceTold) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    compare_at = None if told.compare_at is None else prices.payable(told.compare_at)
    fixed = FixedPrice(value.variant_gid, value.price, compare_at)
    rule = QuantityRule(value.variant_gid, told.minimum, told.increment)

    def call(_key: str) -> Written:
        goods.add_fixed_prices(client, price_list, [fixed], lane=work.job.lane)
        if (told.minimum, told.increment) != (1, 1):
            goods.add_quantity_rules(client, price_list, [rule], lane=work.job.lane)
        return _done(value)

    variables = [
        price_list,
        value.variant_gid,
        str(value.price),
        str(compare_at),
        told.minimum,
        told.increment,
    ]
    _write(work, pair, value, variables, call)


def _write(work: Work, pair: _Pair, value: PriceValue, variables: list[Any], call: Any) -> None:
    purpose = f"{PURPOSE}:{value.variant_gid.rpartition('/')[2]}"
    back.write(work, purpose=purpose, variables=variables, call=call)
    kept = [*pair.link.facts.get(f"writes:{work.job.record}", ())][-KEPT_WRITES:]
    kept.append([clock.now().isoformat(), fingerprint(str(value.price))])
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


def _done(value: PriceValue) -> Written:
    return Written(model="price", erp_id=value.variant_gid, number="", state="set", total=value.price)
