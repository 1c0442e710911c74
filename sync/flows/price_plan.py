"""What a price of the ERP means for the variants of its product: which offers differ from Shopify's, and whether one
may be set now. One by one and many at once decide by this alone; it writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import fingerprint
from kit.faults import Misconfigured, Rejected
from sync.domain import ownership, prices
from sync.domain.feeds import PriceTold
from sync.domain.money import Money
from sync.domain.ownership import Group, Side, Verdict
from sync.domain.policies import BackPolicies
from sync.domain.prices import Offer, PriceValue
from sync.flows import back
from sync.shopify.goods import Variant, VariantChange
from sync.state.models import Link

PURPOSE = "price"
KEPT_WRITES = 8


@dataclass(frozen=True)
class Pair:
    """A variant as Shopify has it, and its link."""

    link: Link
    variant: Variant


@dataclass(frozen=True, kw_only=True)
class ForAll:
    """What becomes of the price that everybody sees: what Shopify shows, what differs, and what there should be."""

    pairs: Sequence[Pair]
    present: list[Offer]
    steps: list[tuple[Pair, PriceValue]]
    price: Money


def require_sound(told: PriceTold) -> None:
    """Raises Rejected for a price that nobody can have meant."""
    if told.price.amount < 0:
        raise Rejected("price_negative", f"The ERP's price is {told.price}. Correct it there.", field="price")


def require_currency(told: PriceTold, currency: str, *, where: str) -> None:
    """Raises Rejected for a price in another currency than that of where it goes."""
    if told.price.currency != currency:
        raise Rejected(
            "price_currency",
            f"The ERP's price is in {told.price.currency}, {where} in {currency}.",
            field="price",
        )


def for_all(
    told: PriceTold,
    pairs: Sequence[Pair],
    policies: BackPolicies,
    *,
    currency: str,
    is_with_tax: Callable[[], bool],
) -> ForAll:
    """What a price that everybody sees changes. Raises Rejected for one in another currency than the shop's."""
    require_currency(told, currency, where="the shop sells")
    present = {
        each.variant.gid: Offer(
            price=Money(each.variant.price, currency),
            compare_at=None if each.variant.compare_at is None else Money(each.variant.compare_at, currency),
        )
        for each in pairs
    }
    # Buyers see it with tax in a shop whose prices include it, when the ERP keeps them without.
    price = told.gross if told.gross is not None and is_with_tax() else told.price
    offer = Offer(price=price, compare_at=told.compare_at)
    return ForAll(
        pairs=pairs,
        present=list(present.values()),
        steps=wanted(offer, policies, pairs, present),
        price=prices.payable(prices.times(offer.price, policies.prices.factor)),
    )


def wanted(
    offer: Offer, policies: BackPolicies, pairs: Sequence[Pair], present: Mapping[str, Offer]
) -> list[tuple[Pair, PriceValue]]:
    """The variants at which the offer differs from what is there."""
    by_gid = {each.variant.gid: each for each in pairs}
    found = prices.changed(((gid, offer) for gid in by_gid), policies.prices, present=present)
    return [(by_gid[value.variant_gid], value) for value in found]


def allow(
    session: Session, policies: BackPolicies, pair: Pair, value: PriceValue, told: PriceTold, *, record: str
) -> None:
    """Raises when the price must not be set now: it waits for a person, or somebody else keeps changing it."""
    change = ownership.Change(
        group=Group.PRODUCT_PRICE,
        source=Side.ERP,
        fingerprint=_mark(value),
        changed_at=clock.now(),
    )
    verdict = ownership.judge(change, policies.owners, written=_written(pair.link, record))
    if verdict is Verdict.LOOP:
        raise Rejected(
            "price_fight",
            f"Somebody else keeps changing the price of {pair.variant.sku or pair.variant.gid} at Shopify. "
            "Concord has stopped setting it back.",
            field="price",
        )
    if not value.hold:
        return
    shop_id = pair.link.shop_id
    if not back.approvals(session, shop_id=shop_id, record=record, values=agreed_values(told)):
        raise Misconfigured(
            "price_held",
            f"{value.hold} Agree to it, or correct it in the ERP.",
            misses=back.approval(record),
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


def purpose_of(value: PriceValue) -> str:
    """The purpose of the intent that sets it."""
    return f"{PURPOSE}:{value.variant_gid.rpartition('/')[2]}"


def change_of(value: PriceValue) -> VariantChange:
    """The fields of the variant that are set: its prices alone."""
    struck = value.offer.compare_at
    return VariantChange(
        gid=value.variant_gid,
        price=value.offer.price.amount,
        compare_at=None if struck is None else struck.amount,
    )


def variables_of(value: PriceValue) -> list[str]:
    """What the intent of a price that everybody sees is about."""
    return [value.variant_gid, str(value.offer.price), str(value.offer.compare_at)]


def facts_of_price(link: Link, price: Money) -> dict[str, str]:
    """What is kept with the link of what its price should be, so that a change at Shopify is seen as one. Empty: it
    is kept already."""
    return {} if link.facts.get("price") == str(price.amount) else {"price": str(price.amount)}


def facts_of_write(link: Link, value: PriceValue, record: str) -> dict[str, list[list[str]]]:
    """What is kept with the link of a write, so that a fight with somebody else is noticed."""
    kept = [*link.facts.get(f"writes:{record}", ())][-KEPT_WRITES:]
    return {f"writes:{record}": [*kept, [clock.now().isoformat(), _mark(value)]]}


def _written(link: Link, record: str) -> list[ownership.Written]:
    return [
        ownership.Written(
            target=Side.SHOPIFY, fingerprint=mark, written_at=datetime.fromisoformat(written_at)
        )
        for written_at, mark in link.facts.get(f"writes:{record}", ())
    ]


def _mark(value: PriceValue) -> str:
    return fingerprint([str(value.offer.price), str(value.offer.compare_at)])
