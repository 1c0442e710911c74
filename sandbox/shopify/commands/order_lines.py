"""The lines of a new order: what is bought, at which price, with which taxes.

It owns reading the `lines` and `shipping` of an order's spec into charges and writing them as LineItem and
ShippingLine documents. It refuses a line that names no known goods and no title.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import pricing
from sandbox.shopify.commands.pricing import Charge
from sandbox.shopify.documents import load, new_gid
from sandbox.shopify.money import Bag, Currencies
from sandbox.shopify.store import Document, Store


class UnknownGoods(LookupError):
    """A line names a SKU or a variant that the shop does not have."""


@dataclass
class Line:
    """One line of the spec with the goods behind it."""

    id: str
    wish: Document
    quantity: int
    unit: Bag
    charge: Charge
    variant: Document | None = None
    item: Document | None = None
    product: Document | None = None
    is_tip: bool = False
    duties: list[Document] = field(default_factory=list)

    @property
    def is_gift_card(self) -> bool:
        """Whether what is bought is a gift card."""
        return bool(self.product and self.product["isGiftCard"])

    @property
    def requires_shipping(self) -> bool:
        """Whether a parcel must leave for it."""
        if self.is_tip or self.is_gift_card:
            return False
        if self.item is not None:
            return bool(self.item["requiresShipping"])
        return bool(self.wish.get("requires_shipping", True))


@dataclass(frozen=True)
class Taxation:
    """How this order is taxed."""

    classes: dict[str, Any]
    included: bool
    on_shipping: bool
    applies: bool

    def rates(self, tax_class: str) -> pricing.Rates:
        """Title and rate of each tax of a class."""
        if tax_class not in self.classes:
            raise UnknownGoods(f"tax_class must be one of {', '.join(sorted(self.classes))}, not {tax_class}")
        rates: pricing.Rates = self.classes[tax_class] if self.applies else []
        return rates


def read(store: Store, shop: str, wish: Document, *, taxation: Taxation, currencies: Currencies) -> Line:
    """One line of the spec."""
    variant = _variant(store, shop, wish)
    item = load(store, shop, variant["inventoryItemId"]) if variant else None
    product = load(store, shop, variant["productId"]) if variant else None
    if variant is None and not wish.get("title"):
        raise UnknownGoods(f"a line needs sku, variant_id or title: {wish!r}")
    price = Decimal(
        str(wish.get("price") if wish.get("price") is not None else (variant or {"price": "0"})["price"])
    )
    unit, quantity = currencies.bag(price), int(wish.get("quantity", 1))
    taxable = wish.get("taxable", variant["taxable"] if variant else True)
    tax_class = wish.get("tax_class") or (variant["taxClass"] if variant else "standard")
    rates = taxation.rates(tax_class) if taxable else []
    charge = Charge(unit.times(quantity), rates)
    line_id = new_gid(store, "LineItem")
    return Line(line_id, wish, quantity, unit, charge, variant=variant, item=item, product=product)


def tip(store: Store, amount: Any, *, currencies: Currencies) -> Line:
    """The line that a tip becomes."""
    unit = currencies.bag(Decimal(str(amount)))
    wish = {"title": "Tip", "taxable": False}
    return Line(new_gid(store, "LineItem"), wish, 1, unit, Charge(unit), is_tip=True)


def _variant(store: Store, shop: str, wish: Document) -> Document | None:
    if wish.get("variant_id"):
        found = load(store, shop, wish["variant_id"])
    elif wish.get("sku") and not wish.get("title"):
        found = next((row for row in store.views(shop, "product_variant") if row["sku"] == wish["sku"]), None)
    else:
        return None
    if found is None:
        named = f"variant {wish['variant_id']}" if wish.get("variant_id") else f"SKU {wish['sku']}"
        raise UnknownGoods(f"the shop has no goods with {named}")
    return found


def document(
    line: Line, *, order_id: str, applications: Sequence[Document], taxation: Taxation, currencies: Currencies
) -> Document:
    """The LineItem."""
    charge, wish, variant = line.charge, line.wish, line.variant
    title = wish.get("title") or (line.product or {}).get("title", "")
    variant_title = None if variant is None or variant["title"] == "Default Title" else variant["title"]
    own_discount = charge.allocated(applications, across=False)
    taxes = pricing.tax_lines(charge.net, charge.rates, included=taxation.included, currencies=currencies)
    before_taxes = charge.net - pricing.tax_total(taxes) if taxation.included else charge.net
    properties = wish.get("properties") or {}
    return {
        "id": line.id,
        "orderId": order_id,
        "title": title,
        "variantTitle": variant_title,
        "name": f"{title} - {variant_title}" if variant_title else title,
        "sku": variant["sku"] if variant else wish.get("sku"),
        "vendor": (line.product or {}).get("vendor"),
        "variantId": variant["id"] if variant else None,
        "productId": line.product["id"] if line.product else None,
        "quantity": line.quantity,
        "currentQuantity": line.quantity,
        "refundableQuantity": line.quantity,
        "unfulfilledQuantity": 0 if line.is_tip else line.quantity,
        "nonFulfillableQuantity": line.quantity if line.is_tip else 0,
        "fulfillableQuantity": 0 if line.is_tip else line.quantity,
        "requiresShipping": line.requires_shipping,
        "taxable": bool(charge.rates),
        "isGiftCard": line.is_gift_card,
        "isTip": line.is_tip,
        "customAttributes": [{"key": key, "value": str(value)} for key, value in properties.items()],
        "originalUnitPriceSet": currencies.document(line.unit),
        "originalTotalSet": currencies.document(charge.gross),
        "discountedUnitPriceSet": _per_piece(charge.gross - own_discount, line.quantity, currencies),
        "discountedUnitPriceAfterAllDiscountsSet": _per_piece(charge.net, line.quantity, currencies),
        "discountedTotalSet": currencies.document(charge.gross - own_discount),
        "discountedTotalWithCodesSet": currencies.document(charge.net),
        "totalDiscountSet": currencies.document(own_discount),
        "priceAfterAllDiscountsBeforeTaxesSet": currencies.document(before_taxes),
        "discountAllocations": pricing.allocations(charge, applications, currencies),
        "taxLines": taxes,
        "duties": line.duties,
        "weight": line.item["measurement"]["weight"] if line.item else {"unit": "KILOGRAMS", "value": 0.0},
        "inventoryItemId": line.item["id"] if line.item else None,
        "isTracked": bool(line.item and line.item["tracked"]),
    }


def _per_piece(amount: Bag, quantity: int, currencies: Currencies) -> Document:
    return currencies.document(currencies.rounded(amount.times(Decimal(1) / quantity)) if quantity else Bag())


def shipping_document(
    store: Store,
    wish: Document,
    charge: Charge,
    *,
    applications: Sequence[Document],
    taxation: Taxation,
    currencies: Currencies,
) -> Document:
    """The ShippingLine."""
    taxes = pricing.tax_lines(charge.net, charge.rates, included=taxation.included, currencies=currencies)
    return {
        "id": new_gid(store, "ShippingLine"),
        "title": wish.get("title", "Standard"),
        "code": wish.get("code") or wish.get("title", "Standard"),
        "source": wish.get("source", "shopify"),
        "custom": False,
        "isRemoved": False,
        "carrierIdentifier": None,
        "deliveryCategory": None,
        "phone": None,
        "originalPriceSet": currencies.document(charge.gross),
        "discountedPriceSet": currencies.document(charge.net),
        "currentDiscountedPriceSet": currencies.document(charge.net),
        "priceSet": currencies.document(charge.gross),
        "discountAllocations": pricing.allocations(charge, applications, currencies),
        "taxLines": taxes,
    }
