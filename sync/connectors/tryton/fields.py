"""Says in Tryton's fields what a document says in ours: lines, sales, parties, addresses. Pure: values in, values out.

A line's amount in Tryton is its quantity times a unit price of four decimals, rounded to the currency. Where that
cannot hit the copied amount, the line becomes two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from kit.faults import Misconfigured
from sync.connectors.tryton.form import ORDER_FIELDS
from sync.domain.documents import Address, CustomerDocument, Document, DocumentLine, LineKind, Restock
from sync.domain.money import Both, Money, digits

PRICE_STEP = Decimal("0.0001")
ONE = Decimal(1)
OPEN_FIELDS = tuple(name for name, _ in ORDER_FIELDS)
MOVES_STOCK = (LineKind.GOODS,)
ROUNDING = "Tax rounding"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One line of a sale in Tryton: all of a document's line, or one of the two that it takes."""

    line: DocumentLine
    quantity: Decimal
    unit_price: Decimal
    has_product: bool
    is_taxed_by_hand: bool = False  # the invoice gets its taxes, the sale does not; see `taxing`

    @property
    def taxes(self) -> tuple[int, ...]:
        """Ids of its taxes, in the order that the sale names them."""
        return tuple(sorted({int(tax.erp_tax) for tax in self.line.taxes}))


def amount_in(document: Document, both: Both) -> Money:
    """The side of an amount that the document is posted in."""
    return side(both, document.currency)


def side(both: Both, currency: str) -> Money:
    """The side of an amount that is in a currency."""
    return both.shop if currency == both.shop.currency else both.presentment


def parts(document: Document) -> list[Part]:
    """The lines of the sale, in order. Money-only lines of goods lose their product where others move stock."""
    names_products = not returns_goods(document)
    found = []
    for line in document.lines:
        keeps = names_products or line.kind not in MOVES_STOCK or line.restock is Restock.RETURN
        net = amount_in(document, line.net).amount
        for quantity, price in _priced(line.quantity, net, digits(document.currency)):
            found.append(
                Part(
                    line=line, quantity=quantity, unit_price=price, has_product=bool(line.erp_item) and keeps
                )
            )
    return found


def returns_goods(document: Document) -> bool:
    """Whether goods come back into stock with it."""
    return any(line.restock is Restock.RETURN and line.kind in MOVES_STOCK for line in document.lines)


def moves_stock(document: Document) -> bool:
    """Whether Tryton shall make shipments (or returns) for it."""
    if document.is_shipped_elsewhere:
        return False
    return returns_goods(document) or not any(line.quantity < 0 for line in document.lines)


def sale_values(document: Document, lines: list[dict[str, Any]], **ids: Any) -> dict[str, Any]:
    """A draft sale. `ids` are the ids of Tryton that the document does not hold itself."""
    extra = dict(document.extra)
    for name in extra:
        if name not in OPEN_FIELDS:
            raise Misconfigured(
                "unknown_field",
                f"Tryton's sale has no field {name} that Concord may fill. Choose one of {', '.join(OPEN_FIELDS)}.",
                misses=f"mapping:field:{name}",
            )
    return {
        "web_id": document.reference,
        "reference": document.number,
        "description": document.purchase_order,
        "comment": document.note,
        "sale_date": document.dated_on,
        "invoice_method": "manual" if document.is_stock_only else "order",
        "shipment_method": "order" if moves_stock(document) else "manual",
        "shipment_cost_method": None,
        "payment_term": _id(document.payment_term or document.customer.payment_term),
        **extra,
        **ids,
        "lines": [["create", lines]],
    }


def line_values(part: Part, *, unit: int | None) -> dict[str, Any]:
    """A line of a draft sale. Tryton computes taxes again from its own rates; the invoice is corrected afterwards."""
    taxes = [] if part.is_taxed_by_hand else list(part.taxes)
    return {
        "type": "line",
        "description": part.line.description,
        "product": int(part.line.erp_item) if part.has_product else None,
        "unit": unit if part.has_product else None,
        "quantity": float(part.quantity),
        "unit_price": part.unit_price,
        "taxes": [["add", taxes]] if taxes else [],
    }


def wanted_taxes(document: Document) -> dict[tuple[int, bool], Decimal]:
    """What Shopify charged, by tax and by whether its base is zero or more, as Tryton groups an invoice's taxes."""
    wanted: dict[tuple[int, bool], Decimal] = {}
    for line in document.lines:
        is_positive = amount_in(document, line.net).amount >= 0
        for tax in line.taxes:
            key = (int(tax.erp_tax), is_positive)
            wanted[key] = wanted.get(key, Decimal(0)) + amount_in(document, tax.amount).amount
    return wanted


def rounding_values(document: Document, difference: Decimal) -> dict[str, Any] | None:
    """The line that brings a draft sale to Shopify's total, as far as rounding can be the reason; else none.

    Tryton rounds tax per document, Shopify per line: each tax of each line explains one step at most.
    """
    step = ONE.scaleb(-digits(document.currency))
    if abs(difference) > step * sum(len(line.taxes) for line in document.lines):
        return None
    return {"type": "line", "description": ROUNDING, "quantity": 1.0, "unit_price": difference}


def party_values(customer: CustomerDocument) -> dict[str, Any]:
    """A new party."""
    return {"name": customer.name, "code": customer.code}


def contact_values(customer: CustomerDocument) -> list[dict[str, str]]:
    """The ways to reach the customer."""
    found = [("email", customer.email.strip().lower()), ("phone", customer.phone.strip())]
    return [{"type": kind, "value": value} for kind, value in found if value]


def address_values(address: Address, *, country: int | None, subdivision: int | None) -> dict[str, Any]:
    """An address of a party. A province that Tryton does not know is kept next to the city."""
    name = ", ".join(filter(None, (address.company, address.name)))
    city = address.city
    if address.province_code and country and not subdivision:
        city = f"{city}, {address.province_code}"
    return {
        "party_name": name,
        "street_unstructured": "\n".join(filter(None, (address.street, address.street2))),
        "postal_code": address.postal_code,
        "city": city,
        "country": country,
        "subdivision": subdivision,
    }


def same_address(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a stored address says the same. Tryton keeps empty text as nothing."""
    return all(_plain(wanted[name]) == _plain(found.get(name)) for name in wanted)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = value.get("id")
    return " ".join(value.split()) if isinstance(value, str) and value else value or None


def _id(text: str) -> int | None:
    return int(text) if text else None


def _priced(quantity: Decimal, net: Decimal, places: int) -> Iterator[tuple[Decimal, Decimal]]:
    """Quantities and unit prices whose rounded products add up to the net amount exactly."""
    step = ONE.scaleb(-places)
    price = (net / quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN)
    if (price * quantity).quantize(step, ROUND_HALF_EVEN) == net:
        yield quantity, price
        return
    # So many pieces that four decimals do not reach: the last one takes the difference.
    last = min(ONE, abs(quantity)).copy_sign(quantity)
    others = quantity - last
    amount = (price * others).quantize(step, ROUND_HALF_EVEN) if others else Decimal(0)
    if others:
        yield others, price
    yield last, (net - amount) / last
