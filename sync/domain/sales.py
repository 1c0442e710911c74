"""Brings an order's own figures into the form of Shopify's sales ledger, so that one road leads to documents.

`of_order` is the entry that Shopify's ledger has for a fresh order, computed from the record alone: what each line,
shipping charge, tip, duty and fee costs after its copied allocations, with its copied taxes.
"""

from __future__ import annotations

from collections.abc import Iterable

from sync.domain.history import Agreement, AgreementKind, Sale, TaxLine
from sync.domain.money import Both, total
from sync.domain.records import DiscountAllocation, Fee, Order, OrderLine, ShippingLine

LOOSE_TIP = "tip"


def of_order(order: Order) -> Agreement:
    """The order as one ledger entry. Only right for an order that nothing was taken from."""
    found: list[Sale] = []
    for line in order.lines:
        found.append(_line(line, order))
        if not order.duties_included:
            found += [_plain(d.gid, "duty", d.amount, d.taxes, order) for d in line.duties]
    found += [_shipping(each, order) for each in order.shipping_lines if not each.is_removed]
    found += [_fee(fee, order) for fee in order.fees]
    loose = order.totals.tip - amounts((price_of(line) for line in order.lines if line.is_tip), order.zero)
    if loose:
        found.append(_plain(f"{order.gid}/{LOOSE_TIP}", LOOSE_TIP, loose, (), order))
    return Agreement(
        gid=f"{order.gid}/placed",
        kind=AgreementKind.ORDER,
        happened_at=order.created_at,
        sales=tuple(found),
    )


def price_of(line: OrderLine) -> Both:
    """Unit price times quantity, before discounts."""
    return line.unit_price.times(line.quantity)


def amounts(each: Iterable[Both], zero: Both) -> Both:
    """The sum."""
    return total(each, zero=zero)


def discount_of(allocations: tuple[DiscountAllocation, ...], zero: Both) -> Both:
    """What the allocations take off."""
    return amounts((each.amount for each in allocations), zero) if allocations else zero


def tax_of(taxes: tuple[TaxLine, ...], zero: Both) -> Both:
    """What the taxes come to."""
    return amounts((each.amount for each in taxes), zero) if taxes else zero


def _line(line: OrderLine, order: Order) -> Sale:
    kind = "gift_card" if line.is_gift_card else "tip" if line.is_tip else "product"
    return _sale(line.gid, kind, price_of(line), line.discounts, line.taxes, order, quantity=line.quantity)


def _shipping(line: ShippingLine, order: Order) -> Sale:
    return _sale(
        line.gid, "shipping", line.price, line.discounts, line.taxes, order, quantity=1, title=line.title
    )


def _fee(fee: Fee, order: Order) -> Sale:
    return _sale(fee.gid, "additional_fee", fee.amount, (), fee.taxes, order, quantity=1, title=fee.name)


def _plain(gid: str, kind: str, amount: Both, taxes: tuple[TaxLine, ...], order: Order) -> Sale:
    return _sale(gid, kind, amount, (), taxes, order, quantity=1)


def _sale(
    gid: str,
    kind: str,
    price: Both,
    allocations: tuple[DiscountAllocation, ...],
    taxes: tuple[TaxLine, ...],
    order: Order,
    *,
    quantity: int,
    title: str = "",
) -> Sale:
    zero = order.zero
    discount = discount_of(allocations, zero)
    tax = tax_of(taxes, zero)
    charged = price - discount if discount else price
    return Sale(
        gid=gid,
        line_type=kind,
        action="order",
        quantity=quantity,
        total=charged if order.taxes_included or not tax else charged + tax,
        tax=tax,
        taxes=taxes,
        discount=discount,
        target_gid=gid,
        title=title,
    )
