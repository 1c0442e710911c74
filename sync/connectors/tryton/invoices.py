"""Brings the invoice that Tryton made from a sale to what Shopify charged, to the cent, and posts it.

Tryton computes taxes from its own rates. On a draft invoice the computed tax rows may be corrected, and posting keeps
the correction as long as the bases agree; so each tax stays the accountant's tax, with the amount that was charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from kit.faults import Rejected
from sync.connectors.base import Related
from sync.connectors.tryton import fields, papers
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.fields import Part
from sync.connectors.tryton.periods import Periods, held, moved
from sync.domain.documents import Document
from sync.domain.money import Money, digits

INVOICE = "account.invoice"
OPEN = ("draft", "validated")
FINAL = ("posted", "paid")
KINDS = ["invoice", "credit_note"]  # each is numbered by itself, unless an accountant chose otherwise
FIELDS = (
    "state",
    "number",
    "total_amount",
    "currency.code",
    "party",
    "account",
    "invoice_date",
    "reference",
    "description",
    "taxes.tax",
    "taxes.base",
    "taxes.amount",
    "taxes.manual",
    "lines.account",
    "lines.product",
    "lines.unit",
    "lines.unit_price",
    "lines.origin",
    "lines.type",
)

Lines = Mapping[int, Part | None]  # lines of a sale by id; none: the line that rounds the sale


class Invoices:
    """The invoices of sales."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._periods = Periods(client)

    def of_sale(self, sale: Row) -> list[Row]:
        """The invoices of a sale, without those that people cancelled."""
        ids = _ids(sale["invoices"])
        if not ids:
            return []
        rows = self._client.search(INVOICE, [["id", "in", ids]], list(FIELDS))
        return [row for row in rows if row["state"] != "cancelled"]

    def of_paper(self, paper: str) -> list[Row]:
        """The invoice that a feed told under this id. Raises Rejected when it is gone."""
        row = self._client.get(INVOICE, papers.invoice_of(paper), list(FIELDS))
        if row is None:
            raise Rejected("credit_gone", "A credit note is not in Tryton any more.", field="payment")
        return [row]

    def settle(self, sale: Row, document: Document, lines: Lines) -> list[Row]:
        """Corrects what is still open, posts it if that is wanted, and returns the invoices as they are then."""
        rows = self.of_sale(sale)
        still_open = [row for row in rows if row["state"] in OPEN]
        for row in still_open:
            self._correct(row, sale, document, lines)
            if document.is_posted:
                self._post(row, sale, document)
        return self.of_sale(sale) if still_open else rows

    def _correct(self, row: Row, sale: Row, document: Document, lines: Lines) -> None:
        invoice = row["id"]
        if row["state"] != "draft":
            self._client.press(INVOICE, invoice, "draft")
        header = {"reference": document.number, **self._dated(sale, document, kinds=[_kind(document)])}
        if any(row[name] != value for name, value in header.items()):
            self._client.write(INVOICE, invoice, header)
        self._set_lines(row, sale, lines)
        self._set_taxes(row, document, lines)

    def _dated(self, sale: Row, document: Document, *, kinds: list[str]) -> dict[str, Any]:
        """The day that Tryton takes the invoice on. A period may be closed, and Tryton numbers the invoices of a year
        by their days: none may be older than the newest of its kind that has a number."""
        wanted = document.dated_on
        found = self._periods.open_on(wanted, company=sale["company"], may_post_later=document.may_post_later)
        newer = self._client.search(
            INVOICE,
            [
                ["company", "=", sale["company"]],
                ["type", "=", "out"],
                ["number", "!=", None],
                ["sequence_type_cache", "in", kinds],
                ["invoice_date", ">", found.day],
                ["invoice_date", "<=", found.year_ends_on],
            ],
            ["invoice_date"],
            order=[["invoice_date", "DESC"]],
            size=1,
        )
        if newer and not document.may_post_later:
            raise held(wanted, "an invoice of a later day has its number already")
        day = newer[0]["invoice_date"] if newer else found.day
        return {"invoice_date": day, **({"description": moved(wanted)} if day != wanted else {})}

    def _set_lines(self, row: Row, sale: Row, lines: Lines) -> None:
        """What the sale could not say: accounts, and the product of money-only lines. Its rounding becomes nothing."""
        by_origin = {f"sale.line,{line}": part for line, part in lines.items()}
        for line in row["lines"]:
            if line["type"] != "line":
                continue
            origin = str(line["origin"])
            if origin not in by_origin:
                raise Rejected(
                    "invoice_shared",
                    f"The invoice of sale {sale['number']} also holds lines that are not of this order. Take them off, "
                    "or turn off grouping for this customer in Tryton.",
                    field="invoice",
                )
            values = self._line_values(by_origin[origin])
            if any(line[name] != value for name, value in values.items()):
                self._client.write("account.invoice.line", line["id"], values)

    def _line_values(self, part: Part | None) -> dict[str, Any]:
        if part is None:
            return {"unit_price": Decimal(0)}
        values: dict[str, Any] = {}
        if part.line.erp_item and not part.has_product:
            values |= self._of_product(int(part.line.erp_item))
        if part.line.erp_account:
            values["account"] = int(part.line.erp_account)
        return values

    def _of_product(self, product: int) -> dict[str, Any]:
        """What a line would have taken from its product."""
        row = self._client.get(
            "product.product", product, ["sale_uom", "default_uom", "account_category.account_revenue"]
        )
        if row is None:
            return {}
        values: dict[str, Any] = {"product": product, "unit": row["sale_uom"] or row["default_uom"]}
        if (category := row["account_category"]) and category["account_revenue"]:
            values["account"] = category["account_revenue"]
        return values

    def _set_taxes(self, row: Row, document: Document, lines: Lines) -> None:
        wanted = fields.wanted_taxes(document)
        for tax in row["taxes"]:
            amount = wanted.pop((tax["tax"], tax["base"] >= 0), None)
            if amount is None:
                raise Rejected(
                    "tax_unasked",
                    f"Tryton charges a tax on order {document.number} that Shopify did not charge. A tax rule of the "
                    "customer, or a tax that consists of others, may be the reason.",
                    field="tax",
                )
            if tax["amount"] != amount:
                self._client.write("account.invoice.tax", tax["id"], {"amount": amount})
        step = Decimal(1).scaleb(-digits(document.currency))
        for key, base in _by_hand(lines, step).items():
            if amount := wanted.pop(key, None):
                self._add_tax(row, key[0], base, amount)
        if any(wanted.values()):
            raise Rejected(
                "tax_missing",
                f"Tryton does not charge a tax on order {document.number} that Shopify charged. The chosen tax may "
                "consist of others, or not be in force on that day.",
                field="tax",
            )

    def _add_tax(self, row: Row, tax: int, base: Decimal, amount: Decimal) -> None:
        """A row that Tryton did not compute, on the accountant's tax and its account."""
        account = "invoice_account" if base >= 0 else "credit_note_account"
        found = self._client.get("account.tax", tax, ["description", account])
        if found is None:
            return  # the total will not agree, and says so
        self._client.create(
            "account.invoice.tax",
            {
                "invoice": row["id"],
                "tax": tax,
                "description": found["description"],
                "account": found[account],
                "base": base,
                "amount": amount,
                "manual": True,
            },
        )

    def _post(self, row: Row, sale: Row, document: Document) -> None:
        """Posts only what is right: a posted invoice can never be changed."""
        fresh = self._client.get(INVOICE, row["id"], ["total_amount"])
        wanted = fields.amount_in(document, document.total)
        if fresh is None or fresh["total_amount"] != wanted.amount:
            said = fresh["total_amount"] if fresh else Decimal(0)
            raise Rejected(
                "total_differs",
                f"Tryton's invoice for {document.number} comes to {said}, Shopify says {wanted}. It was left a draft.",
                field="total",
            )
        try:
            self._client.press(INVOICE, row["id"], "post")
        except Rejected as refusal:
            match refusal.code:
                case "button_passed" if self._is_final(row["id"]):
                    pass  # an earlier try, whose answer was lost, was posting it until now
                case "number_passed":  # by another one just now, or all kinds share their numbers
                    self._client.write(INVOICE, row["id"], self._dated(sale, document, kinds=KINDS))
                    self._client.press(INVOICE, row["id"], "post")
                case _:
                    raise

    def _is_final(self, invoice: int) -> bool:
        row = self._client.get(INVOICE, invoice, ["state"])
        return row is not None and row["state"] in FINAL


def related(row: Row) -> Related:
    """An invoice as it is told to the engine."""
    total = Money(row["total_amount"], row["currency"]["code"])
    return Related(
        model=INVOICE, erp_id=str(row["id"]), number=row["number"] or "", state=row["state"], total=total
    )


def _kind(document: Document) -> str:
    """How Tryton will number the invoice."""
    nets = [fields.amount_in(document, line.net).amount for line in document.lines]
    is_credit = all(net <= 0 for net in nets) and fields.amount_in(document, document.total).amount < 0
    return "credit_note" if is_credit else "invoice"


def _by_hand(lines: Lines, step: Decimal) -> dict[tuple[int, bool], Decimal]:
    """The bases of taxes that the sale did not name, by tax and by their sign."""
    bases: dict[tuple[int, bool], Decimal] = {}
    for part in lines.values():
        if part is not None and part.is_taxed_by_hand:
            base = (part.unit_price * part.quantity).quantize(step, ROUND_HALF_EVEN)
            for tax in part.taxes:
                key = (tax, base >= 0)
                bases[key] = bases.get(key, Decimal(0)) + base
    return bases


def _ids(values: list[Row] | list[int]) -> list[int]:
    return [each["id"] if isinstance(each, dict) else each for each in values]
