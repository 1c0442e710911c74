"""Orders and what hangs on them: lists, searches, and the fields that follow from a state."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.shopify.connections import SortKey, connection, count, sort_by
from sandbox.shopify.context import Context
from sandbox.shopify.documents import embedded, moment, number
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

VISIBLE_DAYS = timedelta(days=60)
STATUSES = ("open", "closed", "cancelled", "not_closed")


def _states(row: Document) -> list[str]:
    if row["cancelledAt"]:
        return ["cancelled", *([] if row["closedAt"] else ["not_closed"])]
    return ["closed"] if row["closedAt"] else ["open", "not_closed"]


def _fulfillment_states(row: Document) -> list[str]:
    state = row["displayFulfillmentStatus"].lower()
    return [state, {"fulfilled": "shipped", "partially_fulfilled": "partial"}.get(state, "unshipped")]


FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "name": Field(lambda row: [row["name"], row["name"].lstrip("#")]),
    "status": Field(_states, "enum", STATUSES),
    "financial_status": Field(lambda row: [row["displayFinancialStatus"]]),
    "fulfillment_status": Field(_fulfillment_states),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
    "processed_at": Field(lambda row: [row["processedAt"]], "time"),
    "tag": Field(lambda row: row["tags"]),
    "email": Field(lambda row: [row["email"]]),
    "customer_id": Field(
        lambda row: [row["customerId"].rsplit("/", 1)[-1]] if row["customerId"] else [], "id"
    ),
    "test": Field(lambda row: [row["test"]]),
    "source_name": Field(lambda row: [row["sourceName"]]),
    "sku": Field(lambda row: [line["sku"] for line in row["lineItems"]]),
    "return_status": Field(lambda row: [row["returnStatus"]]),
    "location_id": Field(
        lambda row: [row["retailLocationId"].rsplit("/", 1)[-1]] if row["retailLocationId"] else []
    ),
    "po_number": Field(lambda row: [row["poNumber"]]),
}


def _in_cents(bag: Document) -> int:
    return int(Decimal(bag["shopMoney"]["amount"]) * 100)


SORTS: dict[str, SortKey] = {
    "ID": lambda row: number(row["id"]),
    "CREATED_AT": lambda row: str(row["createdAt"]),
    "UPDATED_AT": lambda row: str(row["updatedAt"]),
    "PROCESSED_AT": lambda row: str(row["processedAt"]),
    "ORDER_NUMBER": lambda row: int(row["number"]),
    "PO_NUMBER": lambda row: str(row["poNumber"] or "").lower(),
    "FINANCIAL_STATUS": lambda row: str(row["displayFinancialStatus"] or ""),
    "FULFILLMENT_STATUS": lambda row: str(row["displayFulfillmentStatus"]),
    "DESTINATION": lambda row: str((row["shippingAddress"] or {}).get("city") or "").lower(),
    "TOTAL_PRICE": lambda row: _in_cents(row["totalPriceSet"]),
    "CURRENT_TOTAL_PRICE": lambda row: _in_cents(row["currentTotalPriceSet"]),
    "TOTAL_ITEMS_QUANTITY": lambda row: sum(int(line["quantity"]) for line in row["lineItems"]),
}


def _is_visible(context: Context, order: Document) -> bool:
    """Orders older than sixty days need a scope of their own."""
    if "read_all_orders" in context.scopes:
        return True
    return context.store.now() - moment(order["createdAt"]) <= VISIBLE_DAYS


def page_of(context: Context, rows: list[Document], arguments: dict[str, Any]) -> Document:
    """A page of orders as the arguments ask for it."""
    sort = sort_by(SORTS, arguments, "PROCESSED_AT")
    seen = [row for row in rows if _is_visible(context, row)]
    return context.search(seen, arguments, FIELDS, default=("name", "email"), sort=sort)


@resolves("QueryRoot.orders", "Shop.orders")
def orders(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return page_of(context, context.views("order"), arguments)


@resolves("QueryRoot.ordersCount")
def orders_count(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    seen = [row for row in context.views("order") if _is_visible(context, row)]
    rows = context.matching(seen, arguments.get("query"), FIELDS, default=("name",))
    return count(len(rows), arguments.get("limit"))


@resolves("QueryRoot.order")
def order(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    found = context.wanted(arguments["id"], "Order")
    return found if found is not None and _is_visible(context, found) else None


@resolves("QueryRoot.orderByIdentifier")
def order_by_identifier(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    wanted = arguments["identifier"].get("id")
    return order(context, source, {"id": wanted}) if wanted else None


@resolves("QueryRoot.refund")
def refund(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "Refund")


@resolves("QueryRoot.return")
def return_(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "Return")


@resolves("QueryRoot.fulfillment")
def fulfillment(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "Fulfillment")


@resolves("QueryRoot.fulfillmentOrder")
def fulfillment_order(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "FulfillmentOrder")


PART_FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "status": Field(lambda row: [row["status"]]),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
    "assigned_location_id": Field(lambda row: [row["assignedLocationId"].rsplit("/", 1)[-1]], "id"),
}


@resolves("QueryRoot.fulfillmentOrders", "Shop.fulfillmentOrders")
def fulfillment_orders(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = [part for row in context.views("order") for part in row["fulfillmentOrders"]]
    if not arguments.get("includeClosed"):
        rows = [row for row in rows if row["status"] not in ("CLOSED", "CANCELLED")]
    return context.search(rows, arguments, PART_FIELDS, sort=lambda row: number(row["id"]))


@resolves("Order.fulfillmentOrders")
def fulfillment_orders_of(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return context.search(source["fulfillmentOrders"], arguments, PART_FIELDS)


@resolves("Fulfillment.fulfillmentOrders")
def parts_of_fulfillment(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = [found for one in source["fulfillmentOrderIds"] if (found := context.load(one)) is not None]
    return connection(rows, arguments)


@resolves("FulfillmentOrder.fulfillments")
def fulfillments_of_part(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    holder = context.load(source["orderId"]) or {"fulfillments": []}
    rows = [row for row in holder["fulfillments"] if source["id"] in row["fulfillmentOrderIds"]]
    return connection(rows, arguments)


@resolves("FulfillmentOrder.supportedActions")
def supported_actions(context: Context, source: Document, arguments: dict[str, Any]) -> list[Document]:
    actions = {
        "OPEN": ("CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"),
        "IN_PROGRESS": ("CREATE_FULFILLMENT", "REPORT_PROGRESS", "MARK_AS_OPEN"),
        "ON_HOLD": ("RELEASE_HOLD", "HOLD", "MOVE"),
    }.get(source["status"], ())
    splits = source["status"] == "OPEN" and sum(line["remainingQuantity"] for line in source["lineItems"]) > 1
    return [{"action": one, "externalUrl": None} for one in (*actions, *(("SPLIT",) if splits else ()))]


@resolves("FulfillmentOrder.assignedLocation")
def assigned_location(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    location = context.load(source["assignedLocationId"]) or {}
    address = location["address"]
    return {
        **{
            key: address[key]
            for key in ("address1", "address2", "city", "phone", "province", "zip", "countryCode")
        },
        "name": location["name"],
        "locationId": location["id"],
    }


@resolves("Order.shippingLines")
def shipping_lines(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = [
        row for row in source["shippingLines"] if arguments.get("includeRemovals") or not row["isRemoved"]
    ]
    return connection(rows, arguments)


@resolves("Order.shippingLine")
def shipping_line(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    rows = [row for row in source["shippingLines"] if not row["isRemoved"]]
    return rows[0] if rows else None


@resolves("Order.transactions")
def transactions(context: Context, source: Document, arguments: dict[str, Any]) -> list[Document]:
    rows: list[Document] = source["transactions"]
    if arguments.get("capturable"):
        rows = [row for row in rows if row["manuallyCapturable"]]
    return rows[: arguments["first"]] if arguments.get("first") is not None else rows


@resolves("Order.returns")
def returns(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    fields = {
        "status": Field(lambda row: [row["status"]]),
        "id": PART_FIELDS["id"],
        "name": Field(lambda r: [r["name"]]),
    }
    return context.search(source["returns"], arguments, fields)


@resolves("Refund.transactions")
def refund_transactions(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return connection(_chosen(context, source["orderId"], source["transactionIds"]), arguments)


@resolves("Return.refunds")
def refunds_of_return(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return connection(_chosen(context, source["orderId"], source["refundIds"]), arguments)


def _chosen(context: Context, order_id: str, ids: list[str]) -> list[Document]:
    holder = context.load(order_id)
    by_id = {record["id"]: record for record in embedded(holder)} if holder else {}
    return [by_id[one] for one in ids if one in by_id]


@resolves("Order.statusPageUrl")
def status_page_url(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    return f"https://{context.shop}/orders/{number(source['id'])}/authenticate?key={source['token']}"


@resolves("LineItem.discountedTotalSet")
def discounted_total(context: Context, source: Document, arguments: dict[str, Any]) -> Any:
    return source[
        "discountedTotalWithCodesSet" if arguments.get("withCodeDiscounts") else "discountedTotalSet"
    ]


@resolves("Order.purchasingEntity")
def purchasing_entity(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    entity: Document | None = source["purchasing"]
    return context.load(entity["id"]) if entity and entity["__typename"] == "Customer" else entity
