"""Money that the buyer paid (or got back), booked against the invoice through the account of the payment method.

One move per payment, found again by its invoice and the payment's own name. It counts for the invoice at once; the
reconciliation that closes both is Tryton's, or its accountant's, since the interface does not allow it.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from kit.faults import Misconfigured, Rejected
from sync.connectors.base import INVOICE_OPEN, Written
from sync.connectors.tryton import fields
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.invoices import FINAL, INVOICE
from sync.connectors.tryton.periods import Periods, moved
from sync.connectors.tryton.shop import Shop
from sync.domain.documents import PaymentDocument
from sync.domain.money import Money, digits

MOVE = "account.move"
METHOD = "account.invoice.payment.method"
METHOD_FIELDS = (
    "journal",
    "debit_account.party_required",
    "credit_account.party_required",
)
MOVE_FIELDS = ("state", "number", "description", "lines.account")
ZERO = Decimal(0)


class Payments:
    """The payments of invoices."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self._client = client
        self._shop = shop
        self._periods = Periods(client)

    def book(self, invoices: list[Row], payment: PaymentDocument) -> Written:
        """The payment, booked and counted. Raises Rejected while the invoice is a draft."""
        invoice = next((row for row in invoices if row["state"] in FINAL), None)  # a sale of ours has one
        if invoice is None:
            raise Rejected(
                INVOICE_OPEN,
                f"The invoice of {payment.number} is a draft in Tryton. Its payments are booked once it is posted.",
                field="payment",
            )
        move = self._booked(invoice, payment) or self._create(invoice, payment)
        if move["state"] == "draft":
            self._client.press(MOVE, move["id"], "post")
            move = self._booked(invoice, payment) or move  # it has a number now
        self._count(invoice, move)
        return Written(
            model=MOVE,
            erp_id=str(move["id"]),
            number=move["number"] or "",
            state="posted",
            total=fields.side(payment.amount, payment.currency),
        )

    def _booked(self, invoice: Row, payment: PaymentDocument) -> Row | None:
        domain = [["origin", "=", f"{INVOICE},{invoice['id']}"], ["description", "=", payment.source]]
        found = self._client.search(MOVE, domain, list(MOVE_FIELDS), size=1)
        return found[0] if found else None

    def _create(self, invoice: Row, payment: PaymentDocument) -> Row:
        method = self._method(payment)
        is_back = payment.is_refund
        account = method["credit_account"] if is_back else method["debit_account"]
        lines = [
            self._line(payment, account=account, party=invoice["party"], is_debit=not is_back),
            self._line(
                payment,
                account={"id": invoice["account"], "party_required": True},
                party=invoice["party"],
                is_debit=is_back,
            ),
        ]
        period, day = self._periods.open_on(
            payment.paid_on, company=self._shop.record.company, may_post_later=payment.may_post_later
        )
        if day != payment.paid_on:  # the move's own description is what finds it again
            lines = [{**line, "description": moved(payment.paid_on)} for line in lines]
        values = {
            "company": self._shop.record.company,
            "journal": method["journal"],
            "date": day,
            "period": period,
            "origin": f"{INVOICE},{invoice['id']}",
            "description": payment.source,
            "lines": [["create", lines]],
        }
        return self._client.create(MOVE, values, MOVE_FIELDS)

    def _line(self, payment: PaymentDocument, *, account: Row, party: int, is_debit: bool) -> dict[str, Any]:
        booked, second = self._amounts(payment)
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

    def _amounts(self, payment: PaymentDocument) -> tuple[Money, Money | None]:
        """The amount in the company's currency, and in the document's where that is another one."""
        own = self._shop.record.currency
        paid = fields.side(payment.amount, payment.currency)
        if paid.currency == own:
            return paid, None
        both = payment.amount
        known = next((each for each in (both.shop, both.presentment) if each.currency == own), None)
        return known or self._converted(paid, own, payment.paid_on), paid

    def _converted(self, paid: Money, own: str, day: date) -> Money:
        """By Tryton's rates of the day, as Tryton books the invoice: neither side of Shopify is its own currency."""
        domain = [["id", "in", [self._shop.currency(code) for code in (paid.currency, own)]]]
        rows = self._client.search("currency.currency", domain, ["code", "rate"], context={"date": day})
        rates = {row["code"]: row["rate"] for row in rows}
        if not all(rates.get(code) for code in (paid.currency, own)):
            raise Misconfigured(
                "no_rate",
                f"Tryton has no rate from {paid.currency} to {own} for {day}. Enter it there.",
                misses="erp:rate",
            )
        amount = paid.amount * rates[own] / rates[paid.currency]
        return Money(amount.quantize(Decimal(1).scaleb(-digits(own)), ROUND_HALF_EVEN), own)

    def _method(self, payment: PaymentDocument) -> Row:
        row = self._client.get(METHOD, int(payment.erp_method or 0), list(METHOD_FIELDS))
        if row is None:
            raise Misconfigured(
                "method_gone",
                "A payment method of the mapping is not in Tryton any more. Choose another one under payments.",
                misses=f"mapping:payment:{payment.gateway}",
            )
        return row

    def _count(self, invoice: Row, move: Row) -> None:
        """Lets the payment count for the invoice."""
        counted = self._counted(invoice)
        new = [line for line in _owed_lines(invoice, move) if line not in counted]
        if new:
            self._client.write(INVOICE, invoice["id"], {"payment_lines": [["add", new]]})

    def _counted(self, invoice: Row) -> list[int]:
        row = self._client.get(INVOICE, invoice["id"], ["payment_lines"])
        return list(row["payment_lines"]) if row else []


def _owed_lines(invoice: Row, move: Row) -> list[int]:
    """The lines of a payment on the account that the invoice is owed on."""
    return [line["id"] for line in move["lines"] if line["account"] == invoice["account"]]
