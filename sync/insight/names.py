"""What people call a record: its kind in words, its number, and the short path under which its page is found.

It owns the translation in both directions between a record's name in the tables and the name in an address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "gid://shopify/"
# A kind and a number; what the ERP made for an order is named after it: `Order/7#credit:12`.
_SHORT = re.compile(r"[A-Z][A-Za-z]+/[0-9A-Za-z_-]+(#[a-z]+:.+)?")
_PARTS = {"credit": "Credit note", "shipment": "Shipment"}
_WORDS = {
    "InventoryItem": "Stock item",
    "InventoryLevel": "Stock level",
    "ProductVariant": "Variant",
    "Fulfillment": "Shipment",
    "FulfillmentOrder": "Shipment order",
    "ShopifyPaymentsPayout": "Payout",
}


@dataclass(frozen=True, kw_only=True)
class RecordName:
    """A record as people see it."""

    record: str
    word: str  # Order
    number: str  # 6000000123, the number that Shopify's admin uses in addresses
    path: str  # Order/6000000123
    order_path: str = ""  # of the order that it belongs to, when it is a part of one

    @property
    def is_order(self) -> bool:
        """Whether Shopify's admin has an order page for it."""
        return self.word == "Order"


def of(record: str) -> RecordName:
    """The name of a record."""
    path = record.removeprefix(PREFIX)
    kind, slash, number = path.partition("/")
    if not slash or not _SHORT.fullmatch(path):
        return RecordName(record=record, word="Record", number=record, path=record)
    number, _, part = number.partition("#")
    if part:
        what, _, erp_id = part.partition(":")
        word = _PARTS.get(what) or what.capitalize()
        order_path = f"{kind}/{number}"
        return RecordName(record=record, word=word, number=erp_id, path=path, order_path=order_path)
    word = _WORDS.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()
    return RecordName(record=record, word=word, number=number, path=path)


def record_at(path: str) -> str:
    """The record that a path names; the other way round of `of(record).path`."""
    return PREFIX + path if _SHORT.fullmatch(path) else path


def titled(record: str, title: str = "") -> str:
    """What a list calls a record: `Order #1001`, or its number while the title is not known."""
    name = of(record)
    if name.word != "Record":
        return f"{name.word} {title or name.number}"
    known = next((words for start, words in _OWN.items() if record.startswith(start)), record)
    return title or known


# Work that is about the shop as a whole, not about one record of Shopify.
_OWN = {
    "shop": "This shop",
    "orders": "All orders",
    "prices": "Many prices at once",
    "delivery:": "A delivery of Shopify",
    "customers/data_request": "Privacy: data request",
    "customers/redact": "Privacy: delete a customer",
    "shop/redact": "Privacy: delete this shop",
}

_FLOWS = {
    "order_push": "Order to ERP",
    "refund_push": "Refund to ERP",
    "fulfilment_push": "Shipment to ERP",
    "customer_push": "Customer to ERP",
    "payout_push": "Payout to ERP",
    "stock_pull": "Stock to Shopify",
    "shipment_pull": "Shipment to Shopify",
    "refund_pull": "Refund to Shopify",
    "product_pull": "Product to Shopify",
    "price_pull": "Price to Shopify",
    "welcome": "Getting to know the shop",
    "subscriptions": "Subscriptions at Shopify",
    "reconcile": "Comparison with Shopify",
    "backfill": "Bringing history in",
    "privacy": "Privacy request",
    "intake": "Reading a delivery",
}


def flow(name: str) -> str:
    """What people call a flow."""
    return _FLOWS.get(name) or name.replace("_", " ").capitalize()
