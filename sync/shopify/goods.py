"""Products, variants, prices and locations at Shopify: what is there, and changing exactly the named fields.

`productSet` deletes every list entry that is left out, so it is only ever called with the whole list or with none.
None of these mutations takes a key: they set values, and setting them twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.domain.money import Money, decimal
from sync.shopify import writer
from sync.shopify.answers import UserError
from sync.shopify.client import Client

PAGES_LIMIT = 250
READ_LIMIT = 250
WRITE_LIMIT = 250
SKUS_PER_QUERY = 20


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One variant as Shopify has it. Amounts are in the shop's currency, which Shopify does not repeat here."""

    gid: str
    product: str
    product_title: str
    product_status: str
    title: str
    sku: str
    barcode: str
    item: str  # inventory item
    is_tracked: bool
    price: Decimal
    compare_at: Decimal | None
    cost: Money | None
    updated_at: datetime


@dataclass(frozen=True)
class Shown:
    """What buyers see of a variant, in the shop's currency."""

    price: Decimal
    compare_at: Decimal | None


@dataclass(frozen=True, kw_only=True)
class VariantChange:
    """Fields of a variant to set. None leaves a field as it is."""

    gid: str
    price: Decimal | None = None
    compare_at: Decimal | None = None
    barcode: str | None = None
    sku: str | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ProductChange:
    """Fields of a product to set. None leaves a field as it is; lists are never sent."""

    gid: str
    title: str | None = None
    description_html: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    status: str | None = None


@dataclass(frozen=True)
class FixedPrice:
    """A price of a variant in a price list, in the list's currency."""

    variant: str
    price: Money
    compare_at: Money | None = None


@dataclass(frozen=True)
class QuantityRule:
    """How many of a variant a company buys at once."""

    variant: str
    minimum: int
    increment: int
    maximum: int | None = None


@dataclass(frozen=True)
class Location:
    """A place that has stock."""

    gid: str
    name: str
    is_active: bool


def variants_of(client: Client, product: str, *, lane: int) -> list[Variant]:
    """All variants of a product; none when it is gone."""
    found: list[Variant] = []
    after: str | None = None
    for _ in range(PAGES_LIMIT):
        node = client.run("product", {"id": product, "after": after}, lane=lane)["product"]
        if node is None:
            return []
        found += [variant(each) for each in node["variants"]["nodes"]]
        if not node["variants"]["pageInfo"]["hasNextPage"]:
            break
        after = node["variants"]["pageInfo"]["endCursor"]
    return found


def variants(client: Client, gids: Sequence[str], *, lane: int) -> dict[str, Variant]:
    """Variants by their ids. One that is gone is not in the answer."""
    found: dict[str, Variant] = {}
    for start in range(0, len(gids), READ_LIMIT):
        nodes = client.run("variants", {"ids": list(gids[start : start + READ_LIMIT])}, lane=lane)["nodes"]
        found.update({node["id"]: variant(node) for node in nodes if node})
    return found


def variants_by_code(client: Client, codes: Sequence[str], *, lane: int) -> Iterator[Variant]:
    """Variants whose SKU or barcode is exactly one of the codes. Shopify's search finds more; those are dropped."""
    for start in range(0, len(codes), SKUS_PER_QUERY):
        part = [code for code in codes[start : start + SKUS_PER_QUERY] if code]
        if not part:
            continue
        query = " OR ".join(f'sku:"{_quoted(code)}" OR barcode:"{_quoted(code)}"' for code in part)
        for variant in _search(client, query, lane=lane):
            if variant.sku in part or variant.barcode in part:
                yield variant


def variants_page(client: Client, *, after: str | None, lane: int) -> tuple[list[Variant], str | None]:
    """A page of all variants in the order of their ids, and where the next one begins; none after the last."""
    page = client.run("product_variants", {"query": "", "after": after}, lane=lane)["productVariants"]
    following = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    return [variant(node) for node in page["nodes"]], following


