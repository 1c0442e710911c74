"""fulfillmentCreate, fulfillmentCancel and fulfillmentTrackingInfoUpdate."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.commands import fulfilments, order_store
from sandbox.shopify.commands.happenings import action
from sandbox.shopify.context import Context
from sandbox.shopify.documents import now, number, owner, type_of
from sandbox.shopify.errors import Fault, user
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document


@resolves("Mutation.fulfillmentCreate")
def fulfillment_create(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments["fulfillment"]
    groups = wish["lineItemsByFulfillmentOrder"]
    for group in groups:
        wanted = group["fulfillmentOrderId"]
        if type_of(wanted) != "FulfillmentOrder" or number(wanted) == 0:
            raise Fault("invalid id", "RESOURCE_NOT_FOUND")
    if faults := _quantity_faults(groups):
        return {"fulfillment": None, "userErrors": faults}
    parts = [context.load(group["fulfillmentOrderId"]) for group in groups]
    if message := _group_fault([part for part in parts if part], missing=None in parts):
        return {"fulfillment": None, "userErrors": [user(message, "fulfillment")]}
    order_id = (owner(context.store, context.shop, groups[0]["fulfillmentOrderId"]) or {})["id"]
    with action(context.store, context.shop) as happening:
        order = order_store.loaded(context.store, context.shop, order_id)
        chosen = _chosen(order, groups)
        if isinstance(chosen, str):
            return {"fulfillment": None, "userErrors": [user(chosen, "fulfillment")]}
        tracking = wish.get("trackingInfo")
        made = fulfilments.ship(happening, order, chosen, tracking=tracking, at=now(context.store))
        order_store.touch(happening, order)
    return {"fulfillmentId": made["id"], "userErrors": []}


def _quantity_faults(groups: list[Document]) -> list[Document]:
    path = ("fulfillment", "lineItemsByFulfillmentOrder")
    return [
        user("Quantity must be greater than 0", *path, i, "fulfillmentOrderLineItems", j, "quantity")
        for i, group in enumerate(groups)
        for j, row in enumerate(group.get("fulfillmentOrderLineItems") or ())
        if row["quantity"] < 1
    ]


def _group_fault(parts: list[Document], *, missing: bool) -> str | None:
    if missing or not parts:
        return "Fulfillment order does not exist."
    orders = list(dict.fromkeys(number(part["orderId"]) for part in parts))
    if len(orders) > 1:
        listed = ", ".join(str(one) for one in orders)
        return f"All fulfillment orders must belong to the same order. Multiple orders with ids [{listed}] were found."
    places = list(dict.fromkeys(number(part["assignedLocationId"]) for part in parts))
    if len(places) > 1:
        listed = ", ".join(str(one) for one in places)
        return (
            "All fulfillment orders must be assigned to a single location."
            f" Multiple locations with ids [{listed}] were found."
        )
    for part in parts:
        if part["status"] not in ("OPEN", "IN_PROGRESS"):
            status = part["status"].lower()
            return f"Fulfillment order {number(part['id'])} has an unfulfillable status= {status}."
    return None


def _chosen(order: Document, groups: list[Document]) -> list[tuple[Document, Document, int]] | str:
    parts = {part["id"]: part for part in order["fulfillmentOrders"]}
    chosen = []
    for group in groups:
        part = parts[group["fulfillmentOrderId"]]
        rows = {row["id"]: row for row in part["lineItems"]}
        wanted = group.get("fulfillmentOrderLineItems")
        pairs = (
            [(one["id"], one["quantity"]) for one in wanted]
            if wanted
            else [
                (row["id"], row["remainingQuantity"]) for row in part["lineItems"] if row["remainingQuantity"]
            ]
        )
        for row_id, quantity in pairs:
            if row_id not in rows:
                return "Fulfillment order line item does not exist."
            if quantity > rows[row_id]["remainingQuantity"]:
                return "Invalid fulfillment order line item quantity requested."
            chosen.append((part, rows[row_id], quantity))
    return chosen


@resolves("Mutation.fulfillmentCancel")
def fulfillment_cancel(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    if context.wanted(arguments["id"], "Fulfillment") is None:
        return {"fulfillment": None, "userErrors": [user("Fulfillment not found.", "id")]}
    fulfilments.cancel(context.store, context.shop, arguments["id"])
    return {"fulfillmentId": arguments["id"], "userErrors": []}


@resolves("Mutation.fulfillmentTrackingInfoUpdate")
def fulfillment_tracking_info_update(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wanted = arguments["fulfillmentId"]
    if context.wanted(wanted, "Fulfillment") is None:
        return {"fulfillment": None, "userErrors": [user("Fulfillment does not exist.", "fulfillmentId")]}
    fulfilments.track(context.store, context.shop, wanted, arguments["trackingInfoInput"])
    return {"fulfillmentId": wanted, "userErrors": []}
