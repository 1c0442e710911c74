"""Merchants change their goods: titles, prices, SKUs, states.

It owns changes of Product, ProductVariant and InventoryItem documents by hand. What apps write goes through the
resolvers, which share the setters below.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.shopify.commands.catalogue import clean_tags
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.documents import now
from sandbox.shopify.store import Document, Store

PRODUCT_FIELDS = {
    "title": "title",
    "status": "status",
    "vendor": "vendor",
    "product_type": "productType",
    "body_html": "descriptionHtml",
    "handle": "handle",
}
VARIANT_FIELDS = {
    "price": "price",
    "compare_at_price": "compareAtPrice",
    "barcode": "barcode",
    "taxable": "taxable",
}


class UnknownProduct(LookupError):
    """The shop has no such product or variant."""


def update(store: Store, shop: str, product_id: str, changes: Document) -> None:
    """A merchant changes `title`, `status`, `vendor`, `product_type`, `body_html`, `handle`, `tags`, or `variants`
    [{`id` or `sku`, `price`?, `compare_at_price`?, `barcode`?, `new_sku`?, `cost`?}]."""
    with action(store, shop) as happening:
        product = store.get(shop, "product", product_id)
        if product is None:
            raise UnknownProduct(f"the shop has no product {product_id}")
        for key, field in PRODUCT_FIELDS.items():
            if key in changes:
                product[field] = str(changes[key]).upper() if key == "status" else changes[key]
        if "tags" in changes:
            product["tags"] = clean_tags(changes["tags"])
        for wish in changes.get("variants", []):
            change_variant(happening, _variant(store, shop, product, wish), wish)
        touch(happening, product)


def _variant(store: Store, shop: str, product: Document, wish: Document) -> Document:
    for variant_id in product["variantIds"]:
        variant = store.get(shop, "product_variant", variant_id)
        if variant and (wish.get("id") == variant_id or (wish.get("sku") and wish["sku"] == variant["sku"])):
            return variant
    raise UnknownProduct(f"the product has no variant {wish.get('id') or wish.get('sku')}")


def change_variant(happening: Action, variant: Document, wish: Document) -> None:
    """Writes the changes of one variant and of its inventory item; the caller touches the product."""
    store, shop, at = happening.store, happening.shop, now(happening.store)
    for key, field in VARIANT_FIELDS.items():
        if key in wish:
            variant[field] = price_of(wish[key]) if key.endswith("price") else wish[key]
    if "new_sku" in wish:
        variant["sku"] = wish["new_sku"]
    variant["updatedAt"] = at
    store.put(shop, "product_variant", variant["id"], variant)
    item_changes = {}
    if "new_sku" in wish:
        item_changes["sku"] = wish["new_sku"]
    if "cost" in wish:
        item_changes["cost"] = wish["cost"]
    if item_changes:
        change_item(happening, variant["inventoryItemId"], item_changes)


def change_item(happening: Action, item_id: str, changes: Document) -> Document:
    """Writes changes of an inventory item (`sku`, `cost`, `tracked`, `requiresShipping`, …) and tells of them."""
    store, shop = happening.store, happening.shop
    item = store.get(shop, "inventory_item", item_id)
    if item is None:
        raise UnknownProduct(item_id)
    for key, value in changes.items():
        if key == "cost":
            currency = (store.view(shop, "shop", shop) or {})["currencyCode"]
            item["unitCost"] = None if value is None else {"amount": str(value), "currencyCode": currency}
        elif key == "weight":
            item["measurement"]["weight"] = value
        else:
            item[key] = value
    item["updatedAt"] = now(store)
    kept = store.put(shop, "inventory_item", item_id, item)
    happening.tell("inventory_items/update", kept)
    return kept


def touch(happening: Action, product: Document) -> Document:
    """Stores a changed product under a new `updatedAt` and announces it."""
    product["updatedAt"] = now(happening.store)
    kept = happening.store.put(happening.shop, "product", product["id"], product)
    happening.tell("products/update", kept)
    return kept


def delete(store: Store, shop: str, product_id: str) -> None:
    """A product disappears with its variants; orders keep their own copies of what was bought."""
    with action(store, shop) as happening:
        product = store.get(shop, "product", product_id)
        if product is None:
            raise UnknownProduct(product_id)
        for variant_id in product["variantIds"]:
            store.delete(shop, "product_variant", variant_id)
        store.delete(shop, "product", product_id)
        happening.tell("products/delete", product)


def price_of(value: object) -> str | None:
    """A price as it is kept: two decimals."""
    return None if value is None else format(Decimal(str(value)).quantize(Decimal("0.01")), "f")
