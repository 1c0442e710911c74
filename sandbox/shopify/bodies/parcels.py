"""Fulfilments, fulfilment orders and returns in their REST form."""

from __future__ import annotations

from sandbox.shopify.bodies.lines import line_item
from sandbox.shopify.bodies.parts import Clock, address, id_of, money_set
from sandbox.shopify.documents import load, number, owner
from sandbox.shopify.store import Document, Store


def fulfillment(store: Store, shop: str, document: Document, order: Document | None = None) -> Document:
    """fulfillments/create, fulfillments/update"""
    holder = order or owner(store, shop, document["id"])
    assert holder is not None
    body = inside_order(store, shop, document, holder)
    return {**body, "email": holder["email"], "destination": address(holder["shippingAddress"])}


def inside_order(store: Store, shop: str, document: Document, order: Document) -> Document:
    """A fulfilment as the order's body shows it."""
    clock, lines = Clock(store, shop), {line["id"]: line for line in order["lineItems"]}
    tracking = document["trackingInfo"]
    numbers = [one["number"] for one in tracking if one["number"]]
    urls = [one["url"] for one in tracking if one["url"]]
    return {
        "id": id_of(document["id"]),
        "order_id": id_of(order["id"]),
        "status": document["status"].lower(),
        "created_at": clock(document["createdAt"]),
        "service": "manual",
        "updated_at": clock(document["updatedAt"]),
        "tracking_company": tracking[0]["company"] if tracking else None,
        "shipment_status": None,
        "location_id": id_of(document["locationId"]),
        "origin_address": {},
        "line_items": [
            line_item(lines[row["lineItemId"]], quantity=row["quantity"])
            for row in document["fulfillmentLineItems"]
        ],
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "receipt": {},
        "name": document["name"].replace("-F", "."),
        "admin_graphql_api_id": document["id"],
    }


def fulfillment_order(store: Store, shop: str, document: Document) -> Document:
    """fulfillment_orders/order_routing_complete, fulfillment_orders/hold_released"""
    return {"fulfillment_order": {"id": document["id"], "status": document["status"].lower()}}


def placed_on_hold(store: Store, shop: str, document: Document) -> Document:
    """fulfillment_orders/placed_on_hold"""
    holds = [_hold(one) for one in document["fulfillmentHolds"]]
    return {
        "fulfillment_order": {
            "id": document["id"],
            "status": document["status"].lower(),
            "fulfillment_holds": holds,
        },
        "remaining_fulfillment_order": None,
        "held_fulfillment_order_line_items": [
            {"id": row["id"], "quantity": row["remainingQuantity"]} for row in document["lineItems"]
        ],
        "created_fulfillment_hold": holds[-1] if holds else None,
    }


def _hold(document: Document) -> Document:
    return {
        "id": document["id"],
        "handle": document["handle"] or "",
        "reason": document["reason"].lower(),
        "reason_notes": document["reasonNotes"] or "",
        "held_by_app": {"id": document["heldByAppId"]},
        "held_by_requesting_app": document["heldByRequestingApp"],
    }


def moved(store: Store, shop: str, document: Document) -> Document:
    """fulfillment_orders/moved; the document is {moved, original, sourceId, destinationId, lines}."""

    def part(one: Document) -> Document:
        return {
            "id": one["id"],
            "status": one["status"].lower(),
            "assigned_location_id": one["assignedLocationId"],
        }

    return {
        "original_fulfillment_order": part(document["original"]),
        "moved_fulfillment_order": part(document["moved"]),
        "destination_location_id": document["destinationId"],
        "source_location": {"id": document["sourceId"]},
        "fulfillment_order_line_items_requested": document["lines"],
    }


def return_(store: Store, shop: str, document: Document) -> Document:
    """returns/request, returns/approve"""
    return {
        "id": id_of(document["id"]),
        "admin_graphql_api_id": document["id"],
        "status": document["status"].lower(),
        "order": {"id": id_of(document["orderId"]), "admin_graphql_api_id": document["orderId"]},
        "total_return_line_items": len(document["returnLineItems"]),
        "name": document["name"],
        "return_line_items": [
            {
                "id": id_of(row["id"]),
                "admin_graphql_api_id": row["id"],
                "fulfillment_line_item": {
                    "id": id_of(row["fulfillmentLineItemId"]),
                    "admin_graphql_api_id": row["fulfillmentLineItemId"],
                },
                "quantity": row["quantity"],
                "return_reason": row["returnReason"].lower(),
                "return_reason_note": row["returnReasonNote"],
                "customer_note": row["customerNote"],
            }
            for row in document["returnLineItems"]
        ],
        "exchange_line_items": [],
        "total_exchange_line_items": 0,
        "return_shipping_fees": [
            {"id": id_of(fee["id"]), "admin_graphql_api_id": fee["id"], "price": money_set(fee["amountSet"])}
            for fee in document["returnShippingFees"]
        ],
    }


def return_state(store: Store, shop: str, document: Document) -> Document:
    """returns/cancel, returns/close, returns/reopen, returns/decline"""
    return {
        "id": id_of(document["id"]),
        "admin_graphql_api_id": document["id"],
        "order_id": number(document["orderId"]),
        "status": document["status"].lower(),
    }


def return_update(store: Store, shop: str, document: Document) -> Document:
    """returns/update; `removals` are [return line id, pieces] that were taken off"""
    found = load(store, shop, document["id"]) or document
    return {
        "admin_graphql_api_id": found["id"],
        "return_line_items": {
            "removals": [
                {"admin_graphql_api_id": one, "delta": -count} for one, count in document.get("removals", [])
            ]
        },
        "restocking_fees": {"updates": [], "removals": []},
        "return_shipping_fees": {"updates": [], "removals": []},
    }
