"""Money: an exact decimal with its currency. Adding two currencies is an error; floats cannot get in.

`Both` is one amount as Shopify tells it twice: in the shop's currency and in the one the buyer saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

ZERO = Decimal(0)
# What Shopify writes, or a number of JSON: no spaces, no `_`, no digits of other scripts, none of absurd length.
_EXACT = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")
_LARGEST = 15  # power of ten: more than any currency's money, and sums of it stay exact
# ISO 4217 minor units that differ from two.
_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


class CurrencyMix(ValueError):
    """Two currencies met in one sum. Always a bug or a broken body."""


def digits(currency: str) -> int:
    """Decimals of a currency's smallest unit (ISO 4217)."""
    return _DIGITS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise TypeError(f"money is a finite Decimal, not {self.amount!r}")
        if len(self.currency) != 3 or not self.currency.isalpha() or not self.currency.isupper():
            raise ValueError(f"{self.currency!r} is not a currency code")

    def __add__(self, other: Money) -> Money:
        return _checked(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return _checked(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        return _checked(-self.amount, self.currency)

    def times(self, count: int) -> Money:
        """The amount so many times, exactly."""
        return _checked(self.amount * count, self.currency)

    def __bool__(self) -> bool:
        return self.amount != ZERO

    def __str__(self) -> str:
        shown = self.amount
        if -shown.normalize().as_tuple().exponent <= digits(self.currency):  # type: ignore[operator]
            shown = shown.quantize(Decimal(1).scaleb(-digits(self.currency)))
        return f"{shown:f} {self.currency}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMix(f"{self.currency} and {other.currency} in one sum")
        return other


def _checked(amount: Decimal, currency: str) -> Money:
    """Money out of an operation on valid money: no need to validate again, and a plan makes thousands of them."""
    made = object.__new__(Money)
    object.__setattr__(made, "amount", amount)
    object.__setattr__(made, "currency", currency)
    return made


@dataclass(frozen=True, slots=True)
class Both:
    """One amount in the shop's currency and in the presentment currency."""

    shop: Money
    presentment: Money

    @classmethod
    @cache
    def nothing(cls, shop: str, presentment: str) -> Both:
        """Zero in both currencies."""
        one = Money(ZERO, shop)
        return cls(one, one if shop == presentment else Money(ZERO, presentment))

    @property
    def is_one(self) -> bool:
        """Both sides are the very same money, so an operation on one is an operation on both."""
        return self.shop is self.presentment

    def __add__(self, other: Both) -> Both:
        shop = self.shop + other.shop
        if self.is_one and other.is_one:
            return Both(shop, shop)
        return Both(shop, self.presentment + other.presentment)

    def __sub__(self, other: Both) -> Both:
        shop = self.shop - other.shop
        if self.is_one and other.is_one:
            return Both(shop, shop)
        return Both(shop, self.presentment - other.presentment)

    def __neg__(self) -> Both:
        shop = -self.shop
        return Both(shop, shop if self.is_one else -self.presentment)

    def times(self, count: int) -> Both:
        """The amount so many times, exactly."""
        shop = self.shop.times(count)
        return Both(shop, shop if self.is_one else self.presentment.times(count))

    def __bool__(self) -> bool:
        return bool(self.shop) or bool(self.presentment)


def total(amounts: Iterable[Both], *, zero: Both) -> Both:
    """The sum, starting from a zero that says the currencies."""
    shop, presentment = zero.shop.amount, zero.presentment.amount
    for amount in amounts:
        shop += zero.shop._same(amount.shop).amount
        presentment += zero.presentment._same(amount.presentment).amount
    one = Money(shop, zero.shop.currency)
    if zero.is_one and shop == presentment:
        return Both(one, one)
    return Both(one, Money(presentment, zero.presentment.currency))


class Tally:
    """Sums by name in both currencies. It adds plain decimals: a cent table of a big order has thousands of them."""

    __slots__ = ("_sums", "zero")

    def __init__(self, zero: Both) -> None:
        self.zero = zero
        self._sums: dict[str, list[Decimal]] = {}

    def add(self, name: str, amount: Both, *, sign: int = 1) -> None:
        """Adds (or with sign -1 takes off) an amount."""
        shop, presentment = self.zero.shop._same(amount.shop), self.zero.presentment._same(amount.presentment)
        found = self._sums.get(name)
        if found is None:
            found = self._sums[name] = [ZERO, ZERO]
        if sign > 0:
            found[0] += shop.amount
            found[1] += presentment.amount
        else:
            found[0] -= shop.amount
            found[1] -= presentment.amount

    def sums(self) -> dict[str, Both]:
        """The sum of every name that was added to."""
        shop, presentment = self.zero.shop.currency, self.zero.presentment.currency
        return {
            name: Both(Money(found[0], shop), Money(found[1], presentment))
            for name, found in self._sums.items()
        }


def decimal(value: Any) -> Decimal:
    """A decimal from JSON (text, whole number, or a decimal that the parser kept exact). Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("not an exact number")
    if _EXACT.fullmatch(str(value)) is None:
        raise ValueError("not a plain number")
    number = Decimal(value)
    if number and number.adjusted() > _LARGEST:
        raise ValueError("larger than any money")
    return number
