"""What happens with the goods of a ledger entry that has no refund to say it: an edit, or a return."""

from __future__ import annotations

from collections.abc import Callable

from sync.domain.documents import Restock
from sync.domain.history import Agreement, AgreementKind, Sale
from sync.domain.records import Order


def restock_of(entry: Agreement, order: Order) -> Callable[[Sale], Restock]:
    """How each sale of the entry moves stock.

    An edit takes off what never left. A return moves what its refunds or dispositions say went back, and until then
    nothing. A refund says it line by line itself, so here it is none.
    """
    match entry.kind:
        case AgreementKind.EDIT:
            return lambda sale: Restock.CANCEL
        case AgreementKind.RETURN:
            back = {
                line_gid
                for each in order.returns
                if each.gid == entry.return_gid
                for line_gid, _ in each.restocked
            }
            back |= {
                line.line_gid
                for refund in order.refunds
                if refund.return_gid == entry.return_gid
                for line in refund.lines
                if line.restock == "return"
            }
            return lambda sale: Restock.RETURN if sale.target_gid in back else Restock.NONE
        case _:
            return lambda sale: Restock.NONE
