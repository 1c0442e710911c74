"""Prices that come from the ERP: what is sent, and what is held because it looks like a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sync.domain.money import Money, digits

ANY_QUANTITY: Final = (1, 1, None)
FALL_LIMIT: Final = Decimal("0.5")  # share of the present price that a price may fall by without a person


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRules:
    """Policies of a connection."""

    fall_limit: Decimal = FALL_LIMIT
    rise_limit: Decimal | None = None  # None: a price may rise as it likes
    factor: Decimal = Decimal(1)  # a price list that is the ERP's times something


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """At what price, struck from which, and in which quantities something is sold. None: nothing is said of it."""

    price: Money
    compare_at: Money | None = None  # zero takes a struck price away
    quantities: tuple[int, int, int | None] | None = None  # at least, in steps of, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceValue:
    """An offer to make; `hold` says why it waits for a person instead."""

    variant_gid: str
    offer: Offer
    before: Offer | None
    hold: str = ""


def changed(
    wanted: Iterable[tuple[str, Offer]], rules: PriceRules, *, present: Mapping[str, Offer]
) -> list[PriceValue]:
    """The offers that differ from Shopify's, rounded to what the currency can pay."""
    found = []
    for variant_gid, told in wanted:
        offer = Offer(
            price=payable(times(told.price, rules.factor)),
            compare_at=None if told.compare_at is None else payable(times(told.compare_at, rules.factor)),
            quantities=told.quantities,
        )
        before = present.get(variant_gid)
        if before is not None and _is_as(before, offer):
            continue
        hold = _hold(offer.price, before.price if before else None, rules)
        found.append(PriceValue(variant_gid=variant_gid, offer=offer, before=before, hold=hold))
    return found


def _is_as(present: Offer, wanted: Offer) -> bool:
    """Whether Shopify has all that is said."""
    if present.price != wanted.price:
        return False
    if wanted.compare_at is not None:
        struck = present.compare_at or Money(Decimal(0), wanted.compare_at.currency)
        if struck != wanted.compare_at:
            return False
    return wanted.quantities is None or (present.quantities or ANY_QUANTITY) == wanted.quantities


def times(money: Money, factor: Decimal) -> Money:
    """An amount times a factor, not rounded."""
    return Money(money.amount * factor, money.currency)


def payable(price: Money) -> Money:
    """The price in the smallest unit of its currency."""
    step = Decimal(1).scaleb(-digits(price.currency))
    return Money(price.amount.quantize(step, rounding=ROUND_HALF_UP), price.currency)


def _hold(price: Money, before: Money | None, rules: PriceRules) -> str:
    if before is None:
        return ""
    if before.currency != price.currency:
        return f"The price changes its currency from {before.currency} to {price.currency}."
    if not before.amount:
        return ""
    change = (price.amount - before.amount) / before.amount
    shown = f"{abs(change) * 100:.0f} %"
    if change < -rules.fall_limit:
        return f"The price falls by {shown}, from {before} to {price}."
    if rules.rise_limit is not None and change > rules.rise_limit:
        return f"The price rises by {shown}, from {before} to {price}."
    return ""
