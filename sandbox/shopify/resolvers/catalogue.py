"""Products and variants: lists, searches, and what follows from their stock."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sandbox.shopify.connections import SortKey, connection, count, sort_by
from sandbox.shopify.context import Context
from sandbox.shopify.documents import number
from sandbox.shopify.money import money
from sandbox.shopify.resolvers.inventory import levels_of, quantity
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

VARIANT_FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "product_id": Field(lambda row: [row["productId"].rsplit("/", 1)[-1]], "id"),
    "sku": Field(lambda row: [row["sku"]]),
    "barcode": Field(lambda row: [row["barcode"]]),
    "title": Field(lambda row: [row["title"], row["displayName"]]),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
    "taxable": Field(lambda row: [row["taxable"]]),
}
VARIANT_SORTS: dict[str, SortKey] = {
    "ID": lambda row: number(row["id"]),
    "SKU": lambda row: str(row["sku"] or "").lower(),
    "TITLE": lambda row: str(row["title"]).lower(),
    "POSITION": lambda row: int(row["position"]),
    "INVENTORY_POLICY": lambda row: str(row["inventoryPolicy"]),
}
PRODUCT_SORTS: dict[str, SortKey] = {
    "ID": lambda row: number(row["id"]),
    "TITLE": lambda row: str(row["title"]).lower(),
    "CREATED_AT": lambda row: str(row["createdAt"]),
    "UPDATED_AT": lambda row: str(row["updatedAt"]),
    "VENDOR": lambda row: str(row["vendor"]).lower(),
    "PRODUCT_TYPE": lambda row: str(row["productType"]).lower(),
}


def variants_of(context: Context, product: Document) -> list[Document]:
    """The product's variants in their positions."""
    return [found for one in product["variantIds"] if (found := context.load(one)) is not None]


def _product_fields(context: Context) -> dict[str, Field]:
    return {
        "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
        "title": Field(lambda row: [row["title"], *row["title"].split()]),
        "handle": Field(lambda row: [row["handle"]]),
        "vendor": Field(lambda row: [row["vendor"]]),
        "product_type": Field(lambda row: [row["productType"]]),
        "status": Field(lambda row: [row["status"]], "enum", ("active", "archived", "draft")),
        "tag": Field(lambda row: row["tags"]),
        "created_at": Field(lambda row: [row["createdAt"]], "time"),
        "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
        "gift_card": Field(lambda row: [row["isGiftCard"]]),
        "sku": Field(lambda row: [variant["sku"] for variant in variants_of(context, row)]),
        "barcode": Field(lambda row: [variant["barcode"] for variant in variants_of(context, row)]),
    }


@resolves("QueryRoot.product")
def product(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "Product")


@resolves("QueryRoot.products", "Shop.products")
def products(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    sort = sort_by(PRODUCT_SORTS, arguments, "ID")
    fields = _product_fields(context)
    return context.search(context.views("product"), arguments, fields, default=("title", "sku"), sort=sort)


@resolves("QueryRoot.productsCount")
def products_count(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = context.matching(context.views("product"), arguments.get("query"), _product_fields(context))
    return count(len(rows), arguments.get("limit"))


@resolves("QueryRoot.productByIdentifier")
def product_by_identifier(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    identifier = arguments["identifier"]
    if "id" in identifier:
        return context.wanted(identifier["id"], "Product")
    return next((row for row in context.views("product") if row["handle"] == identifier.get("handle")), None)


@resolves("QueryRoot.productVariant")
def product_variant(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "ProductVariant")


@resolves("QueryRoot.productVariants", "Shop.productVariants")
def product_variants(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    sort = sort_by(VARIANT_SORTS, arguments, "ID")
    rows = context.views("product_variant")
    return context.search(rows, arguments, VARIANT_FIELDS, default=("title", "sku", "barcode"), sort=sort)


@resolves("QueryRoot.productVariantsCount")
def product_variants_count(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = context.matching(context.views("product_variant"), arguments.get("query"), VARIANT_FIELDS)
    return count(len(rows), arguments.get("limit"))


@resolves("Product.variants")
def variants(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    sort = sort_by(VARIANT_SORTS, arguments, "POSITION")
    return connection(variants_of(context, source), arguments, sort=sort)


@resolves("Product.variantsCount")
def variants_count(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return len(source["variantIds"])


@resolves("Product.totalVariants")
def total_variants(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return len(source["variantIds"])


@resolves("Product.hasOnlyDefaultVariant")
def has_only_default_variant(context: Context, source: Document, arguments: dict[str, Any]) -> bool:
    return [variant["title"] for variant in variants_of(context, source)] == ["Default Title"]


@resolves("Product.totalInventory")
def total_inventory(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    rows = [one for one in variants_of(context, source) if _tracked(context, one)]
    return sum(available_of(context, one) for one in rows)


@resolves("Product.tracksInventory")
def tracks_inventory(context: Context, source: Document, arguments: dict[str, Any]) -> bool:
    return any(_tracked(context, variant) for variant in variants_of(context, source))


@resolves("Product.hasOutOfStockVariants")
def has_out_of_stock_variants(context: Context, source: Document, arguments: dict[str, Any]) -> bool:
    rows = variants_of(context, source)
    return any(_tracked(context, one) and available_of(context, one) <= 0 for one in rows)


@resolves("Product.priceRangeV2")
def price_range(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    prices = sorted((variant["price"] for variant in variants_of(context, source)), key=float)
    shop = context.store.view(context.shop, "shop", context.shop) or {}
    low, high = (prices[0], prices[-1]) if prices else ("0", "0")
    return {
        "minVariantPrice": {"amount": low, "currencyCode": shop["currencyCode"]},
        "maxVariantPrice": {"amount": high, "currencyCode": shop["currencyCode"]},
    }


@resolves("Product.description")
def description(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    text = re.sub(r"<[^>]+>", "", source["descriptionHtml"])
    return text[: arguments["truncateAt"]] if arguments.get("truncateAt") else text


@resolves("Product.bodyHtml")
def body_html(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    return str(source["descriptionHtml"])


@resolves("ProductVariant.inventoryQuantity")
def inventory_quantity(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return available_of(context, source)


def available_of(context: Context, source: Document) -> int:
    """What of a variant is available at all locations together."""
    return sum(quantity(level, "available") for level in levels_of(context, source["inventoryItemId"]))


@resolves("ProductVariant.sellableOnlineQuantity")
def sellable_online_quantity(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return max(0, available_of(context, source))


@resolves("ProductVariant.availableForSale")
def available_for_sale(context: Context, source: Document, arguments: dict[str, Any]) -> bool:
    unlimited = source["inventoryPolicy"] == "CONTINUE" or not _tracked(context, source)
    return unlimited or available_of(context, source) > 0


@resolves("ProductVariant.presentmentPrices")
def presentment_prices(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    shop = context.store.view(context.shop, "shop", context.shop) or {}
    rates = {shop["currencyCode"]: "1", **shop["sandbox"]["rates"]}
    wanted = arguments.get("presentmentCurrencies") or list(rates)
    rows = [
        {"price": money(Decimal(source["price"]) * Decimal(rates[one]), one), "compareAtPrice": None}
        for one in wanted
        if one in rates
    ]
    return connection(rows, arguments)


def _tracked(context: Context, variant: Document) -> bool:
    item = context.load(variant["inventoryItemId"])
    return bool(item and item["tracked"])
