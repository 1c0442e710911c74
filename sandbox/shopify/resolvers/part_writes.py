"""fulfillmentOrderMove, fulfillmentOrderHold, fulfillmentOrderReleaseHold and their fields."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.commands import order_store, routing, stock
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.context import Context
from sandbox.shopify.documents import gid, new_gid, now, number, owner, type_of
from sandbox.shopify.errors import invalid_id, user
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

MOST_HOLDS = 10
LINES_FIELD = ("fulfillmentHold", "fulfillmentOrderLineItems")


def _held(context: Context, part_id: str) -> tuple[Document, Document] | None:
    """A copy of the order and in it the fulfilment order."""
    if type_of(part_id) != "FulfillmentOrder" or number(part_id) == 0:
        raise invalid_id(part_id)
    holder = owner(context.store, context.shop, part_id)
    if holder is None:
        return None
    order = order_store.loaded(context.store, context.shop, holder["id"])
    return order, next(part for part in order["fulfillmentOrders"] if part["id"] == part_id)


@resolves("Mutation.fulfillmentOrderMove")
def move(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    found = _held(context, arguments["id"])
    wanted = arguments.get("fulfillmentOrderLineItems") or []
    if fault := _move_fault(context, found, arguments, wanted):
        empty = dict.fromkeys(
            ("movedFulfillmentOrder", "originalFulfillmentOrder", "remainingFulfillmentOrder")
        )
        return {**empty, "userErrors": [fault]}
    assert found is not None
    order, part = found
    target = arguments["newLocationId"]
    with action(context.store, context.shop) as happening:
        source_id = part["assignedLocationId"]
        pairs = [(row["id"], row["quantity"]) for row in wanted]
        moved = (
            _split_off(happening, order, part, pairs, target)
            if pairs
            else _move_whole(happening, part, target)
        )
        order_store.touch(happening, order)
        lines = [{"id": one, "quantity": count} for one, count in pairs]
        news = {
            "moved": moved,
            "original": part,
            "sourceId": source_id,
            "destinationId": target,
            "lines": lines,
        }
        happening.tell("fulfillment_orders/moved", news)
    remaining = part["id"] if pairs and any(row["remainingQuantity"] for row in part["lineItems"]) else None
    return {
        "movedFulfillmentOrderId": moved["id"],
        "originalFulfillmentOrderId": part["id"],
        "remainingFulfillmentOrderId": remaining,
        "userErrors": [],
    }


def _move_fault(
    context: Context,
    found: tuple[Document, Document] | None,
    arguments: dict[str, Any],
    wanted: list[Document],
) -> Document | None:
    if found is None:
        return user("Fulfillment order does not exist.", "id")
    part = found[1]
    if part["status"] == "IN_PROGRESS":
        message = "Cannot move a fulfillment order that has had progress reported."
        return user(message, "id", code="CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS")
    if part["status"] not in ("OPEN", "ON_HOLD", "SCHEDULED"):
        return user("Cannot change location.")
    if context.wanted(arguments["newLocationId"], "Location") is None:
        return user("Location not found.", "id")
    rows = {row["id"]: row["remainingQuantity"] for row in part["lineItems"]}
    if any(not 0 < one["quantity"] <= rows.get(one["id"], 0) for one in wanted):
        return user("Invalid fulfillment order line item quantity requested.")
    return None


def _move_whole(happening: Action, part: Document, target: str) -> Document:
    for row in part["lineItems"]:
        _carry(happening, row, part["assignedLocationId"], target, row["remainingQuantity"])
    part |= {"assignedLocationId": target, "updatedAt": now(happening.store)}
    return part


def _split_off(
    happening: Action, order: Document, part: Document, pairs: list[tuple[str, int]], target: str
) -> Document:
    at, method = now(happening.store), part["deliveryMethod"]["methodType"]
    moved = routing.open_part(happening, order, target, method=method, at=at)
    lines = {line["id"]: line for line in order["lineItems"]}
    rows = {row["id"]: row for row in part["lineItems"]}
    for row_id, quantity in pairs:
        row = rows[row_id]
        row["remainingQuantity"] -= quantity
        row["totalQuantity"] -= quantity
        routing.add_line(happening, moved, lines[row["lineItemId"]], quantity, promise=False)
        _carry(happening, row, part["assignedLocationId"], target, quantity)
    part["lineItems"] = [row for row in part["lineItems"] if row["totalQuantity"]]
    part["updatedAt"] = at
    order["fulfillmentOrders"].append(moved)
    return moved


def _carry(happening: Action, row: Document, source_id: str, target: str, quantity: int) -> None:
    """The promise of stock follows the pieces."""
    item = happening.store.view(happening.shop, "inventory_item", row["inventoryItemId"] or "")
    if item and item["tracked"] and quantity:
        stock.shift(happening, item["id"], source_id, {"available": quantity, "committed": -quantity})
        stock.shift(happening, item["id"], target, {"available": -quantity, "committed": quantity})


@resolves("Mutation.fulfillmentOrderHold")
def hold(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish, found = arguments["fulfillmentHold"], _held(context, arguments["id"])
    if fault := _hold_fault(context, found, wish):
        empty = dict.fromkeys(("fulfillmentHold", "fulfillmentOrder", "remainingFulfillmentOrder"))
        return {**empty, "userErrors": [fault]}
    assert found is not None
    order, part = found
    remaining = None
    with action(context.store, context.shop) as happening:
        if pairs := [(row["id"], row["quantity"]) for row in wish.get("fulfillmentOrderLineItems") or ()]:
            remaining = part
            part = _split_off(happening, order, part, pairs, part["assignedLocationId"])
        made = {
            "id": new_gid(context.store, "FulfillmentHold"),
            "reason": wish["reason"],
            "displayReason": wish["reason"].replace("_", " ").capitalize(),
            "reasonNotes": wish.get("reasonNotes"),
            "handle": wish.get("handle") or None,
            "heldByRequestingApp": True,
            "heldByAppId": gid("App", 1),
            "clientId": context.client_id,
        }
        part["fulfillmentHolds"].append(made)
        part |= {"status": "ON_HOLD", "updatedAt": now(context.store)}
        order_store.touch(happening, order)
        happening.tell("fulfillment_orders/placed_on_hold", part)
    return {
        "fulfillmentHoldId": made["id"],
        "fulfillmentOrderId": part["id"],
        "remainingFulfillmentOrderId": remaining["id"] if remaining else None,
        "userErrors": [],
    }


def _hold_fault(context: Context, found: tuple[Document, Document] | None, wish: Document) -> Document | None:
    if found is None:
        return user("Fulfillment order does not exist.", "id", code="FULFILLMENT_ORDER_NOT_FOUND")
    part = found[1]
    rows = wish.get("fulfillmentOrderLineItems") or []
    own = [one for one in part["fulfillmentHolds"] if one["clientId"] == context.client_id]
    if any(row["quantity"] < 1 for row in rows):
        message = "You must select at least one item to place on partial hold."
        return user(message, *LINES_FIELD, 0, "quantity", code="GREATER_THAN_ZERO")
    if len({row["id"] for row in rows}) < len(rows):
        message = "must contain unique line item ids"
        return user(message, *LINES_FIELD, code="DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS")
    if len(own) >= MOST_HOLDS:
        message = "The maximum number of fulfillment holds for this fulfillment order has been reached."
        return user(message, "id", code="FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")
    if any((one["handle"] or "") == (wish.get("handle") or "") for one in own):
        message = "The handle provided for the fulfillment hold is already in use by this app."
        return user(message, "fulfillmentHold", "handle", code="DUPLICATE_FULFILLMENT_HOLD_HANDLE")
    if rows and part["status"] != "OPEN":
        message = "The fulfillment order is not in a splittable state."
        return user(message, *LINES_FIELD, code="FULFILLMENT_ORDER_NOT_SPLITTABLE")
    remaining = {row["id"]: row["remainingQuantity"] for row in part["lineItems"]}
    if any(row["quantity"] > remaining.get(row["id"], 0) for row in rows):
        message = "Invalid fulfillment order line item quantity requested."
        return user(message, *LINES_FIELD, code="INVALID_LINE_ITEM_QUANTITY")
    return None


@resolves("Mutation.fulfillmentOrderReleaseHold")
def release_hold(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    found = _held(context, arguments["id"])
    if found is None:
        error = user("Fulfillment order does not exist.", "id", code="FULFILLMENT_ORDER_NOT_FOUND")
        return {"fulfillmentOrder": None, "userErrors": [error]}
    order, part = found
    chosen = arguments.get("holdIds")
    with action(context.store, context.shop) as happening:
        part["fulfillmentHolds"] = [
            one for one in part["fulfillmentHolds"] if chosen is not None and one["id"] not in chosen
        ]
        if part["status"] == "ON_HOLD" and not part["fulfillmentHolds"]:
            part["status"] = "OPEN"
        part["updatedAt"] = now(context.store)
        order_store.touch(happening, order)
        happening.tell("fulfillment_orders/hold_released", part)
    return {"fulfillmentOrderId": part["id"], "userErrors": []}
