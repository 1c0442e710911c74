"""Small orders for the tests of the domain, made in one line each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sync.domain.documents import Address, DocumentKind, LineKind
from sync.domain.exported import Exported, ExportedDocument
from sync.domain.history import Agreement, AgreementKind, Sale, TaxLine
from sync.domain.money import Both, Money
from sync.domain.records import Order, OrderLine, ShippingLine, Totals
from sync.domain.rules import ProductRules, Rules, Service, TaxRule

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
GID = "gid://shopify/"


@dataclass(frozen=True, kw_only=True)
class Option:
    """An entry of an ERP's option list."""

    erp_id: str
    name: str
    code: str = ""
    barcodes: tuple[str, ...] = ()
    rate: Decimal | None = None
    is_active: bool = True


def eur(amount: str) -> Both:
    """The same amount on both sides."""
    money = Money(Decimal(amount), "EUR")
    return Both(money, money)


def vat(amount: str, rate: str = "0.19") -> TaxLine:
    """A VAT line."""
    return TaxLine(title="VAT", rate=Decimal(rate), amount=eur(amount))


def line(number: int = 1, price: str = "10.00", quantity: int = 1, **more: Any) -> OrderLine:
    """A line of one product."""
    return OrderLine(
        gid=f"{GID}LineItem/{number}",
        title=f"Thing {number}",
        sku=more.pop("sku", f"SKU-{number}"),
        quantity=quantity,
        current_quantity=more.pop("current_quantity", quantity),
        unit_price=eur(price),
        variant_gid=f"{GID}ProductVariant/{number}",
        **more,
    )


def shipping(price: str = "5.00", **more: Any) -> ShippingLine:
    """A shipping line."""
    return ShippingLine(gid=f"{GID}ShippingLine/1", title="Parcel", code="parcel", price=eur(price), **more)


def order(*lines: OrderLine, total: str, **more: Any) -> Order:
    """An order with the total that Shopify tells."""
    nothing = eur("0")
    given: dict[str, Any] = {"total": eur(total), "current_total": eur(more.pop("current_total", total))}
    names = (
        "subtotal",
        "discounts",
        "tax",
        "shipping",
        "duties",
        "fees",
        "tip",
        "rounding_paid",
        "rounding_refunded",
    )
    given |= {name: more.pop(f"{name}_total", nothing) for name in names}
    totals = Totals(**given, told=frozenset())
    return Order(
        gid=f"{GID}Order/1001",
        name="#1001",
        number=1001,
        created_at=AT,
        processed_at=AT,
        updated_at=AT,
        currency="EUR",
        presentment_currency="EUR",
        taxes_included=more.pop("taxes_included", False),
        totals=totals,
        lines=lines or (line(),),
        email=more.pop("email", "ada@example.com"),
        shipping=more.pop("shipping_address", Address(name="Ada Stone", city="Kiel", country_code="DE")),
        financial_status=more.pop("financial_status", "paid"),
        source_name=more.pop("source_name", "web"),
        **more,
    )


def rules(**more: Any) -> Rules:
    """Rules that know three products, two taxes and every service."""
    return Rules(
        products=more.pop("products", ProductRules(codes={f"SKU-{n}": f"item-{n}" for n in (1, 2, 3)})),
        taxes=more.pop("taxes", (TaxRule(erp_tax="t19", rate=Decimal("0.19")),)),
        services=more.pop(
            "services",
            {kind: Service(item=f"service-{kind.value}") for kind in LineKind if kind != LineKind.GOODS},
        ),
        **more,
    )


def sale(amount: str, *, of: str = "product", quantity: int = 1, number: int = 1, **more: Any) -> Sale:
    """A ledger sale about a line (or something else) by its number."""
    kinds = {"product": "LineItem", "tip": "LineItem", "gift_card": "LineItem", "shipping": "ShippingLine"}
    tax = more.pop("tax", eur("0"))
    return Sale(
        gid=f"{GID}Sale/{of}{number}{amount}",
        line_type=of,
        action="order" if quantity > 0 else "return",
        quantity=quantity,
        total=eur(amount),
        tax=tax,
        taxes=more.pop("taxes", ()),
        discount=more.pop("discount", eur("0")),
        target_gid=f"{GID}{kinds.get(of, of)}/{number}",
    )


def entry(number: int, *sales: Sale, kind: AgreementKind = AgreementKind.ORDER, **more: Any) -> Agreement:
    """A ledger entry; its number tells when it happened."""
    return Agreement(
        gid=f"{GID}{kind.value.capitalize()}Agreement/{number}",
        kind=kind,
        happened_at=AT.replace(minute=number),
        sales=sales,
        **more,
    )


def exported(total: str, *covers: str, reference: str = "1001") -> Exported:
    """An order whose first document is in the ERP."""
    sold = ExportedDocument(
        reference=reference,
        kind=DocumentKind.SALE,
        covers=covers,
        total=eur(total),
        residual=eur("0"),
        rounding=eur("0"),
    )
    return Exported(documents=(sold,))


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A party that a connector found."""

    erp_id: str
    by: str
    name: str = field(default="Somebody")
