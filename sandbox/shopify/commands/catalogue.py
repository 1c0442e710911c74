"""Products, variants, inventory items and levels as documents: how they come into a shop.

It owns the shape of a new product and of everything that hangs on it. Changing what is there is the business of
`products` and `stock`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.shopify.documents import gid, now, number
from sandbox.shopify.store import Document, Store

QUANTITY_NAMES = (
    *("available", "committed", "damaged", "incoming"),
    *("quality_control", "reserved", "safety_stock"),
)
ON_HAND = tuple(name for name in QUANTITY_NAMES if name != "incoming")


@dataclass(frozen=True)
class NewVariant:
    """What a new variant needs; `stock` is available by location id."""

    option_values: tuple[tuple[str, str], ...] = (("Title", "Default Title"),)
    sku: str | None = None
    price: str = "0.00"
    barcode: str | None = None
    cost: str | None = None
    grams: int = 0
    tracked: bool = True
    requires_shipping: bool = True
    taxable: bool = True
    tax_class: str = "standard"
    compare_at_price: str | None = None
    stock: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NewProduct:
    """What a new product needs."""

    title: str
    variants: tuple[NewVariant, ...]
    vendor: str
    type: str = ""
    status: str = "ACTIVE"
    handle: str | None = None
    tags: tuple[str, ...] = ()
    description_html: str = ""
    is_gift_card: bool = False


MakeId = Callable[[], int]


def add(store: Store, shop: str, product: NewProduct, *, make_id: MakeId | None = None) -> str:
    """Puts a product with its variants, items and levels into the shop; gives the product's id."""
    make = make_id or store.next_id
    product_id = gid("Product", make())
    at = now(store)
    with store.lock, store.batch():
        variants = [
            add_variant(
                store, shop, variant, product_id=product_id, title=product.title, position=place, make_id=make
            )
            for place, variant in enumerate(product.variants, start=1)
        ]
        store.put(
            shop,
            "product",
            product_id,
            {
                "id": product_id,
                "title": product.title,
                "handle": product.handle or free_handle(store, shop, product.title),
                "vendor": product.vendor,
                "productType": product.type,
                "status": product.status,
                "tags": clean_tags(product.tags),
                "descriptionHtml": product.description_html,
                "isGiftCard": product.is_gift_card,
                "createdAt": at,
                "updatedAt": at,
                "publishedAt": at if product.status == "ACTIVE" else None,
                "variantIds": variants,
                "options": options_of(product.variants, make),
            },
        )
    return product_id


def add_variant(
    store: Store,
    shop: str,
    variant: NewVariant,
    *,
    product_id: str,
    title: str,
    position: int,
    make_id: MakeId,
) -> str:
    """Puts one variant with its inventory item and levels into the shop; gives the variant's id."""
    variant_id, item_id, at = gid("ProductVariant", make_id()), gid("InventoryItem", make_id()), now(store)
    name = " / ".join(value for _, value in variant.option_values)
    store.put(
        shop,
        "product_variant",
        variant_id,
        {
            "id": variant_id,
            "productId": product_id,
            "inventoryItemId": item_id,
            "title": name,
            "displayName": f"{title} - {name}",
            "sku": variant.sku,
            "barcode": variant.barcode,
            "price": variant.price,
            "compareAtPrice": variant.compare_at_price,
            "position": position,
            "taxable": variant.taxable,
            "taxClass": variant.tax_class,
            "inventoryPolicy": "DENY",
            "selectedOptions": [{"name": option, "value": value} for option, value in variant.option_values],
            "createdAt": at,
            "updatedAt": at,
        },
    )
    _add_item(store, shop, item_id, variant_id, variant)
    stock = variant.stock or {primary_location(store, shop): 0}
    for location_id, available in stock.items():
        add_level(store, shop, item_id, location_id, available=available)
    return variant_id


def _add_item(store: Store, shop: str, item_id: str, variant_id: str, variant: NewVariant) -> None:
    at = now(store)
    currency = (store.view(shop, "shop", shop) or {})["currencyCode"]
    store.put(
        shop,
        "inventory_item",
        item_id,
        {
            "id": item_id,
            "variantId": variant_id,
            "sku": variant.sku,
            "tracked": variant.tracked,
            "requiresShipping": variant.requires_shipping,
            "unitCost": None if variant.cost is None else {"amount": variant.cost, "currencyCode": currency},
            "measurement": {
                "id": gid("InventoryItemMeasurement", number(item_id)),
                "weight": {"unit": "KILOGRAMS", "value": variant.grams / 1000},
            },
            "countryCodeOfOrigin": None,
            "provinceCodeOfOrigin": None,
            "harmonizedSystemCode": None,
            "createdAt": at,
            "updatedAt": at,
        },
    )


def add_level(store: Store, shop: str, item_id: str, location_id: str, *, available: int) -> Document:
    """Stocks an item at a location."""
    location = store.view(shop, "location", location_id)
    assert location is not None
    level_id, at = level_id_of(location, item_id), now(store)
    quantities = dict.fromkeys(QUANTITY_NAMES, 0) | {"available": available}
    document: Document = {
        "id": level_id,
        "itemId": item_id,
        "locationId": location_id,
        "isActive": True,
        "stock": quantities,
        "writtenAt": {"available": at} if available else {},
        "createdAt": at,
        "updatedAt": at,
    }
    return store.put(shop, "inventory_level", level_id, document)


def level_id_of(location: Document, item_id: str) -> str:
    """The id of an item's level at a location: the number is the location's own, the item follows in the query."""
    return f"gid://shopify/InventoryLevel/{location['levelNumber']}?inventory_item_id={number(item_id)}"


def primary_location(store: Store, shop: str) -> str:
    """The id of the shop's first location."""
    return str(store.views(shop, "location")[0]["id"])


def options_of(variants: Sequence[NewVariant], make_id: MakeId) -> list[Document]:
    """The product options that the variants' values make up."""
    values: dict[str, list[str]] = {}
    for variant in variants:
        for name, value in variant.option_values:
            kept = values.setdefault(name, [])
            if value not in kept:
                kept.append(value)
    return [
        {
            "id": gid("ProductOption", make_id()),
            "name": name,
            "position": place,
            "values": kept,
            "optionValues": [
                {"id": gid("ProductOptionValue", make_id()), "name": value, "hasVariants": True}
                for value in kept
            ],
        }
        for place, (name, kept) in enumerate(values.items(), start=1)
    ]


def free_handle(store: Store, shop: str, title: str) -> str:
    """A handle made of the title that no product of the shop has yet."""
    taken = {product["handle"] for product in store.views(shop, "product")}
    handle = base = handle_of(title)
    counter = 0
    while handle in taken:
        counter += 1
        handle = f"{base}-{counter}"
    return handle


def handle_of(title: str) -> str:
    """The title in small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "product"


def clean_tags(tags: Sequence[Any]) -> list[str]:
    """Trimmed, without doubles (the first spelling wins), sorted whatever the letter case."""
    kept: dict[str, str] = {}
    for tag in tags:
        if (text := str(tag).strip()) and text.lower() not in kept:
            kept[text.lower()] = text
    return [kept[key] for key in sorted(kept)]
