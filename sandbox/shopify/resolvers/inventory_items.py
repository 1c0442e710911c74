"""inventoryActivate, inventoryDeactivate and inventoryItemUpdate."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import products, stock
from sandbox.shopify.commands.catalogue import add_level, level_id_of
from sandbox.shopify.commands.happenings import action
from sandbox.shopify.context import Context
from sandbox.shopify.documents import now
from sandbox.shopify.errors import user
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

MOST = 1_000_000_000


@resolves("Mutation.inventoryActivate")
def activate(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    item = context.wanted(arguments["inventoryItemId"], "InventoryItem")
    location = context.wanted(arguments["locationId"], "Location")
    given = {key: arguments[key] for key in ("available", "onHand") if arguments.get(key) is not None}
    if item is None:
        message = "The product couldn't be stocked because the product was deleted."
        return {"inventoryLevel": None, "userErrors": [user(message, "inventoryItemId")]}
    if location is None:
        message = "The product couldn't be stocked because the location wasn't found."
        return {"inventoryLevel": None, "userErrors": [user(message, "locationId")]}
    level_id = level_id_of(location, item["id"])
    level = context.store.get(context.shop, "inventory_level", level_id)
    if level and level["isActive"]:
        messages = {
            "available": "Not allowed to set available quantity when the item is already active at the location.",
            "onHand": "Not allowed to set an on_hand quantity when the item is already active at the location.",
        }
        return {"inventoryLevelId": level_id, "userErrors": [user(messages[key], key) for key in given]}
    if faults := _activation_faults(given, location["name"]):
        return {"inventoryLevel": None, "userErrors": faults}
    with action(context.store, context.shop) as happening:
        if level is None:
            level = add_level(context.store, context.shop, item["id"], location["id"], available=0)
        level |= {"isActive": True, "updatedAt": now(context.store)}
        context.store.put(context.shop, "inventory_level", level_id, level)
        happening.tell("inventory_levels/connect", level)
        if item["tracked"] and given:
            stock.shift(happening, item["id"], location["id"], {"available": next(iter(given.values()))})
    return {"inventoryLevelId": level_id, "userErrors": []}


def _activation_faults(given: dict[str, int], place: str) -> list[Document]:
    start = f"The product couldn't be stocked at {place} because"
    if len(given) > 1:
        message = f"{start} not allowed to set available and on_hand quantities at the same time."
        return [user(message, key) for key in given]
    return [
        user(f"{start} the quantity needs to be between -1 billion and 1 billion.", key)
        for key, value in given.items()
        if abs(value) > MOST
    ]


@resolves("Mutation.inventoryDeactivate")
def deactivate(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    level = context.store.get(context.shop, "inventory_level", arguments["inventoryLevelId"])
    if level is None:
        message = "The product couldn't be unstocked because the product was deleted."
        return {"userErrors": [user(message)]}
    place = (context.load(level["locationId"]) or {})["name"]
    others = [
        row
        for row in context.views("inventory_level")
        if row["itemId"] == level["itemId"] and row["isActive"] and row["id"] != level["id"]
    ]
    if not others:
        message = (
            f"The product couldn't be unstocked from {place} because products need to be stocked at a minimum of 1"
            " location."
        )
        return {"userErrors": [user(message)]}
    with action(context.store, context.shop) as happening:
        level |= {"isActive": False, "updatedAt": now(context.store)}
        context.store.put(context.shop, "inventory_level", level["id"], level)
        happening.tell("inventory_levels/disconnect", level)
    return {"userErrors": []}


@resolves("Mutation.inventoryItemUpdate")
def update(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    item = context.wanted(arguments["id"], "InventoryItem")
    wish = arguments["input"]
    if item is None:
        message = "The product couldn't be updated because it does not exist."
        return {"inventoryItem": None, "userErrors": [user(message, "id")]}
    if faults := _item_faults(wish):
        return {"inventoryItem": item, "userErrors": faults}
    changes = {key: wish[key] for key in PLAIN if key in wish}
    if "cost" in wish:
        changes["cost"] = wish["cost"]
    weight = (wish.get("measurement") or {}).get("weight")
    if weight:
        changes["weight"] = {"unit": weight["unit"], "value": float(weight["value"])}
    with action(context.store, context.shop) as happening:
        changed = products.change_item(happening, item["id"], changes)
        if "sku" in changes:
            _rename(context, changed)
    return {"inventoryItemId": item["id"], "userErrors": []}


PLAIN = (
    "sku",
    "tracked",
    "requiresShipping",
    "harmonizedSystemCode",
    "countryCodeOfOrigin",
    "provinceCodeOfOrigin",
)


def _rename(context: Context, item: Document) -> None:
    variant = context.store.get(context.shop, "product_variant", item["variantId"])
    if variant is not None:
        variant["sku"] = item["sku"]
        context.store.put(context.shop, "product_variant", variant["id"], variant)


def _item_faults(wish: Document) -> list[Document]:
    faults = []
    if wish.get("cost") is not None and Decimal(str(wish["cost"])) < 0:
        faults.append(user("Cost must be greater than or equal to 0", "input", "cost"))
    weight = (wish.get("measurement") or {}).get("weight")
    if weight and weight["value"] < 0:
        unit = {"KILOGRAMS": "kg", "GRAMS": "g", "POUNDS": "lb", "OUNCES": "oz"}[weight["unit"]]
        message = f"Measurement weight value {weight['value']:g} {unit} must be >= 0 {unit}"
        faults.append(user(message, "input", "measurement", "weight"))
    if wish.get("countryCodeOfOrigin") == "ZZ":
        faults.append(user("Country code of origin is invalid", "input", "countryCodeOfOrigin"))
    code = wish.get("harmonizedSystemCode")
    if code and not (code.isdigit() and 6 <= len(code) <= 13):
        message = "Harmonized system code must be a number between six and thirteen digits"
        faults.append(user(message, "input", "harmonizedSystemCode"))
    return faults
