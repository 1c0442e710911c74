"""Money follows Shopify's sales ledger: which entries are not yet in the ERP, and which documents they become.

An entry is split by direction: what adds money is a CHARGE, what takes it back a CREDIT (an exchange is both).
References are made from Shopify's own ids, so the same entry gives the same document whatever arrives first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.faults import Rejected
from sync.domain.documents import DocumentKind
from sync.domain.exported import PLACED, Exported, ExportedDocument, goods_of
from sync.domain.history import Agreement, AgreementKind, Sale
from sync.domain.money import Both
from sync.domain.records import Order
from sync.domain.sales import amounts

LETTERS = {
    AgreementKind.REFUND: "R",
    AgreementKind.RETURN: "T",
    AgreementKind.EDIT: "E",
    AgreementKind.ORDER: "O",
    AgreementKind.UNKNOWN: "U",
}
GOODS = frozenset({"product", "gift_card"})
# These follow the goods they belong to instead of making a document of their own direction.
FOLLOWERS = frozenset({"fee", "adjustment", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One document to be: the sales of one entry that go in one direction."""

    agreement: Agreement
    kind: DocumentKind
    reference: str
    number: str
    sales: tuple[Sale, ...]

    def total(self, zero: Both) -> Both:
        """What it comes to, with taxes."""
        return amounts((sale.total for sale in self.sales), zero)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An entry whose money is not settled yet."""

    agreement: Agreement
    code: str
    sentence: str


def placed(agreements: Sequence[Agreement], order: Order) -> Agreement:
    """The entry that placed the order. Raises Rejected when the ledger does not have it."""
    found = [each for each in in_order(agreements) if each.kind is AgreementKind.ORDER]
    if not found:
        raise Rejected(
            "ledger_incomplete",
            f"Shopify's sales ledger of order {order.name} does not start with the order itself.",
            detail=f"{len(agreements)} agreements, none of kind order",
            field="agreements",
        )
    return found[0]


def in_order(agreements: Sequence[Agreement]) -> list[Agreement]:
    """As they happened, however they arrived; an entry that arrives twice counts once."""
    return sorted({each.gid: each for each in agreements}.values(), key=lambda each: each.order_of_time)


def total(agreements: Sequence[Agreement], zero: Both) -> Both:
    """The sum of the ledger."""
    return amounts((sale.total for each in agreements for sale in each.sales), zero)


def open_entries(agreements: Sequence[Agreement], order: Order, already: Exported) -> list[Agreement]:
    """Entries that no document covers yet.

    A first export from a webhook body covers the order's own entry, and any edit that was already in that body:
    the earliest edits that bring the ledger to the exported total and to the exported goods (an edit may be free).
    No such edits mean that body and ledger disagree.
    """
    entries = [each for each in in_order(agreements) if not already.is_of_erp(each.refund_gid)]
    covered = already.covered
    sale = already.sale
    if sale is None or PLACED not in sale.covers:
        return [each for each in entries if each.gid not in covered]
    start = placed(entries, order)
    rest = [each for each in entries if each.gid != start.gid and each.gid not in covered]
    inside = [start]
    edits = iter([each for each in rest if each.kind is AgreementKind.EDIT])
    while not _is_export_of(inside, sale, order):
        added = next(edits, None)
        if added is None:
            told = sale.total - sale.residual - sale.rounding
            raise Rejected(
                "ledger_mismatch",
                f"Order {order.name} was first exported with {told.shop}, which Shopify's sales ledger does not know.",
                detail=f"exported {told}, ledger starts with {total([start], order.zero)}",
                field="agreements",
            )
        inside.append(added)
    return [each for each in rest if each not in inside]


def _is_export_of(entries: Sequence[Agreement], sale: ExportedDocument, order: Order) -> bool:
    """Whether the first document holds exactly these entries: their money, and their goods where it tells them."""
    if total(entries, order.zero) + sale.residual + sale.rounding != sale.total:
        return False
    moved = (
        (each.target_gid, each.quantity)
        for entry in entries
        for each in entry.sales
        if each.line_type in GOODS
    )
    return not sale.goods or sale.goods == goods_of(moved)


def waiting(agreement: Agreement, order: Order) -> Waiting | None:
    """Why an entry has to wait: its refund's money has not moved yet."""
    refund = next((each for each in order.refunds if each.gid == agreement.refund_gid), None)
    if refund is None or not refund.is_waiting:
        return None
    return Waiting(
        agreement=agreement,
        code="refund_pending",
        sentence=f"A refund of order {order.name} is still on its way to the customer. Concord waits for it.",
    )


def deltas(agreement: Agreement, order: Order, *, index: int) -> list[Delta]:
    """The documents of one entry; none when nothing was sold or taken back in it."""
    sides: dict[DocumentKind, list[Sale]] = {DocumentKind.CREDIT: [], DocumentKind.CHARGE: []}
    followers: list[Sale] = []
    for sale in agreement.sales:
        if sale.line_type in FOLLOWERS:
            followers.append(sale)
        else:
            sides[DocumentKind.CREDIT if _is_taken(sale) else DocumentKind.CHARGE].append(sale)
    _place(followers, sides)
    found = []
    for kind, sales in sides.items():
        if any(sale.total or sale.quantity for sale in sales):
            reference, number = _names(agreement, order, kind, index)
            found.append(
                Delta(agreement=agreement, kind=kind, reference=reference, number=number, sales=tuple(sales))
            )
    return found


def _is_taken(sale: Sale) -> bool:
    amount = sale.total.shop.amount or sale.total.presentment.amount
    if amount:
        return amount < 0
    return sale.quantity < 0


def _place(followers: list[Sale], sides: dict[DocumentKind, list[Sale]]) -> None:
    """Fees and adjustments go with what is taken back, unless they outweigh it; else by their own sign."""
    fees = sum(sale.total.shop.amount for sale in followers)
    taken = sum(sale.total.shop.amount for sale in sides[DocumentKind.CREDIT])
    if sides[DocumentKind.CREDIT] and taken + fees <= 0:
        sides[DocumentKind.CREDIT] += followers
    else:
        sides[DocumentKind.CREDIT if fees < 0 else DocumentKind.CHARGE] += followers


def _names(agreement: Agreement, order: Order, kind: DocumentKind, index: int) -> tuple[str, str]:
    letter = LETTERS[agreement.kind]
    source = agreement.refund_gid if agreement.kind is AgreementKind.REFUND else None
    own = (source or agreement.gid).rpartition("/")[2]
    suffix = "C" if kind is DocumentKind.CHARGE else ""
    return f"{order.legacy_id}/{letter}{own}{suffix}", f"{order.name}-{letter}{index}{suffix}"
