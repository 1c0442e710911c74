"""What a credit note of the ERP becomes at Shopify: which lines, how much money, back to which payments. Pure.

Money follows the ERP's figure and never exceeds what Shopify lets go; it goes back the way it came, payment by
payment in the order that Shopify suggests. Amounts are never converted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from kit.faults import Rejected
from sync.domain.documents import LineKind
from sync.domain.feeds import CreditLine, CreditTold
from sync.domain.money import Both, Money, digits
from sync.domain.policies import RefundLimits
from sync.domain.records import Order, OrderLine
from sync.domain.rules import Rules
from sync.shopify.refunds import Line, Restock, Returned, ReturnedLine, SuggestedTender, Suggestion, Tender
from sync.shopify.returns import OpenLine, OpenReturn

Recognised = Mapping[str, frozenset[str]]  # ERP product -> variants and SKUs by which a line is recognised


def check(told: CreditTold) -> None:
    """Raises Rejected for a credit that no refund can be, whatever the order is."""
    if told.total.amount <= 0:
        raise Rejected(
            "credit_pays_nothing",
            f"{told.number} is over {told.total}: there is nothing to pay.",
            field="total",
        )
    places = digits(told.total.currency)
    for amount in (told.total.amount, *(each.gross for each in told.lines if each.is_shipping)):
        if -int(amount.normalize().as_tuple().exponent) > places:
            raise Rejected(
                "credit_too_fine",
                f"{told.number} is over {amount}, but {told.total.currency} has {places} decimals.",
                field="total",
            )
    for each in told.lines:
        is_goods = bool(each.item) and not each.is_shipping
        if is_goods and each.quantity != each.quantity.to_integral_value():
            raise Rejected(
                "part_of_a_piece",
                f"{told.number} takes back {each.quantity} pieces of the product {each.item}.",
                field="quantity",
            )
        # A negative line of neither goods nor shipping is a fee that the total is less by.
        if (is_goods and (each.quantity < 0 or each.gross < 0)) or (each.is_shipping and each.gross < 0):
            raise Rejected(
                "credit_line_negative",
                f"A line of {told.number} is negative: it takes money instead of giving it.",
                field="quantity",
            )


def by_return(
    told: CreditTold, order: Order, known: Recognised, returns: Iterable[OpenReturn], *, location: str
) -> Returned | None:
    """What of an open return the credit is for; None when there is no return that holds all goods of the credit.
    They are put back at the location, all or, without one, none."""
    goods = [each for each in told.lines if _is_goods(each)]
    for each in returns if goods else ():
        taken = _from_return(goods, order, known, each)
        if taken is not None:
            return Returned(each.gid, taken, location)
    return None


def payments(order: Order) -> tuple[SuggestedTender, ...]:
    """What is still held of each payment, the newest first. A return's money is not part of what Shopify suggests for
    the order's lines."""
    back = [each for refund in order.refunds for each in refund.transactions if each.kind == "refund"]
    found = []
    for paid in reversed(order.transactions):
        if paid.kind in ("sale", "capture") and paid.is_done:
            held = paid.amount
            for each in back:
                if each.parent_gid == paid.gid and (each.is_done or each.is_waiting):
                    held = held - each.amount
            found.append(SuggestedTender(paid.gateway, paid.gid, held, held))
    return tuple(found)


def lines(
    told: CreditTold, order: Order, known: Recognised, *, location: str, limits: RefundLimits
) -> tuple[Line, ...]:
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
        if _is_goods(each):
            is_restocked = limits.restocks(is_restocked=each.is_restocked)
            found += _taken(each, order.lines, known, left, shipped, location if is_restocked else "")
    return tuple(found)


def by_rules(told: CreditTold, rules: Rules) -> CreditTold:
    """The credit in our words: the ERP's items for money that is not goods are no goods, and that for shipping is
    shipping."""
    items = Counter(service.item for service in rules.services.values() if service.item)
    of_shipping = rules.services[LineKind.SHIPPING].item if LineKind.SHIPPING in rules.services else ""
    lines = tuple(
        replace(
            each,
            item="",
            is_shipping=each.is_shipping or (each.item == of_shipping and items[each.item] == 1),
        )
        if each.item in items
        else each
        for each in told.lines
    )
    return replace(told, lines=lines)


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


def _is_goods(credit: CreditLine) -> bool:
    return bool(credit.item) and not credit.is_shipping and bool(credit.quantity)


def _is_of(line: OrderLine, marks: frozenset[str]) -> bool:
    return line.variant_gid in marks or (bool(line.sku) and line.sku in marks)


def _from_return(
    goods: Sequence[CreditLine], order: Order, known: Recognised, found: OpenReturn
) -> tuple[ReturnedLine, ...] | None:
    taken = Counter[str]()
    for credit in goods:
        marks = known.get(credit.item, frozenset())
        mine = {line.gid for line in order.lines if _is_of(line, marks)}
        open_pieces = int(credit.quantity)
        for row in found.lines:
            pieces = min(open_pieces, row.left - taken[row.gid]) if row.line in mine else 0
            taken[row.gid] += pieces
            open_pieces -= pieces
        if open_pieces:
            return None
    return tuple(
        ReturnedLine(row.gid, taken[row.gid], _put(row, taken[row.gid]))
        for row in found.lines
        if taken[row.gid]
    )


def _put(row: OpenLine, pieces: int) -> tuple[tuple[str, int], ...]:
    """On which lines of the way back so many pieces came."""
    found = []
    for line, left in row.back:
        if part := min(left, pieces):
            found.append((line, part))
            pieces -= part
    return tuple(found)


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
        if not _is_of(line, marks):
            continue
        pieces = min(open_pieces, left[line.gid])
        if pieces > 0:
            restock = Restock.NO_RESTOCK
            if location:
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
