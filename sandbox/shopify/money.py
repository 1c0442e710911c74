"""Money of the local Shopify: an amount in the shop's and in the buyer's currency, rounded and shared out exactly.

It owns decimals per currency, half-up rounding, the sharing of a total over lines, and the written forms of an
amount (GraphQL Decimal, GraphQL Money, REST). It knows no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

DECIMALS = {
    "BHD": 3,
    "CLP": 0,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "VND": 0,
}
ZERO = Decimal(0)


def decimals(currency: str) -> int:
    """How many decimals an amount of this currency has."""
    return DECIMALS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half up to what the currency can pay."""
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), rounding=ROUND_HALF_UP)


def shared(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`total` split over the weights in payable amounts whose sum is exactly `total`."""
    whole = sum(weights, ZERO)
    if not whole:
        return [ZERO for _ in weights]
    shares, given, seen = [], ZERO, ZERO
    for weight in weights:
        seen += weight
        share = rounded(total * seen / whole, currency) - given
        shares.append(share)
        given += share
    return shares


@dataclass(frozen=True)
class Bag:
    """The same money in the shop's currency and in the currency that the buyer saw."""

    shop: Decimal = ZERO
    presentment: Decimal = ZERO

    def __add__(self, other: Bag) -> Bag:
        return Bag(self.shop + other.shop, self.presentment + other.presentment)

    def __sub__(self, other: Bag) -> Bag:
        return Bag(self.shop - other.shop, self.presentment - other.presentment)

    def __neg__(self) -> Bag:
        return Bag(-self.shop, -self.presentment)

    def __bool__(self) -> bool:
        return bool(self.shop or self.presentment)

    def times(self, factor: Decimal | int) -> Bag:
        """The bag multiplied, unrounded."""
        return Bag(self.shop * factor, self.presentment * factor)


NOTHING = Bag()


def total(bags: Sequence[Bag]) -> Bag:
    """The sum of the bags."""
    return sum(bags, NOTHING)


@dataclass(frozen=True)
class Currencies:
    """The two currencies of one order and the rate from the shop's to the buyer's, frozen at its creation."""

    shop: str
    presentment: str
    rate: Decimal = Decimal(1)

    def bag(self, amount: Decimal) -> Bag:
        """An amount of the shop's currency with its worth in the buyer's."""
        return Bag(rounded(amount, self.shop), rounded(amount * self.rate, self.presentment))

    def presented(self, amount: Decimal) -> Bag:
        """An amount of the buyer's currency with its worth in the shop's."""
        return Bag(rounded(amount / self.rate, self.shop), rounded(amount, self.presentment))

    def rounded(self, bag: Bag) -> Bag:
        """The bag in payable amounts."""
        return Bag(rounded(bag.shop, self.shop), rounded(bag.presentment, self.presentment))

    def shared(self, whole: Bag, weights: Sequence[Bag]) -> list[Bag]:
        """The bag split over the weights, exactly in each currency."""
        shop = shared(whole.shop, [weight.shop for weight in weights], self.shop)
        presentment = shared(whole.presentment, [weight.presentment for weight in weights], self.presentment)
        return [Bag(*pair) for pair in zip(shop, presentment, strict=True)]

    def document(self, bag: Bag) -> dict[str, Any]:
        """The bag as a stored MoneyBag."""
        return {
            "shopMoney": money(bag.shop, self.shop),
            "presentmentMoney": money(bag.presentment, self.presentment),
        }


def money(amount: Decimal, currency: str) -> dict[str, str]:
    """A stored MoneyV2."""
    return {"amount": fixed(amount, currency), "currencyCode": currency}


def bag_of(document: dict[str, Any] | None) -> Bag:
    """The bag of a stored MoneyBag (None: nothing)."""
    if document is None:
        return NOTHING
    return Bag(Decimal(document["shopMoney"]["amount"]), Decimal(document["presentmentMoney"]["amount"]))


def fixed(amount: Decimal | str, currency: str) -> str:
    """The REST form: as many decimals as the currency has."""
    return format(rounded(Decimal(amount), currency) + 0, "f")


@lru_cache(maxsize=16384)
def shortest(amount: str) -> str:
    """The GraphQL Decimal form: no trailing zeros, but at least one decimal."""
    text = format(Decimal(amount), "f")
    if "." not in text:
        return f"{text}.0"
    text = text.rstrip("0")
    return f"{text}0" if text.endswith(".") else text
