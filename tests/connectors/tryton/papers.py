"""Documents as the plan makes them, for the tests of the connector: amounts are typed in or drawn, never recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from secrets import token_hex
from typing import Any

from sandbox.erp.tryton.books import tax_name
from sync.domain.documents import (
    Address,
    CustomerDocument,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    LineKind,
    PackageDocument,
    PaymentDocument,
    Restock,
    ShipmentDocument,
)
from sync.domain.money import Both, Money
from tests.fixtures.tryton import Erp

CENT = Decimal("0.01")
NAMES = {"alpha.myshopify.com": "USD", "beta.myshopify.com": "EUR"}
HOME = Address(
    name="Anna Becker", street="Lindenstraße 4", city="Hamburg", postal_code="20095", country_code="DE"
)
_numbers = count(1001)


def both(amount: Decimal | str, currency: str) -> Both:
    """One amount in one currency, as the shop and the buyer both saw it."""
    money = Money(Decimal(amount), currency)
    return Both(money, money)


def new_reference() -> str:
    """A reference that no other test uses."""
    return f"{next(_numbers)}{token_hex(3)}"


def new_customer(**values: Any) -> CustomerDocument:
    """A customer whom Tryton has never seen."""
    return CustomerDocument(
        **{"code": f"shopify-{token_hex(5)}", "name": "Anna Becker", "addresses": (HOME,), **values}
    )


@dataclass
class Paper:
    """Writes the documents of one order against one merchant's Tryton."""

    erp: Erp
    reference: str = field(default_factory=new_reference)
    customer: CustomerDocument = field(default_factory=new_customer)
    currency: str = ""

    def __post_init__(self) -> None:
        self.currency = self.currency or NAMES[self.erp.shop]

    @property
    def warehouses(self) -> list[str]:
        """Ids of both warehouses."""
        return [str(each) for each in self.erp.ids["warehouses"].values()]

    def item(self, sku: str) -> str:
        """Id of a product of the shop."""
        return str(self.erp.ids["products"][sku])

    def tax(self, title: str, rate: str, amount: Decimal | str) -> DocumentTax:
        """A tax with the amount that was charged."""
        return DocumentTax(
            erp_tax=str(self.erp.ids["taxes"][tax_name(title, rate)]),
            title=title,
            rate=Decimal(rate),
            amount=both(amount, self.currency),
            is_included=self.currency == "EUR",
        )

    def goods(
        self,
        sku: str,
        quantity: int,
        net: Decimal | str,
        *taxes: DocumentTax,
        restock: Restock = Restock.NONE,
        warehouse: str = "",
    ) -> DocumentLine:
        """Goods that were sold or, with minus signs, taken back."""
        return DocumentLine(
            source=f"gid://shopify/LineItem/{sku}",
            kind=LineKind.GOODS,
            description=f"{sku} as the buyer saw it",
            quantity=Decimal(quantity),
            net=both(net, self.currency),
            taxes=taxes,
            erp_item=self.item(sku),
            sku=sku,
            restock=restock,
            erp_warehouse=warehouse,
        )

    def money(
        self, kind: LineKind, code: str, net: Decimal | str, *taxes: DocumentTax, account: str = ""
    ) -> DocumentLine:
        """Money that is not goods, on a service product."""
        amount = Decimal(net)
        return DocumentLine(
            source=f"gid://shopify/{kind}",
            kind=kind,
            description=code,
            quantity=Decimal(-1) if amount < 0 and kind is not LineKind.DISCOUNT else Decimal(1),
            net=both(amount, self.currency),
            taxes=taxes,
            erp_item=str(self.erp.ids["services"][code]),
            erp_account=str(self.erp.ids["accounts"][account]) if account else "",
        )

    def payment(
        self, source: str, amount: Decimal | str, *, suffix: str = "", **values: Any
    ) -> PaymentDocument:
        """Money that moved for the order (or for the credit of a suffix), through the shop's payment provider."""
        return PaymentDocument(
            source=source,
            record="gid://shopify/Order/1",
            origin=f"{self.reference}/{suffix}" if suffix else self.reference,
            number=f"#{self.reference}",
            currency=self.currency,
            paid_on=values.pop("paid_on", date.today()),  # noqa: DTZ011 - the day of the company's books
            is_refund=bool(suffix),
            gateway="shopify_payments",
            erp_method=str(self.erp.ids["payment_method"]),
            amount=both(amount, self.currency),
            **values,
        )

    def sale(self, lines: Sequence[DocumentLine], **values: Any) -> Document:
        """The order."""
        return self._document(DocumentKind.SALE, self.reference, lines, **values)

    def credit(self, lines: Sequence[DocumentLine], *, suffix: str = "R1", **values: Any) -> Document:
        """A later document that takes money or goods back."""
        reference = f"{self.reference}/{suffix}"
        return self._document(DocumentKind.CREDIT, reference, lines, origin=self.reference, **values)

    def shipment(self, lines: dict[str, int], *, suffix: str = "F1", **values: Any) -> ShipmentDocument:
        """A fulfilment."""
        return ShipmentDocument(
            **{
                "reference": f"{self.reference}/{suffix}",
                "record": "gid://shopify/Order/1",
                "origin": self.reference,
                "shipped_at": datetime.now(UTC),
                "warehouse": self.warehouses[0],
                "lines": tuple((self.item(sku), Decimal(quantity)) for sku, quantity in lines.items()),
                "packages": (PackageDocument(tracking_number="1Z999", carrier="UPS"),),
                **values,
            }
        )

    def _document(
        self, kind: DocumentKind, reference: str, lines: Sequence[DocumentLine], **values: Any
    ) -> Document:
        total = both("0", self.currency)
        for line in lines:
            total = total + line.gross
        return Document(
            **{
                "kind": kind,
                "reference": reference,
                "record": "gid://shopify/Order/1",
                "number": f"#{reference}",
                "dated_on": date.today(),  # noqa: DTZ011 - the day of the company's books
                "occurred_at": datetime.now(UTC),
                "currency": self.currency,
                "lines": tuple(lines),
                "total": total,
                "customer": self.customer,
                "billing": HOME,
                "shipping": HOME,
                "warehouse": self.warehouses[0],
                **values,
            }
        )


def share(gross: Decimal, rate: str) -> Decimal:
    """The tax that Shopify finds in a price that includes it: half a cent goes up."""
    return (gross * Decimal(rate) / (1 + Decimal(rate))).quantize(CENT, ROUND_HALF_UP)


def on_top(net: Decimal, rate: str) -> Decimal:
    """The tax that Shopify puts on a line: half a cent goes up."""
    return (net * Decimal(rate)).quantize(CENT, ROUND_HALF_UP)


def pan(paper: Paper, quantity: int, restock: Restock = Restock.NONE, warehouse: str = "") -> DocumentLine:
    """Pans at 67.22 plus 12.77 each."""
    return paper.goods(
        "BET-PFANNE",
        quantity,
        Decimal("67.22") * quantity,
        paper.tax("MwSt", "0.19", Decimal("12.77") * quantity),
        restock=restock,
        warehouse=warehouse,
    )
