"""Whether a record makes sense before anything is planned: what contradicts itself is refused with every reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kit.faults import Rejected
from sync.domain.money import Both, CurrencyMix
from sync.domain.records import Duty, Fee, Order, OrderLine, ShippingLine
from sync.domain.sales import discount_of, price_of, tax_of

CURRENCIES: Final = frozenset(
    (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD"
        " CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ"
        " GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR"
        " LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN"
        " PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB"
        " TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW"
        " ZWG JEP"
    ).split()
)
CLOCK_SKEW: Final = timedelta(minutes=10)
SHOWN: Final = 3  # problems in the sentence; the detail has all


@dataclass(frozen=True, slots=True)
class Problem:
    """One contradiction."""

    code: str
    sentence: str
    path: str


def check(order: Order) -> None:
    """Raises Rejected `order_inconsistent` when the order contradicts itself."""
    found = list(problems(order))
    if not found:
        return
    shown = " ".join(each.sentence for each in found[:SHOWN])
    raise Rejected(
        "order_inconsistent",
        f"Order {order.name} contradicts itself and was not exported: {shown}",
        detail="; ".join(f"{each.code} at {each.path}" for each in found),
        field=found[0].path,
    )


def mixed(order: Order, mix: CurrencyMix) -> Rejected:
    """Amounts of a third currency in a sum."""
    return Rejected(
        "order_inconsistent",
        f"Order {order.name} contradicts itself and was not exported: "
        "it has amounts in a currency that is not its own.",
        detail=f"currency_mix: {mix}",
        field="currency",
    )


def problems(order: Order) -> Iterator[Problem]:
    """Every contradiction of an order."""
    yield from _currencies(order)
    yield from _dates(order)
    seen: set[str] = set()
    indexes = {discount.index for discount in order.discounts}
    for place, line in enumerate(order.lines):
        path = f"lines[{place}]"
        if line.gid in seen:
            yield Problem("line_twice", f"The line {line.gid} is there twice.", path)
        seen.add(line.gid)
        yield from _line(line, order, path)
        for each in line.discounts:
            if each.discount_index not in indexes:
                yield Problem(
                    "discount_unknown",
                    f"The line {line.name!r} carries a discount that the order does not name.",
                    f"{path}.discounts",
                )
    for charged in order.taxed:
        if order.taxes_included and _is_all_tax(charged, order.zero):
            yield Problem("tax_above_price", "A price that includes tax is less than its tax.", "taxes")
    if not order.lines:
        yield Problem("no_lines", "It has no lines.", "lines")
    if order.totals.total.shop.amount < 0:
        yield Problem("negative_total", "Its total is negative.", "totals.total")


def _currencies(order: Order) -> Iterator[Problem]:
    for name, code in (("currency", order.currency), ("presentment_currency", order.presentment_currency)):
        if code not in CURRENCIES:
            yield Problem("currency_unknown", f"{code} is not a currency that Concord knows.", name)
    totals = order.totals
    for amount in (totals.total, totals.current_total, totals.tax, totals.shipping):
        if (amount.shop.currency, amount.presentment.currency) != (
            order.currency,
            order.presentment_currency,
        ):
            yield Problem("currency_mix", "Its amounts are not in its own currencies.", "totals")
            return
    for amount in (totals.rounding_paid, totals.rounding_refunded):
        if order.currency == order.presentment_currency and amount.shop != amount.presentment:
            yield Problem("two_prices", "Its cash rounding has two amounts in one currency.", "totals")


def _dates(order: Order) -> Iterator[Problem]:
    if order.updated_at + CLOCK_SKEW < order.created_at:
        yield Problem("dates", "It was updated before it was created.", "updated_at")
    for name, moment in (("cancelled_at", order.cancelled_at), ("closed_at", order.closed_at)):
        if moment is not None and moment + CLOCK_SKEW < order.created_at:
            yield Problem("dates", f"It was {name.removesuffix('_at')} before it was created.", name)


def _line(line: OrderLine, order: Order, path: str) -> Iterator[Problem]:
    if line.quantity < 0:
        yield Problem(
            "negative_quantity",
            f"The line {line.name!r} has the quantity {line.quantity}.",
            f"{path}.quantity",
        )
    if not 0 <= line.current_quantity <= max(line.quantity, 0):
        yield Problem(
            "quantity_grew",
            f"The line {line.name!r} has {line.current_quantity} left of {line.quantity}.",
            f"{path}.current_quantity",
        )
    unit = line.unit_price
    if (unit.shop.currency, unit.presentment.currency) != (order.currency, order.presentment_currency):
        yield Problem("currency_mix", f"The line {line.name!r} is in other currencies.", f"{path}.unit_price")
        return
    if unit.shop.amount < 0:
        yield Problem("negative_price", f"The line {line.name!r} has a negative price.", f"{path}.unit_price")
    if order.currency == order.presentment_currency and unit.shop != unit.presentment:
        yield Problem(
            "two_prices", f"The line {line.name!r} has two prices in one currency.", f"{path}.unit_price"
        )
    if line.discounts and _exceeds([each.amount for each in line.discounts], price_of(line)):
        yield Problem(
            "discount_above_price",
            f"The line {line.name!r} is discounted by more than it costs.",
            f"{path}.discounts",
        )


def _is_all_tax(charged: OrderLine | ShippingLine | Duty | Fee, zero: Both) -> bool:
    """More tax than there is money, which prices that include their tax cannot be."""
    if not charged.taxes:
        return False
    match charged:
        case OrderLine():
            gross = price_of(charged) - discount_of(charged.discounts, zero)
        case ShippingLine():
            gross = charged.price - discount_of(charged.discounts, zero)
        case _:
            gross = charged.amount
    tax = tax_of(charged.taxes, zero)
    return any(
        abs(part.amount) > abs(whole.amount)
        for part, whole in ((tax.shop, gross.shop), (tax.presentment, gross.presentment))
    )


def _exceeds(parts: list[Both], whole: Both) -> bool:
    return sum(part.shop.amount for part in parts) > whole.shop.amount