def locations(client: Client, *, lane: int) -> list[Location]:
    """All active locations that keep stock of their own."""
    found: list[Location] = []
    after: str | None = None
    for _ in range(PAGES_LIMIT):
        page = client.run("locations", {"after": after}, lane=lane)["locations"]
        found += [Location(node["id"], node["name"], node["isActive"]) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return found


def update_variants(
    client: Client, product: str, changes: Sequence[VariantChange], *, lane: int
) -> dict[int, UserError]:
    """Sets fields of variants of one product; good ones are written although others are refused. Returns the
    refusals by position. Raises Refused when the call as a whole is."""
    name = "product_variants_bulk_update"
    _, errors = writer.tried(client, name, variables_of_update(product, changes), lane=lane)
    refused: dict[int, UserError] = {}
    for error in errors.errors:
        row = error.row("variants")
        if row is None:
            writer.refuse(name, errors)
        refused.setdefault(row, error)
    return refused


def variables_of_update(product: str, changes: Sequence[VariantChange]) -> dict[str, Any]:
    """What `product_variants_bulk_update` is called with, alone or as a line of a bulk operation."""
    return {"product": product, "variants": [_variant_input(each) for each in changes], "partial": True}


def shown_prices(payload: Mapping[str, Any]) -> dict[str, Shown]:
    """Of an answer to `product_variants_bulk_update`: the prices that its variants have now."""
    return {
        node["id"]: Shown(
            decimal(node["price"]),
            None if node["compareAtPrice"] is None else decimal(node["compareAtPrice"]),
        )
        for node in payload.get("productVariants") or ()
    }


def update_product(client: Client, change: ProductChange, *, lane: int) -> None:
    """Sets fields of a product that exists."""
    wished = {
        "title": change.title,
        "descriptionHtml": change.description_html,
        "vendor": change.vendor,
        "productType": change.product_type,
        "status": change.status,
    }
    fields = {name: value for name, value in wished.items() if value is not None}
    if fields:
        writer.done(client, "product_set", {"identifier": {"id": change.gid}, "input": fields}, lane=lane)


def description_of(client: Client, product: str, *, lane: int) -> str | None:
    """The description of a product as Shopify keeps it, which tidies HTML; none when the product is gone."""
    node = client.run("product_description", {"id": product}, lane=lane)["product"]
    return None if node is None else str(node["descriptionHtml"] or "")


def update_item(
    client: Client, item: str, *, is_tracked: bool | None = None, cost: Decimal | None = None, lane: int
) -> None:
    """Sets whether stock is tracked, or what the goods cost."""
    fields: dict[str, Any] = {}
    if is_tracked is not None:
        fields["tracked"] = is_tracked
    if cost is not None:
        fields["cost"] = str(cost)
    if fields:
        writer.done(client, "inventory_item_update", {"id": item, "input": fields}, lane=lane)


def fixed_prices(client: Client, price_list: str, *, lane: int) -> tuple[str, dict[str, FixedPrice]] | None:
    """The currency of a price list and its fixed prices by variant; none when the list is gone."""
    prices: dict[str, FixedPrice] = {}
    after: str | None = None
    for _ in range(PAGES_LIMIT):
        node = client.run("price_list", {"id": price_list, "after": after}, lane=lane)["priceList"]
        if node is None:
            return None
        for each in node["prices"]["nodes"]:
            variant = each["variant"]["id"]
            compare_at = _money_or_none(each["compareAtPrice"])
            prices[variant] = FixedPrice(variant, _money(each["price"]), compare_at)
        if not node["prices"]["pageInfo"]["hasNextPage"]:
            break
        after = node["prices"]["pageInfo"]["endCursor"]
    return node["currency"], prices


def quantity_rules(client: Client, price_list: str, *, lane: int) -> dict[str, QuantityRule]:
    """The quantity rules of a list by variant; none when the list is gone."""
    found: dict[str, QuantityRule] = {}
    after: str | None = None
    for _ in range(PAGES_LIMIT):
        node = client.run("quantity_rules", {"id": price_list, "after": after}, lane=lane)["priceList"]
        if node is None:
            break
        for each in node["quantityRules"]["nodes"]:
            variant = each["productVariant"]["id"]
            found[variant] = QuantityRule(variant, each["minimum"], each["increment"], each["maximum"])
        if not node["quantityRules"]["pageInfo"]["hasNextPage"]:
            break
        after = node["quantityRules"]["pageInfo"]["endCursor"]
    return found


def includes_taxes(client: Client, *, lane: int) -> bool:
    """Whether the shop's prices are with tax."""
    return bool(client.run("shop", {}, lane=lane)["shop"]["taxesIncluded"])


def add_fixed_prices(client: Client, price_list: str, prices: Sequence[FixedPrice], *, lane: int) -> None:
    """Sets fixed prices of a list, all or none. Raises Refused whose errors name the rows."""
    rows = []
    for each in prices:
        row: dict[str, Any] = {"variantId": each.variant, "price": _money_input(each.price)}
        if each.compare_at is not None:
            row["compareAtPrice"] = _money_input(each.compare_at)
        rows.append(row)
    writer.done(client, "price_list_fixed_prices_add", {"list": price_list, "prices": rows}, lane=lane)


def add_quantity_rules(client: Client, price_list: str, rules: Sequence[QuantityRule], *, lane: int) -> None:
    """Sets quantity rules of a list, all or none."""
    rows = [
        {
            "variantId": each.variant,
            "minimum": each.minimum,
            "increment": each.increment,
            "maximum": each.maximum,
        }
        for each in rules
    ]
    writer.done(client, "quantity_rules_add", {"list": price_list, "rules": rows}, lane=lane)


def _search(client: Client, query: str, *, lane: int) -> Iterator[Variant]:
    after: str | None = None
    for _ in range(PAGES_LIMIT):
        page = client.run("product_variants", {"query": query, "after": after}, lane=lane)["productVariants"]
        yield from (variant(node) for node in page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _quoted(code: str) -> str:
    return code.replace("\\", "\\\\").replace('"', '\\"')


def _variant_input(change: VariantChange) -> dict[str, Any]:
    told: dict[str, Any] = {"id": change.gid}
    if change.price is not None:
        told["price"] = str(change.price)
    if change.compare_at is not None:
        told["compareAtPrice"] = str(change.compare_at)
    if change.barcode is not None:
        told["barcode"] = change.barcode
    item = {
        **({} if change.sku is None else {"sku": change.sku}),
        **({} if change.cost is None else {"cost": str(change.cost)}),
    }
    return {**told, "inventoryItem": item} if item else told


def variant(node: Mapping[str, Any]) -> Variant:
    """A variant as a node of the API tells it."""
    return Variant(
        gid=node["id"],
        product=node["product"]["id"],
        product_title=node["product"]["title"],
        product_status=node["product"]["status"],
        title=node["title"],
        sku=node["sku"] or "",
        barcode=node["barcode"] or "",
        item=node["inventoryItem"]["id"],
        is_tracked=bool(node["inventoryItem"]["tracked"]),
        price=decimal(node["price"]),
        compare_at=None if node["compareAtPrice"] is None else decimal(node["compareAtPrice"]),
        cost=_money_or_none(node["inventoryItem"]["unitCost"]),
        updated_at=datetime.fromisoformat(node["updatedAt"]),
    )


def _money(node: Mapping[str, Any]) -> Money:
    return Money(decimal(node["amount"]), node["currencyCode"])


def _money_or_none(node: Mapping[str, Any] | None) -> Money | None:
    return None if node is None else _money(node)


def _money_input(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "currencyCode": money.currency}
