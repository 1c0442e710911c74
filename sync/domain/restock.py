"""What happens with the goods of a ledger entry where the entry itself does not say it: an edit, or a return."""

from __future__ import annotations

from collections.abc import Callable

from sync.domain.documents import Restock
from sync.domain.history import Agreement, AgreementKind, Sale
from sync.domain.records import Order
from sync.domain.rules import Rules

RESTOCKS = {
    "return": Restock.RETURN,
    "legacy_restock": Restock.RETURN,
    "cancel": Restock.CANCEL,
    "no_restock": Restock.NONE,
}


def restock_of(entry: Agreement, order: Order, rules: Rules) -> Callable[[Sale], Restock]:
    """How each sale of the entry moves stock.

    An edit takes off what never left. A return brings goods back, unless a refund of it says otherwise for the line.
    A plain refund says it line by line itself, so here it is none.
    """
    match entry.kind:
        case AgreementKind.EDIT:
            return lambda sale: Restock.CANCEL
        case AgreementKind.RETURN:
            usual = Restock.RETURN if rules.returns_restock else Restock.NONE
            said = {
                line.line_gid: RESTOCKS.get(line.restock, Restock.NONE)
                for refund in order.refunds
                if entry.return_gid and refund.return_gid == entry.return_gid
                for line in refund.lines
            }
            return lambda sale: said.get(sale.target_gid, usual)
        case _:
            return lambda sale: Restock.NONE
