"""Parcels: what leaves, how it is tracked, and what comes back into the shelf when a parcel is called off.

It owns Fulfillment documents and the remaining quantities of fulfilment orders. It refuses to send more than remains;
the wording for apps is in the resolvers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.shopify.commands import routing, stock
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.order_store import Refused, loaded, touch
from sandbox.shopify.commands.pricing import part as share
from sandbox.shopify.commands.totals import currencies_of
from sandbox.shopify.documents import new_gid, now, owner
from sandbox.shopify.money import bag_of
from sandbox.shopify.store import Document, Store

Tracking = Mapping[str, Any]  # company, number or numbers, url or urls


def create(
    store: Store,
    shop: str,
    order_id: str,
    *,
    lines: Mapping[str, int] | None = None,
    tracking: Tracking | None = None,
    fulfillment_order_id: str | None = None,
) -> str:
    """A parcel leaves: everything that remains at one location, or some pieces by line id or SKU. Gives its id."""
    with action(store, shop) as happening:
        order = loaded(store, shop, order_id)
        parts = [
            part
            for part in order["fulfillmentOrders"]
            if part["status"] in ("OPEN", "IN_PROGRESS") and fulfillment_order_id in (None, part["id"])
        ]
        if not parts:
            raise Refused("nothing of this order is left to fulfil")
        chosen = _chosen(order, parts, lines)
        fulfilment = ship(happening, order, chosen, tracking=tracking, at=now(store))
        touch(happening, order)
    return str(fulfilment["id"])


def _chosen(
    order: Document, parts: list[Document], lines: Mapping[str, int] | None
) -> list[tuple[Document, Document, int]]:
    place = parts[0]["assignedLocationId"]
    names = {line["id"]: {line["id"], line["sku"]} for line in order["lineItems"]}
    found = []
    for part in parts:
        for row in part["lineItems"]:
            remaining = row["remainingQuantity"]
            if lines is None:
                wanted = remaining if part["assignedLocationId"] == place else 0
            else:
                wanted = next((count for name, count in lines.items() if name in names[row["lineItemId"]]), 0)
            if wanted > remaining:
                raise Refused("Invalid fulfillment order line item quantity requested.")
            if wanted:
                found.append((part, row, wanted))
    if not found:
        raise Refused("nothing of this order was chosen to fulfil")
    return found


def ship_everything(happening: Action, order: Document, at: str) -> None:
    """Hands over all goods at once, as a till does."""
    for part in order["fulfillmentOrders"]:
        chosen = [(part, row, row["remainingQuantity"]) for row in part["lineItems"]]
        ship(happening, order, chosen, tracking=None, at=at)


def ship(
    happening: Action,
    order: Document,
    chosen: list[tuple[Document, Document, int]],
    *,
    tracking: Tracking | None,
    at: str,
) -> Document:
    """Writes the parcel of some pieces into the order; the caller stores the order."""
    store, lines = happening.store, {line["id"]: line for line in order["lineItems"]}
    for part, row, quantity in chosen:
        line = lines[row["lineItemId"]]
        row["remainingQuantity"] -= quantity
        line["unfulfilledQuantity"] -= quantity
        line["fulfillableQuantity"] -= quantity
        part["updatedAt"] = at
        if line["isTracked"]:
            stock.shift(
                happening, line["inventoryItemId"], part["assignedLocationId"], {"committed": -quantity}
            )
        routing.close_if_done(part, at)
    number = len(order["fulfillments"]) + 1
    first_part = chosen[0][0]
    fulfilment = {
        "id": new_gid(store, "Fulfillment"),
        "orderId": order["id"],
        "name": f"{order['name']}-F{number}" if number > 1 else f"{order['name']}-F1",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "locationId": first_part["assignedLocationId"],
        "fulfillmentOrderIds": list(dict.fromkeys(part["id"] for part, _, _ in chosen)),
        "fulfillmentLineItems": [
            _row(store, order, lines[row["lineItemId"]], row, n) for _, row, n in chosen
        ],
        "totalQuantity": sum(quantity for _, _, quantity in chosen),
        "requiresShipping": any(row["requiresShipping"] for _, row, _ in chosen),
        "trackingInfo": tracking_info(tracking),
        "originAddress": None,
        "deliveredAt": None,
        "estimatedDeliveryAt": None,
        "inTransitAt": None,
        "createdAt": at,
        "updatedAt": at,
    }
    order["fulfillments"].append(fulfilment)
    happening.tell("fulfillments/create", fulfilment)
    return fulfilment


def _row(store: Store, order: Document, line: Document, part_row: Document, quantity: int) -> Document:
    money = currencies_of(order)

    def worth(field: str) -> Document:
        whole = bag_of(line[field])
        return money.document(share(whole, taken=0, quantity=quantity, of=line["quantity"], currencies=money))

    return {
        "id": new_gid(store, "FulfillmentLineItem"),
        "lineItemId": line["id"],
        "fulfillmentOrderLineItemId": part_row["id"],
        "quantity": quantity,
        "originalTotalSet": worth("originalTotalSet"),
        "discountedTotalSet": worth("discountedTotalWithCodesSet"),
    }


def tracking_info(tracking: Tracking | None) -> list[Document]:
    """One entry per tracking number, the company repeated."""
    if not tracking:
        return []
    numbers = list(tracking.get("numbers") or ([tracking["number"]] if tracking.get("number") else []))
    urls = list(tracking.get("urls") or ([tracking["url"]] if tracking.get("url") else []))
    size = max(len(numbers), len(urls), 1 if tracking.get("company") else 0)
    return [
        {
            "company": tracking.get("company"),
            "number": numbers[place] if place < len(numbers) else None,
            "url": urls[place] if place < len(urls) else None,
        }
        for place in range(size)
    ]


def track(store: Store, shop: str, fulfillment_id: str, info: Tracking) -> None:
    """The parcel gets another tracking."""
    with action(store, shop) as happening:
        order, fulfilment = _found(store, shop, fulfillment_id)
        fulfilment |= {"trackingInfo": tracking_info(info), "updatedAt": now(store)}
        touch(happening, order)
        happening.tell("fulfillments/update", fulfilment)


def cancel(store: Store, shop: str, fulfillment_id: str) -> None:
    """The parcel is called off; its pieces may be sent again. Cancelling twice changes nothing."""
    with action(store, shop) as happening:
        order, fulfilment = _found(store, shop, fulfillment_id)
        if fulfilment["status"] == "CANCELLED":
            return
        at = now(store)
        fulfilment |= {"status": "CANCELLED", "displayStatus": "CANCELED", "updatedAt": at}
        lines = {line["id"]: line for line in order["lineItems"]}
        reopened = routing.open_part(happening, order, fulfilment["locationId"], method="SHIPPING", at=at)
        for row in fulfilment["fulfillmentLineItems"]:
            line = lines[row["lineItemId"]]
            line["unfulfilledQuantity"] += row["quantity"]
            line["fulfillableQuantity"] += row["quantity"]
            routing.add_line(happening, reopened, line, row["quantity"], promise=False)
            if line["isTracked"]:
                place = fulfilment["locationId"]
                stock.shift(happening, line["inventoryItemId"], place, {"committed": row["quantity"]})
        if order["cancelledAt"] is None:
            order["fulfillmentOrders"].append(reopened)
        touch(happening, order)
        happening.tell("fulfillments/update", fulfilment)


def _found(store: Store, shop: str, fulfillment_id: str) -> tuple[Document, Document]:
    holder = owner(store, shop, fulfillment_id)
    if holder is None:
        raise Refused("Fulfillment does not exist.")
    order = loaded(store, shop, holder["id"])
    return order, next(one for one in order["fulfillments"] if one["id"] == fulfillment_id)
