"""Money that the buyer paid (or got back), booked against the invoice through the account of the payment method.

One move per payment, found again by its invoice and the payment's own name. It counts for the invoice at once; the
reconciliation that closes both is Tryton's, or its accountant's, since the interface does not allow it.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kit.faults import Misconfigured
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.invoices import FINAL, INVOICE
from sync.connectors.tryton.shop import Shop
from sync.domain.documents import Document, DocumentPayment
from sync.domain.money import Money

MOVE = "account.move"
METHOD = "account.invoice.payment.method"
METHOD_FIELDS = (
    "journal",
    "debit_account.party_required",
    "credit_account.party_required",
)
SAME_DAY = timedelta(days=1)
ZERO = Decimal(0)


class Payments:
    """The payments of invoices."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self._client = client
        self._shop = shop

    def book(self, invoices: list[Row], document: Document) -> None:
        """Books what is not booked yet. Payments of an open invoice wait until it is final."""
        invoice = _final(invoices)
        if invoice is None:
            return
        booked = self._booked(invoice, document)
        for payment in document.payments:
            move = booked.get(payment.source) or self._create(invoice, document, payment)
            if move["state"] == "draft":
                self._client.press(MOVE, move["id"], "post")
            self._count(invoice, move)

    def are_booked(self, invoices: list[Row], document: Document) -> bool:
        """Whether every payment counts for the invoice."""
        invoice = _final(invoices)
        if invoice is None or not document.payments:
            return True
        booked = self._booked(invoice, document)
        counted = set(self._counted(invoice))
        return all(
            (move := booked.get(each.source)) is not None and set(_owed_lines(invoice, move)) <= counted
            for each in document.payments
        )

    def _booked(self, invoice: Row, document: Document) -> dict[str, Row]:
        names = [each.source for each in document.payments]
        domain = [["origin", "=", f"{INVOICE},{invoice['id']}"], ["description", "in", names]]
        rows = self._client.search(MOVE, domain, ["state", "description", "lines.account"]) if names else []
        return {row["description"]: row for row in rows}

    def _create(self, invoice: Row, document: Document, payment: DocumentPayment) -> Row:
        method = self._method(payment)
        is_back = invoice["total_amount"] < 0
        account = method["credit_account"] if is_back else method["debit_account"]
        lines = [
            self._line(document, payment, account=account, party=invoice["party"], is_debit=not is_back),
            self._line(
                document,
                payment,
                account={"id": invoice["account"], "party_required": True},
                party=invoice["party"],
                is_debit=is_back,
            ),
        ]
        day = _day(document, payment)
        values = {
            "company": self._shop.record.company,
            "journal": method["journal"],
            "date": day,
            "period": self._period(day),
            "origin": f"{INVOICE},{invoice['id']}",
            "description": payment.source,
            "lines": [["create", lines]],
        }
        return self._client.create(MOVE, values, ["state", "description", "lines.account"])

    def _line(
        self, document: Document, payment: DocumentPayment, *, account: Row, party: int, is_debit: bool
    ) -> dict[str, Any]:
        booked, second = self._amounts(document, payment)
        values: dict[str, Any] = {
            "account": account["id"],
            "debit": booked.amount if is_debit else ZERO,
            "credit": ZERO if is_debit else booked.amount,
        }
        if account["party_required"]:
            values["party"] = party
        if second is not None:
            values["second_currency"] = self._shop.currency(second.currency)
            values["amount_second_currency"] = second.amount if is_debit else -second.amount
        return values

    def _amounts(self, document: Document, payment: DocumentPayment) -> tuple[Money, Money | None]:
        """The amount in the company's currency, and in the document's where that is another one."""
        both = payment.amount
        booked = both.shop if both.shop.currency == self._shop.record.currency else both.presentment
        paid = both.shop if both.shop.currency == document.currency else both.presentment
        return booked, paid if paid.currency != booked.currency else None

    def _method(self, payment: DocumentPayment) -> Row:
        row = self._client.get(METHOD, int(payment.erp_method or 0), list(METHOD_FIELDS))
        if row is None:
            raise Misconfigured(
                "method_gone",
                "A payment method of the mapping is not in Tryton any more. Choose another one under payments.",
                misses=f"mapping:payment:{payment.gateway}",
            )
        return row

    def _period(self, day: date) -> int:
        domain = [
            ["company", "=", self._shop.record.company],
            ["type", "=", "standard"],
            ["start_date", "<=", day],
            ["end_date", ">=", day],
        ]
        found = self._client.search("account.period", domain, ["id"], size=1)
        if not found:
            raise Misconfigured(
                "no_period",
                f"Tryton has no accounting period for {day}. Create it there.",
                misses="erp:period",
            )
        return int(found[0]["id"])

    def _count(self, invoice: Row, move: Row) -> None:
        """Lets the payment count for the invoice."""
        counted = self._counted(invoice)
        new = [line for line in _owed_lines(invoice, move) if line not in counted]
        if new:
            self._client.write(INVOICE, invoice["id"], {"payment_lines": [["add", new]]})

    def _counted(self, invoice: Row) -> list[int]:
        row = self._client.get(INVOICE, invoice["id"], ["payment_lines"])
        return list(row["payment_lines"]) if row else []


def _final(invoices: list[Row]) -> Row | None:
    """The invoice that payments are for. A sale of ours has one."""
    return next((row for row in invoices if row["state"] in FINAL), None)


def _owed_lines(invoice: Row, move: Row) -> list[int]:
    """The lines of a payment on the account that the invoice is owed on."""
    return [line["id"] for line in move["lines"] if line["account"] == invoice["account"]]


def _day(document: Document, payment: DocumentPayment) -> date:
    """The day of the books: the document's own for what was paid with it."""
    if payment.paid_at is None or abs(payment.paid_at - document.occurred_at) <= SAME_DAY:
        return document.dated_on
    return payment.paid_at.date()
