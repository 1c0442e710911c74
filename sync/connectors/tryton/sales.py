"""Sales: one per document of ours, found by web shop and web id, which Tryton's database keeps unique.

`make` brings a sale from wherever it stands to where it must be: created, quoted, confirmed, processed, invoiced to
the cent, goods taken back. Each step looks first, so it may be begun again after any interruption.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kit.faults import Misconfigured, Rejected
from sync.connectors.base import Related, Written
from sync.connectors.tryton import fields, invoices
from sync.connectors.tryton.carving import Carver
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.fields import Part
from sync.connectors.tryton.invoices import Invoices, Lines
from sync.connectors.tryton.openings import Openings
from sync.connectors.tryton.parties import Parties
from sync.connectors.tryton.payments import Payments
from sync.connectors.tryton.returns import Returns
from sync.connectors.tryton.shop import Shop
from sync.connectors.tryton.taxing import Taxing
from sync.domain.documents import Document, PaymentDocument, Restock
from sync.domain.money import Money

SALE = "sale.sale"
FIELDS = (
    "number",
    "state",
    "total_amount",
    "currency.code",
    "party",
    "company",
    "shipment_address",
    "warehouse",
    "lines",
    "invoices",
    "shipments.number",
    "shipments.state",
    "shipment_returns.number",
    "shipment_returns.state",
)
# From each state the button that leads on.
ONWARD = {"draft": "quote", "quotation": "confirm", "confirmed": "process"}
ARRIVED = ("processing", "done")


class Sales:
    """The sales of one web shop."""

    def __init__(self, client: Client, shop: Shop, parties: Parties, carver: Carver) -> None:
        self._client = client
        self._shop = shop
        self._parties = parties
        self._invoices = Invoices(client)
        self._payments = Payments(client, shop)
        self._taxing = Taxing(client)
        self._returns = Returns(client)
        self._openings = Openings(client, carver)

    def row(self, reference: str) -> Row | None:
        """The sale of a reference, in whatever state."""
        domain = [["web_shop", "=", self._shop.record.id], ["web_id", "=", reference]]
        found = self._client.search(SALE, domain, list(FIELDS), size=1)
        return found[0] if found else None

    def find(self, document: Document) -> Written | None:
        """The document as Tryton has it."""
        sale = self.row(document.reference)
        return self._written(sale, document) if sale else None

    def make(self, document: Document) -> Written:
        """Makes the document so. Raises Rejected when people in Tryton changed it in a way that contradicts it."""
        parts = self._taxing.safe(fields.parts(document), document.currency)
        sale = self.row(document.reference) or self._created(document, parts)
        if sale["state"] == "draft":
            self._round(sale, document, parts)
        sale = self._advanced(sale, document)
        self._invoices.settle(sale, document, self._lines(sale, parts))
        self._returns.take_back(sale, document)
        self._openings.close(self._origin(document), document)
        return self._written(self._again(document), document)

    def pay(self, payment: PaymentDocument) -> Written:
        """Books money that moved against the invoice of its sale, or against a credit note that people made here."""
        if payment.erp_document:
            return self._payments.book(self._invoices.of_paper(payment.erp_document), payment)
        sale = self.row(payment.origin)
        if sale is None:
            raise Misconfigured(
                "sale_missing",
                f"The sale that this payment of {payment.number} belongs to is not in Tryton.",
                misses=f"link:{payment.record}",
            )
        return self._payments.book(self._invoices.of_sale(sale), payment)

    def _origin(self, document: Document) -> Row | None:
        """The sale whose open quantities a cancellation closes."""
        if not any(line.restock is Restock.CANCEL for line in document.lines):
            return None
        return self.row(document.origin)

    def _again(self, document: Document) -> Row:
        sale = self.row(document.reference)
        if sale is None:
            raise Rejected("sale_gone", f"The sale of {document.number} was deleted in Tryton.", field="sale")
        return sale

    def _created(self, document: Document, parts: list[Part]) -> Row:
        party = self._party(document)
        billing = document.billing or document.shipping
        shipping = document.shipping or document.billing
        units = self._units(parts)
        lines = [fields.line_values(part, unit=units.get(part.line.erp_item)) for part in parts]
        record = self._shop.record
        values = fields.sale_values(
            document,
            lines,
            web_shop=record.id,
            company=record.company,
            currency=self._shop.currency(document.currency),
            party=party,
            invoice_address=self._parties.address(party, billing),
            shipment_address=self._parties.address(party, shipping),
            warehouse=self._warehouse(document),
        )
        try:
            self._client.create(SALE, values)
        except Rejected as refusal:
            # Somebody else was first with this reference: go on with theirs.
            if refusal.code != "not_unique":
                raise
        return self._again(document)

    def _party(self, document: Document) -> int:
        if document.erp_customer:
            return int(document.erp_customer)
        return int(self._parties.write(document.customer, erp_id="").erp_id)

    def _warehouse(self, document: Document) -> int:
        """Where the goods leave from, or come back to."""
        named = {
            line.erp_warehouse
            for line in document.lines
            if line.erp_warehouse and line.restock is not Restock.NONE
        } or {line.erp_warehouse for line in document.lines if line.erp_warehouse}
        if len(named) == 1:
            return int(named.pop())
        if document.warehouse:
            return int(document.warehouse)
        if named:
            return int(min(named))
        raise Misconfigured(
            "no_warehouse",
            "No warehouse is chosen for this order. Choose one under locations.",
            misses="mapping:warehouse",
        )

    def _units(self, parts: list[Part]) -> dict[str, int]:
        """The unit that each product is sold in."""
        items = sorted({int(part.line.erp_item) for part in parts if part.has_product})
        rows = self._client.search(
            "product.product", [["id", "in", items]], ["sale_uom", "default_uom", "salable"]
        )
        if len(rows) != len(items):
            raise Misconfigured(
                "product_gone",
                "A product of this order does not exist in Tryton any more. Choose another one under products.",
                misses="mapping:product",
            )
        return {str(row["id"]): row["sale_uom"] or row["default_uom"] for row in rows}

    def _advanced(self, sale: Row, document: Document) -> Row:
        """The sale once it is in process. Tryton may do the last step itself, now or soon."""
        for _ in range(len(ONWARD)):
            button = ONWARD.get(sale["state"])
            if button is None:
                break
            try:
                self._client.press(SALE, sale["id"], button)
            except Rejected as refusal:
                if refusal.code != "button_passed":
                    raise
            sale = self._again(document)
        if sale["state"] not in ARRIVED:
            raise Rejected(
                "sale_cancelled",
                f"Sale {sale['number']} was cancelled in Tryton; Shopify still has {document.number}.",
                field="state",
            )
        return sale

    def _lines(self, sale: Row, parts: list[Part]) -> Lines:
        """The sale's lines by age and what they stand for. Raises Rejected when people added or removed some."""
        ids = sorted(sale["lines"])
        lines: dict[int, Part | None] = dict(zip(ids, parts, strict=False))
        if len(ids) == len(parts) + 1:
            extra = self._client.get("sale.line", ids[-1], ["description"])
            if extra and extra["description"] == fields.ROUNDING:
                lines[ids[-1]] = None
        if len(lines) != len(ids) or len(ids) < len(parts):
            raise Rejected(
                "sale_changed",
                f"Lines of sale {sale['number']} were changed in Tryton. Change them back, or take over by hand.",
                field="lines",
            )
        return lines

    def _round(self, sale: Row, document: Document, parts: list[Part]) -> None:
        """Brings a draft to Shopify's total with a named line, where Tryton rounds tax another way."""
        wanted = fields.amount_in(document, document.total).amount
        if sale["total_amount"] == wanted or len(sale["lines"]) != len(parts):
            return
        values = fields.rounding_values(document, wanted - sale["total_amount"])
        if values is not None:
            self._client.create("sale.line", {"sale": sale["id"], **values})

    def _written(self, sale: Row, document: Document) -> Written:
        rows = self._invoices.of_sale(sale)
        currency = sale["currency"]["code"]
        invoiced = sum((row["total_amount"] for row in rows), Decimal(0))
        wanted = fields.amount_in(document, document.total)
        is_final = all(row["state"] in invoices.FINAL for row in rows) or not document.is_posted
        is_complete = (
            sale["state"] in ARRIVED
            and is_final
            and (bool(rows) or document.is_stock_only)
            and invoiced == wanted.amount
            and self._returns.are_done(sale, document)
            and self._openings.are_closed(self._origin(document), document)
        )
        return Written(
            model=SALE,
            erp_id=str(sale["id"]),
            number=sale["number"] or "",
            state=sale["state"],
            total=Money(invoiced if rows else sale["total_amount"], currency),
            related=(
                *map(invoices.related, rows),
                *_moves(sale, "shipments", "stock.shipment.out"),
                *_moves(sale, "shipment_returns", "stock.shipment.out.return"),
            ),
            is_complete=is_complete,
        )


def _moves(sale: Row, name: str, model: str) -> list[Related]:
    found: list[dict[str, Any]] = sale[name]
    return [
        Related(model=model, erp_id=str(each["id"]), number=each["number"] or "", state=each["state"])
        for each in found
    ]
