"""Inventory items and levels, and the quantities of a level by name."""

from __future__ import annotations

import re
from typing import Any

from sandbox.shopify.commands.catalogue import ON_HAND, QUANTITY_NAMES, level_id_of
from sandbox.shopify.connections import connection
from sandbox.shopify.context import Context
from sandbox.shopify.documents import gid, number
from sandbox.shopify.errors import Fault
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

_NAME = re.compile(r"id:[0-9]{1,20}")
ITEM_FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "sku": Field(lambda row: [row["sku"]]),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
}
LEVEL_FIELDS = {
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
    "inventory_item_id": Field(lambda row: [row["itemId"].rsplit("/", 1)[-1]], "id"),
}


def quantity(level: Document, name: str) -> int:
    """One named quantity of a level; what is on hand is the sum of what is there."""
    if name == "on_hand":
        return sum(int(level["stock"][one]) for one in ON_HAND)
    return int(level["stock"][name])


def levels_of(context: Context, item_id: str, *, inactive: bool = False) -> list[Document]:
    """The levels of an item, in the order of the locations."""
    found = []
    for location in context.views("location"):
        level = context.store.view(context.shop, "inventory_level", level_id_of(location, item_id))
        if level is not None and (inactive or level["isActive"]):
            found.append(level)
    return found


def _by_id(row: Document) -> int:
    return number(row["id"])


@resolves("QueryRoot.inventoryItem")
def inventory_item(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "InventoryItem")


@resolves("QueryRoot.inventoryItems", "Shop.inventoryItems")
def inventory_items(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    if named := _named(arguments.get("query") or ""):
        return connection([row for each in named if (row := context.load(each))], arguments, sort=_by_id)
    rows = context.views("inventory_item")
    return context.search(rows, arguments, ITEM_FIELDS, default=("sku",), sort=_by_id)


def _named(query: str) -> list[str]:
    """The items that a query names one by one: they are looked up, because comparing hundreds of ids with each of ten
    thousand items takes too long. None when it asks for anything else."""
    parts = dict.fromkeys(part.strip() for part in query.split(" OR "))
    if not all(_NAME.fullmatch(part) for part in parts):
        return []
    return [gid("InventoryItem", int(part.removeprefix("id:"))) for part in parts]


@resolves("QueryRoot.inventoryLevel")
def inventory_level(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "InventoryLevel")


@resolves("InventoryItem.inventoryLevels")
def item_levels(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = levels_of(context, source["id"], inactive=bool(arguments.get("includeInactive")))
    return context.search(rows, arguments, LEVEL_FIELDS)


@resolves("InventoryItem.inventoryLevel")
def item_level(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    location = context.wanted(arguments["locationId"], "Location")
    if location is None:
        return None
    level = context.store.view(context.shop, "inventory_level", level_id_of(location, source["id"]))
    hidden = level is not None and not level["isActive"] and not arguments.get("includeInactive")
    return None if hidden else level


@resolves("Location.inventoryLevel")
def location_level(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    level_id = level_id_of(source, arguments["inventoryItemId"])
    level = context.store.view(context.shop, "inventory_level", level_id)
    hidden = level is not None and not level["isActive"] and not arguments.get("includeInactive")
    return None if hidden else level


@resolves("Location.inventoryLevels")
def location_levels(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = [
        row
        for row in context.views("inventory_level")
        if row["locationId"] == source["id"] and (row["isActive"] or arguments.get("includeInactive"))
    ]
    return context.search(rows, arguments, LEVEL_FIELDS, sort=lambda row: number(row["itemId"]))


@resolves("InventoryLevel.quantities")
def quantities(context: Context, source: Document, arguments: dict[str, Any]) -> list[Document]:
    names = arguments["names"]
    unknown = [name for name in names if name not in (*QUANTITY_NAMES, "on_hand")]
    if unknown:
        known = ", ".join(sorted((*QUANTITY_NAMES, "on_hand")))
        message = (
            f"The specified quantity names are invalid: {', '.join(unknown)}. Valid values are: {known}."
        )
        raise Fault(message, "INVALID_FIELD_ARGUMENTS")
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{number(source['itemId'])}?name={name}",
            "name": name,
            "quantity": quantity(source, name),
            "updatedAt": source["writtenAt"].get(name) if name != "on_hand" else None,
        }
        for name in names
    ]


@resolves("InventoryItem.locationsCount")
def locations_count(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return len(levels_of(context, source["id"]))


@resolves("InventoryItem.variants")
def item_variants(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    variant = context.load(source["variantId"])
    return connection([variant] if variant else [], arguments)


@resolves("InventoryItem.duplicateSkuCount")
def duplicate_sku_count(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    if not source["sku"]:
        return 0
    return sum(1 for row in context.views("inventory_item") if row["sku"] == source["sku"]) - 1


@resolves("QueryRoot.inventoryProperties")
def inventory_properties(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    def described(name: str) -> Document:
        return {
            "name": name,
            "displayName": name.replace("_", " ").capitalize(),
            "isInUse": True,
            "belongsTo": ["on_hand"] if name in ON_HAND else [],
            "comprises": list(ON_HAND) if name == "on_hand" else [],
        }

    return {"quantityNames": [described(name) for name in sorted((*QUANTITY_NAMES, "on_hand"))]}
