"""Money: an exact decimal with its currency. Adding two currencies is an error; floats cannot get in.

`Both` is one amount as Shopify tells it twice: in the shop's currency and in the one the buyer saw.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)
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
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

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


@dataclass(frozen=True, slots=True)
class Both:
    """One amount in the shop's currency and in the presentment currency."""

    shop: Money
    presentment: Money

    @classmethod
    def nothing(cls, shop: str, presentment: str) -> Both:
        """Zero in both currencies."""
        return cls(Money(ZERO, shop), Money(ZERO, presentment))

    def __add__(self, other: Both) -> Both:
        return Both(self.shop + other.shop, self.presentment + other.presentment)

    def __sub__(self, other: Both) -> Both:
        return Both(self.shop - other.shop, self.presentment - other.presentment)

    def __neg__(self) -> Both:
        return Both(-self.shop, -self.presentment)

    def __bool__(self) -> bool:
        return bool(self.shop) or bool(self.presentment)


def total(amounts: Iterable[Both], *, zero: Both) -> Both:
    """The sum, starting from a zero that says the currencies."""
    result = zero
    for amount in amounts:
        result = result + amount
    return result


def decimal(value: Any) -> Decimal:
    """A decimal from JSON (text, whole number, or a decimal that the parser kept exact). Raises ValueError."""
    if isinstance(value, bool | float) or value is None:
        raise ValueError(f"{value!r} is not an exact number")
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"{value!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number
