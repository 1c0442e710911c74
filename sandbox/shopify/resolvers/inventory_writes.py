"""inventorySetQuantities, inventorySetOnHandQuantities, inventoryAdjustQuantities and inventoryMoveQuantities.

It owns their rules and words. Nothing of a batch is applied when any row of it is wrong; what was applied is kept as
an adjustment group, so that a repeat with the same key can show it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import Node

from sandbox.shopify import idempotency
from sandbox.shopify.commands import stock
from sandbox.shopify.commands.happenings import action
from sandbox.shopify.context import Context, Place
from sandbox.shopify.documents import gid, new_gid, now
from sandbox.shopify.errors import Fault, user
from sandbox.shopify.resolvers.inventory import quantity
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

REASONS = (
    *(
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
    ),
    *("movement_updated", "other", "promotion", "quality_control", "received", "reservation_created"),
    *("reservation_deleted", "reservation_updated", "restock", "safety_stock", "shrinkage"),
)
ADJUSTABLE = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
MOST = 1_000_000_000
BAD_REASON = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
BAD_NAME = f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUSTABLE)}."
NO_ITEM = ("The specified inventory item could not be found.", "INVALID_INVENTORY_ITEM")
NO_LOCATION = ("The specified location could not be found.", "INVALID_LOCATION")
STALE = (
    "The change_from_quantity value does not match the persisted quantity.",
    "CHANGE_FROM_QUANTITY_STALE",
)


@dataclass(frozen=True)
class Change:
    """One row of an adjustment group."""

    name: str
    delta: int
    item_id: str
    location_id: str
    ledger: str | None = None


def _present(type_name: str, rows_of: str) -> idempotency.Precheck:
    def check(place: Place, arguments: dict[str, Any]) -> None:
        for row in arguments["input"][rows_of]:
            for part in (row["from"], row["to"]) if "from" in row else (row,):
                if "changeFromQuantity" not in part:
                    nodes: list[Node] = [
                        place.nodes[0],
                        *(place.operation.variable_definitions or ())[:1],
                    ]
                    message = f"{type_name} must include the following argument: changeFromQuantity."
                    raise Fault(message, "INVALID_FIELD_ARGUMENTS", nodes=nodes)

    return check


idempotency.PRECHECKS |= {
    "inventorySetQuantities": _present("InventoryQuantityInput", "quantities"),
    "inventorySetOnHandQuantities": _present("InventorySetQuantityInput", "setQuantities"),
    "inventoryAdjustQuantities": _present("InventoryChangeInput", "changes"),
    "inventoryMoveQuantities": _present("InventoryMoveQuantityTerminalInput", "changes"),
}


@resolves("Mutation.inventorySetQuantities")
def set_quantities(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments["input"]
    faults = []
    if wish["name"] not in ("available", "on_hand"):
        message = "The quantity name must be either 'available' or 'on_hand'."
        faults.append(user(message, "input", "name", code="INVALID_NAME"))
    return _set(context, wish, "quantities", wish["name"], faults)


@resolves("Mutation.inventorySetOnHandQuantities")
def set_on_hand_quantities(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return _set(context, arguments["input"], "setQuantities", "on_hand", [])


def _set(context: Context, wish: Document, rows_of: str, name: str, faults: list[Document]) -> Document:
    faults += _reason_faults(wish)
    rows = wish[rows_of]
    pairs = [(row["inventoryItemId"], row["locationId"]) for row in rows]
    for index, row in enumerate(rows):
        path = ("input", rows_of, index)
        faults += _place_faults(context, row, path)
        if pairs.count(pairs[index]) > 1:
            message = "The combination of inventoryItemId and locationId must be unique."
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            faults.append(user(message, *path, "locationId", code=code))
        faults += _size_faults(name, row["quantity"], (*path, "quantity"))
    if not faults:
        for index, row in enumerate(rows):
            place = ("input", rows_of, index, "changeFromQuantity")
            faults += _stale(context, row, name, row["locationId"], row["inventoryItemId"], place)
    if faults:
        return {"inventoryAdjustmentGroup": None, "userErrors": faults}
    deltas = [
        (row, row["quantity"] - _now(context, row["inventoryItemId"], row["locationId"], name))
        for row in rows
    ]
    moved = [(row, delta) for row, delta in deltas if delta]
    changes = [Change("available", delta, row["inventoryItemId"], row["locationId"]) for row, delta in moved]
    mirrored = [Change("on_hand", one.delta, one.item_id, one.location_id) for one in changes]
    return _apply(context, wish, changes, [*changes, *mirrored])


@resolves("Mutation.inventoryAdjustQuantities")
def adjust_quantities(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish, rows = arguments["input"], arguments["input"]["changes"]
    name = wish["name"]
    faults = _reason_faults(wish)
    if name not in ADJUSTABLE:
        faults.append(user(BAD_NAME, "input", "name", code="INVALID_QUANTITY_NAME"))
    for index, row in enumerate(rows):
        path = ("input", "changes", index)
        faults += _place_faults(context, row, path)
        faults += _ledger_faults(name, row.get("ledgerDocumentUri"), (*path, "ledgerDocumentUri"))
    if len({row.get("ledgerDocumentUri") for row in rows}) > 1:
        message = (
            "All changes must have the same ledger document URI or, in the case of adjusting available, no ledger"
            " document URI."
        )
        faults.append(user(message, "input", "changes", code="MAX_ONE_LEDGER_DOCUMENT"))
    if not faults:
        for index, row in enumerate(rows):
            place = ("input", "changes", index, "changeFromQuantity")
            faults += _stale(context, row, name, row["locationId"], row["inventoryItemId"], place)
    if faults:
        return {"inventoryAdjustmentGroup": None, "userErrors": faults}
    changes = [
        Change(name, row["delta"], row["inventoryItemId"], row["locationId"], row.get("ledgerDocumentUri"))
        for row in rows
        if row["delta"]
    ]
    mirrored = [
        Change("on_hand", one.delta, one.item_id, one.location_id) for one in changes if name != "incoming"
    ]
    return _apply(context, wish, changes, [*changes, *mirrored])


@resolves("Mutation.inventoryMoveQuantities")
def move_quantities(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish, rows = arguments["input"], arguments["input"]["changes"]
    faults = _reason_faults(wish)
    for index, row in enumerate(rows):
        faults += _move_faults(context, row, ("input", "changes", index))
    if not faults:
        for index, row in enumerate(rows):
            for side in ("from", "to"):
                one, path = row[side], ("input", "changes", index, side, "changeFromQuantity")
                faults += _stale(context, one, one["name"], one["locationId"], row["inventoryItemId"], path)
    if faults:
        return {"inventoryAdjustmentGroup": None, "userErrors": faults}
    changes = []
    for row in rows:
        for side, sign in (("from", -1), ("to", 1)):
            one = row[side]
            delta = sign * row["quantity"]
            changes.append(
                Change(
                    one["name"],
                    delta,
                    row["inventoryItemId"],
                    one["locationId"],
                    one.get("ledgerDocumentUri"),
                )
            )
    return _apply(context, wish, changes, changes)


def _move_faults(context: Context, row: Document, path: tuple[str | int, ...]) -> list[Document]:
    faults = []
    if row["from"]["locationId"] != row["to"]["locationId"]:
        message = "The quantities can't be moved between different locations."
        faults.append(user(message, *path, code="DIFFERENT_LOCATIONS"))
    if row["from"]["name"] == row["to"]["name"]:
        message = "The quantity names for each change can't be the same."
        faults.append(user(message, *path, code="SAME_QUANTITY_NAME"))
    if row["quantity"] < 0:
        message = "The quantity can't be negative."
        faults.append(user(message, *path, "quantity", code="INVALID_QUANTITY_NEGATIVE"))
    if context.load(row["inventoryItemId"]) is None:
        faults.append(user(NO_ITEM[0], *path, "inventoryItemId", code=NO_ITEM[1]))
    for side in ("from", "to"):
        one = row[side]
        if one["name"] not in ADJUSTABLE:
            faults.append(user(BAD_NAME, *path, side, "name", code="INVALID_QUANTITY_NAME"))
        if context.load(one["locationId"]) is None:
            faults.append(user(NO_LOCATION[0], *path, side, "locationId", code=NO_LOCATION[1]))
        faults += _ledger_faults(
            one["name"], one.get("ledgerDocumentUri"), (*path, side, "ledgerDocumentUri")
        )
    return faults


def _reason_faults(wish: Document) -> list[Document]:
    if wish["reason"] in REASONS:
        return []
    return [user(BAD_REASON, "input", "reason", code="INVALID_REASON")]


def _place_faults(context: Context, row: Document, path: tuple[str | int, ...]) -> list[Document]:
    faults = []
    if context.wanted(row["inventoryItemId"], "InventoryItem") is None:
        faults.append(user(NO_ITEM[0], *path, "inventoryItemId", code=NO_ITEM[1]))
    if context.wanted(row["locationId"], "Location") is None:
        faults.append(user(NO_LOCATION[0], *path, "locationId", code=NO_LOCATION[1]))
    return faults


def _size_faults(name: str, value: int, path: tuple[str | int, ...]) -> list[Document]:
    if value > MOST:
        return [
            user("The quantity can't be higher than 1,000,000,000.", *path, code="INVALID_QUANTITY_TOO_HIGH")
        ]
    if name == "on_hand" and value < 0:
        return [user("The quantity can't be negative.", *path, code="INVALID_QUANTITY_NEGATIVE")]
    if value < -MOST:
        return [
            user("The quantity can't be lower than -1,000,000,000.", *path, code="INVALID_QUANTITY_TOO_LOW")
        ]
    return []


def _ledger_faults(name: str, uri: str | None, path: tuple[str | int, ...]) -> list[Document]:
    if uri is None:
        if name == "available":
            return []
        message = "A ledger document URI is required except when adjusting available."
        return [user(message, *path, code="INVALID_QUANTITY_DOCUMENT")]
    if name == "available":
        message = "A ledger document URI is not allowed when adjusting available."
        return [user(message, *path, code="INVALID_AVAILABLE_DOCUMENT")]
    if uri.startswith("gid://shopify/"):
        message = "Internal (gid://shopify/) ledger documents are not allowed to be adjusted via API."
        return [user(message, *path, code="INTERNAL_LEDGER_DOCUMENT")]
    return []


def _now(context: Context, item_id: str, location_id: str, name: str) -> int:
    level = stock.level_of(context.store, context.shop, item_id, location_id)
    return quantity(level, name) if level else 0


def _stale(
    context: Context, row: Document, name: str, location_id: str, item_id: str, path: tuple[str | int, ...]
) -> list[Document]:
    expected = row["changeFromQuantity"]
    if expected is None or expected == _now(context, item_id, location_id, name):
        return []
    return [user(STALE[0], *path, code=STALE[1])]


def _apply(context: Context, wish: Document, changes: Sequence[Change], shown: Sequence[Change]) -> Document:
    if not changes:
        return {"inventoryAdjustmentGroup": None, "userErrors": []}
    store, shop = context.store, context.shop
    with action(store, shop) as happening:
        for one in changes:
            level = stock.shift(happening, one.item_id, one.location_id, {one.name: one.delta})
            # Nobody recorded this answer of Shopify. Since 2026-10 it has no code for an item that is not stocked at
            # the location, so a written quantity stocks it there; one that nobody could see would be lost.
            if not level["isActive"]:
                store.put(shop, "inventory_level", level["id"], {**level, "isActive": True})
        group_id = new_gid(store, "InventoryAdjustmentGroup")
        document = {
            "id": group_id,
            "createdAt": now(store),
            "reason": wish["reason"],
            "referenceDocumentUri": wish.get("referenceDocumentUri"),
            "clientId": context.client_id,
            "staffMember": None,
            "rows": [
                {
                    "name": one.name,
                    "delta": one.delta,
                    "quantityAfterChange": None,
                    "ledgerDocumentUri": one.ledger,
                    "itemId": one.item_id,
                    "locationId": one.location_id,
                }
                for one in shown
            ],
        }
        store.put(shop, "inventory_adjustment_group", group_id, document)
    return {"inventoryAdjustmentGroupId": group_id, "userErrors": []}


@resolves("InventoryAdjustmentGroup.changes")
def changes_of(context: Context, source: Document, arguments: dict[str, Any]) -> list[Document]:
    rows: list[Document] = source["rows"]
    for argument, field in (
        ("inventoryItemIds", "itemId"),
        ("locationIds", "locationId"),
        ("quantityNames", "name"),
    ):
        if arguments.get(argument):
            rows = [row for row in rows if row[field] in arguments[argument]]
    return rows


@resolves("InventoryAdjustmentGroup.app")
def app_of(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return {"id": gid("App", 1), "title": source["clientId"], "handle": source["clientId"]}
