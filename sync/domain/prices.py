"""Prices that come from the ERP: what is sent, and what is held because it looks like a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sync.domain.money import Money, digits

FALL_LIMIT: Final = Decimal("0.5")  # share of the present price that a price may fall by without a person


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRules:
    """Policies of a connection."""

    fall_limit: Decimal = FALL_LIMIT
    rise_limit: Decimal | None = None  # None: a price may rise as it likes
    factor: Decimal = Decimal(1)  # a price list that is the ERP's times something


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceValue:
    """A price to set; `hold` says why it waits for a person instead."""

    variant_gid: str
    price: Money
    before: Money | None
    hold: str = ""


def changed(
    wanted: Iterable[tuple[str, Money]], rules: PriceRules, *, present: Mapping[str, Money]
) -> list[PriceValue]:
    """The prices that differ from Shopify's, rounded to what the currency can pay."""
    found = []
    for variant_gid, erp_price in wanted:
        price = payable(Money(erp_price.amount * rules.factor, erp_price.currency))
        before = present.get(variant_gid)
        if before is not None and before == price:
            continue
        found.append(
            PriceValue(variant_gid=variant_gid, price=price, before=before, hold=_hold(price, before, rules))
        )
    return found


def payable(price: Money) -> Money:
    """The price in the smallest unit of its currency."""
    step = Decimal(1).scaleb(-digits(price.currency))
    return Money(price.amount.quantize(step, rounding=ROUND_HALF_UP), price.currency)


def _hold(price: Money, before: Money | None, rules: PriceRules) -> str:
    if price.amount < 0:
        return f"The price {price} is negative."
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
