"""Which location shall ship which line: the fulfilment orders of an order.

It owns the FulfillmentOrder document at its birth and the promise of stock that comes with it.
"""

from __future__ import annotations

from sandbox.shopify.commands import stock
from sandbox.shopify.commands.happenings import Action
from sandbox.shopify.documents import new_gid
from sandbox.shopify.store import Document

DESTINATION_FIELDS = (
    "address1",
    "address2",
    "city",
    "company",
    "firstName",
    "lastName",
    "phone",
    "province",
    "zip",
)


def route(
    happening: Action, order: Document, lines: list[Document], *, at: str, pinned: str | None = None
) -> None:
    """Gives every line to a location (`pinned`: all to this one) and promises its stock."""
    groups: dict[tuple[str, bool], list[Document]] = {}
    store, shop = happening.store, happening.shop
    for line in lines:
        if line["isTip"] or not line["unfulfilledQuantity"]:
            continue
        item_id = line["inventoryItemId"]
        place = pinned or stock.place_for(store, shop, item_id, line["unfulfilledQuantity"])
        groups.setdefault((place, line["requiresShipping"]), []).append(line)
    for (place, ships), group in groups.items():
        method = ("RETAIL" if pinned else "SHIPPING") if ships else "NONE"
        part = open_part(happening, order, place, method=method, at=at)
        for line in group:
            add_line(happening, part, line, line["unfulfilledQuantity"])
        order["fulfillmentOrders"].append(part)
        happening.tell("fulfillment_orders/order_routing_complete", part)


def open_part(happening: Action, order: Document, location_id: str, *, method: str, at: str) -> Document:
    """A FulfillmentOrder without lines."""
    store = happening.store
    address = order["shippingAddress"]
    destination = None
    if address and method == "SHIPPING":
        destination = {
            **{key: address[key] for key in DESTINATION_FIELDS},
            "id": new_gid(store, "FulfillmentOrderDestination"),
            "countryCode": address["countryCodeV2"],
            "email": order["email"],
            "location": None,
        }
    return {
        "id": new_gid(store, "FulfillmentOrder"),
        "orderId": order["id"],
        "orderName": order["name"],
        "orderProcessedAt": order["processedAt"],
        "assignedLocationId": location_id,
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "deliveryMethod": {
            "id": new_gid(store, "DeliveryMethod"),
            "methodType": method,
            "minDeliveryDateTime": None,
            "maxDeliveryDateTime": None,
            "presentedName": None,
            "serviceCode": None,
            "sourceReference": None,
        },
        "destination": destination,
        "lineItems": [],
        "fulfillmentHolds": [],
        "fulfillAt": at,
        "fulfillBy": None,
        "internationalDuties": None,
        "createdAt": at,
        "updatedAt": at,
    }


def add_line(
    happening: Action, part: Document, line: Document, quantity: int, *, promise: bool = True
) -> Document:
    """Puts pieces of a line on a fulfilment order; `promise` moves them from available to committed."""
    row = {
        "id": new_gid(happening.store, "FulfillmentOrderLineItem"),
        "lineItemId": line["id"],
        "fulfillmentOrderId": part["id"],
        "totalQuantity": quantity,
        "remainingQuantity": quantity,
        "requiresShipping": line["requiresShipping"],
        "inventoryItemId": line["inventoryItemId"],
        "productTitle": line["title"],
        "variantTitle": line["variantTitle"],
        "variantId": line["variantId"],
        "sku": line["sku"],
        "vendor": line["vendor"],
        "originalUnitPriceSet": line["originalUnitPriceSet"],
        "weight": line["weight"],
        "image": None,
        "warnings": [],
        "shippingLine": None,
        "financialSummaries": [],
    }
    part["lineItems"].append(row)
    if promise and line["isTracked"]:
        happening_at = part["assignedLocationId"]
        stock.shift(
            happening, line["inventoryItemId"], happening_at, {"available": -quantity, "committed": quantity}
        )
    return row


def release(happening: Action, part: Document, row: Document, quantity: int, *, tracked: bool) -> None:
    """Takes pieces off a fulfilment order and gives their stock back."""
    row["remainingQuantity"] -= quantity
    row["totalQuantity"] -= quantity
    if tracked:
        place = part["assignedLocationId"]
        stock.shift(happening, row["inventoryItemId"], place, {"available": quantity, "committed": -quantity})


def close_if_done(part: Document, at: str) -> None:
    """Closes a fulfilment order of which nothing remains."""
    if part["status"] in ("OPEN", "IN_PROGRESS") and not any(
        row["remainingQuantity"] for row in part["lineItems"]
    ):
        part |= {"status": "CLOSED", "updatedAt": at}
