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
MOVE_FIELDS = (
    "state",
    "number",
    "description",
    "lines.account",
    "lines.debit",
    "lines.credit",
    "lines.amount_second_currency",
)
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
        booked, paid = self._amounts(payment)
        owed = {"id": invoice["account"], "party_required": True}
        left = self._left(invoice)
        # More than is left to pay is a line of its own: it cannot count, and an accountant says what becomes of it.
        parts = [min(paid.amount, left), paid.amount - min(paid.amount, left)]
        counted = Money(_rounded(booked.amount * parts[0] / paid.amount, booked.currency), booked.currency)
        shares = [(counted, parts[0]), (booked - counted, parts[1])]
        lines = [self._line(account, booked, paid, party=invoice["party"], is_debit=not is_back)]
        lines += [
            self._line(owed, share, Money(amount, paid.currency), party=invoice["party"], is_debit=is_back)
            for share, amount in shares
            if amount
        ]
        open_day = self._periods.open_on(
            payment.paid_on, company=self._shop.record.company, may_post_later=payment.may_post_later
        )
        if open_day.day != payment.paid_on:  # the move's own description is what finds it again
            lines = [{**line, "description": moved(payment.paid_on)} for line in lines]
        values = {
            "company": self._shop.record.company,
            "journal": method["journal"],
            "date": open_day.day,
            "period": open_day.period,
            "origin": f"{INVOICE},{invoice['id']}",
            "description": payment.source,
            "lines": [["create", lines]],
        }
        return self._client.create(MOVE, values, MOVE_FIELDS)

    def _line(
        self, account: Row, booked: Money, paid: Money, *, party: int, is_debit: bool
    ) -> dict[str, Any]:
        values: dict[str, Any] = {
            "account": account["id"],
            "debit": booked.amount if is_debit else ZERO,
            "credit": ZERO if is_debit else booked.amount,
        }
        if account["party_required"]:
            values["party"] = party
        if paid.currency != booked.currency:
            values["second_currency"] = self._shop.currency(paid.currency)
            values["amount_second_currency"] = paid.amount if is_debit else -paid.amount
        return values

    def _amounts(self, payment: PaymentDocument) -> tuple[Money, Money]:
        """The amount in the company's currency and in the document's, in steps that the currencies have."""
        own = self._shop.record.currency
        paid = fields.side(payment.amount, payment.currency)
        paid = Money(_rounded(paid.amount, paid.currency), paid.currency)
        both = payment.amount
        known = next((each for each in (both.shop, both.presentment) if each.currency == own), None)
        if known is None:
            known = self._converted(paid, own, payment.paid_on)
        return Money(_rounded(known.amount, own), own), paid

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
        return Money(_rounded(paid.amount * rates[own] / rates[paid.currency], own), own)

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
        """Lets the payment count for the invoice, as far as there is something left to pay."""
        row = self._client.get(INVOICE, invoice["id"], ["payment_lines"])
        counted = list(row["payment_lines"]) if row else []
        left = self._left(invoice)
        for line in sorted(move["lines"], key=lambda each: each["id"]):
            if line["account"] != invoice["account"] or line["id"] in counted:
                continue
            amount = abs(line["amount_second_currency"] or line["debit"] - line["credit"])
            if amount <= left:
                self._client.write(INVOICE, invoice["id"], {"payment_lines": [["add", [line["id"]]]]})
                left -= amount

    def _left(self, invoice: Row) -> Decimal:
        """What is left to pay (or to pay back) of an invoice, in its currency."""
        row = self._client.get(INVOICE, invoice["id"], ["amount_to_pay"])
        return abs(row["amount_to_pay"] or ZERO) if row else ZERO


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits(currency)), ROUND_HALF_EVEN)
