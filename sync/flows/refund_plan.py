"""What a credit note of the ERP becomes at Shopify: which lines, how much money, back to which payments. Pure.

Money follows the ERP's figure and never exceeds what Shopify lets go; it goes back the way it came, payment by
payment in the order that Shopify suggests. Amounts are never converted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from kit.faults import Rejected
from sync.domain.documents import DocumentKind
from sync.domain.exported import ExportedDocument
from sync.domain.feeds import CreditLine, CreditTold
from sync.domain.history import Agreement
from sync.domain.money import Both, Money
from sync.domain.policies import RefundLimits
from sync.domain.records import Order, OrderLine
from sync.domain.sales import amounts
from sync.shopify.refunds import Line, Restock, SuggestedTender, Suggestion, Tender

Recognised = Mapping[str, frozenset[str]]  # ERP product -> variants and SKUs by which a line is recognised


def lines(told: CreditTold, order: Order, known: Recognised, *, location: str) -> tuple[Line, ...]:
    """The order lines that the credit takes back. Money without goods has none. Raises Rejected when more comes back
    than was sold."""
    left = {line.gid: line.current_quantity for line in order.lines}
    shipped = Counter[str]()
    for fulfilment in order.fulfilments:
        if fulfilment.has_left:
            for gid, quantity in fulfilment.lines:
                shipped[gid] += quantity
    found: list[Line] = []
    for each in told.lines:
        if each.item and not each.is_shipping and each.quantity:
            found += _taken(each, order.lines, known, left, shipped, location)
    return tuple(found)


def shipping(told: CreditTold) -> Money | None:
    """The part of the credit that is shipping."""
    amount = sum((each.gross for each in told.lines if each.is_shipping), Decimal(0))
    return Money(amount, told.total.currency) if amount else None


def amount(told: CreditTold, order: Order, suggestion: Suggestion) -> Both:
    """The money to give back, in both currencies. Raises Rejected when it is not the same money."""
    if told.total.currency == order.presentment_currency:
        shop = (
            told.total if order.currency == order.presentment_currency else _shop_side(told.total, suggestion)
        )
        return Both(shop, told.total)
    if told.total == suggestion.amount.shop:
        return suggestion.amount
    raise Rejected(
        "refund_currency",
        f"The credit is over {told.total}, but the customer paid in {order.presentment_currency} and Shopify "
        f"suggests {suggestion.amount.shop}. Refund it at Shopify by hand.",
        field="total",
    )


def tenders(wanted: Money, suggested: Sequence[SuggestedTender]) -> tuple[Tender, ...]:
    """The payments that the money goes back to, in Shopify's order. Raises Rejected when they do not suffice."""
    left = wanted.amount
    found: list[Tender] = []
    for each in suggested:
        part = min(left, each.maximum.presentment.amount)
        if part > 0:
            found.append(Tender(each.gateway, each.parent, Money(part, wanted.currency)))
            left -= part
    if left > 0:
        raise Rejected(
            "refund_too_much",
            f"{Money(left, wanted.currency)} of {wanted} cannot go back to any payment of the order.",
            field="total",
        )
    return tuple(found)


def persons_needed(money: Money, given_today: Money, limits: RefundLimits) -> int:
    """How many people must agree before this much money leaves."""
    if limits.two_persons_above is not None and money.amount > limits.two_persons_above:
        return 2
    is_small = limits.per_refund is None or money.amount <= limits.per_refund
    is_within_day = limits.per_day is None or (given_today + money).amount <= limits.per_day
    return 0 if is_small and is_within_day else 1


def exported(reference: str, agreement: Agreement, zero: Both) -> ExportedDocument:
    """How the ledger's entry of this refund counts as in the ERP: it came from there."""
    return ExportedDocument(
        reference=reference,
        kind=DocumentKind.CREDIT,
        covers=(agreement.gid,),
        total=amounts((sale.total for sale in agreement.sales), zero),
        residual=zero,
        rounding=zero,
    )


def _taken(
    credit: CreditLine,
    sold: Iterable[OrderLine],
    known: Recognised,
    left: dict[str, int],
    shipped: Counter[str],
    location: str,
) -> list[Line]:
    marks = known.get(credit.item, frozenset())
    open_pieces = int(credit.quantity)
    found: list[Line] = []
    for line in sold:
        if line.variant_gid not in marks and (not line.sku or line.sku not in marks):
            continue
        pieces = min(open_pieces, left[line.gid])
        if pieces > 0:
            restock = Restock.NO_RESTOCK
            if credit.is_restocked:
                restock = Restock.RETURN if shipped[line.gid] else Restock.CANCEL
            found.append(
                Line(line.gid, pieces, restock, location if restock is not Restock.NO_RESTOCK else "")
            )
            left[line.gid] -= pieces
            open_pieces -= pieces
    if open_pieces:
        raise Rejected(
            "credits_too_much",
            f"The ERP credits {open_pieces} more of its product {credit.item} than the order has left.",
            field="quantity",
        )
    return found


def _shop_side(presentment: Money, suggestion: Suggestion) -> Money:
    if presentment == suggestion.amount.presentment:
        return suggestion.amount.shop
    raise Rejected(
        "refund_currency",
        f"The credit is over {presentment}, but Shopify suggests {suggestion.amount.presentment}; a part cannot be "
        "converted exactly. Refund it at Shopify by hand.",
        field="total",
    )
