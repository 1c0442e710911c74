"""Whole products at Shopify: reading one with its texts, making one, and adding variants to it.

A new product is set under a handle that its maker can always name again, so the same call twice makes one product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.shopify import goods, writer
from sync.shopify.client import Client
from sync.shopify.goods import Variant

VARIANTS_LIMIT: Final = 2048
ADD_LIMIT: Final = 250  # of a call; also the choices that a new product can name at once
OPTION: Final = "Variant"  # the one option of a product with several variants
ALONE: Final = ("Title", "Default Title")  # how Shopify spells that a product has one variant only


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product as Shopify has it."""

    gid: str
    title: str
    description_html: str
    vendor: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, kw_only=True)
class NewVariant:
    """A variant to make. None leaves a field to Shopify."""

    sku: str
    choice: str = ""  # what a buyer picks; empty for the only variant of a product
    barcode: str | None = None
    cost: Decimal | None = None
    is_tracked: bool = False


@dataclass(frozen=True, kw_only=True)
class NewProduct:
    """A product to make, as a draft. None leaves a field to Shopify."""

    handle: str
    title: str
    variants: tuple[NewVariant, ...]
    description_html: str | None = None
    vendor: str | None = None


def read(client: Client, gid: str, *, lane: int) -> Product | None:
    """A product with all its variants; none when it is gone."""
    node: Any = None
    variants: list[Variant] = []
    after: str | None = None
    for _ in range(goods.PAGES_LIMIT):
        node = client.run("product", {"id": gid, "after": after}, lane=lane)["product"]
        if node is None:
            return None
        variants += [goods.variant(each) for each in node["variants"]["nodes"]]
        if not node["variants"]["pageInfo"]["hasNextPage"]:
            break
        after = node["variants"]["pageInfo"]["endCursor"]
    return Product(
        gid=node["id"],
        title=node["title"],
        description_html=node["descriptionHtml"] or "",
        vendor=node["vendor"] or "",
        variants=tuple(variants),
    )


def by_handle(client: Client, handle: str, *, lane: int) -> str | None:
    """The product with this handle. Unlike a search, it knows what was made a moment ago."""
    node = client.run("product_by_handle", {"handle": handle}, lane=lane)["productByIdentifier"]
    return None if node is None else str(node["id"])


def create(client: Client, product: NewProduct, *, lane: int) -> str:
    """Makes a draft with its variants and returns its id. Only for a handle that is free: it would be overwritten."""
    told = {"title": product.title, "descriptionHtml": product.description_html, "vendor": product.vendor}
    fields: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    option = OPTION if product.variants[0].choice else ALONE[0]
    choices = [each.choice or ALONE[1] for each in product.variants]
    fields |= {
        "handle": product.handle,
        "status": "DRAFT",
        "productOptions": [{"name": option, "values": [{"name": choice} for choice in choices]}],
        "variants": [_variant_input(each) for each in product.variants],
    }
    variables = {"identifier": {"handle": product.handle}, "input": fields}
    return str(writer.done(client, "product_set", variables, lane=lane)["product"]["id"])


def add_variants(client: Client, product: str, variants: Sequence[NewVariant], *, lane: int) -> None:
    """Adds variants to a product that has others, all or none. Shopify refuses a choice that is there."""
    rows = [_variant_input(each) for each in variants]
    writer.done(client, "product_variants_bulk_create", {"product": product, "variants": rows}, lane=lane)


def _variant_input(variant: NewVariant) -> dict[str, Any]:
    option = (OPTION, variant.choice) if variant.choice else ALONE
    item: dict[str, Any] = {"sku": variant.sku, "tracked": variant.is_tracked}
    if variant.cost is not None:
        item["cost"] = str(variant.cost)
    row: dict[str, Any] = {
        "optionValues": [{"optionName": option[0], "name": option[1]}],
        "inventoryItem": item,
    }
    if variant.barcode is not None:
        row["barcode"] = variant.barcode
    return row
