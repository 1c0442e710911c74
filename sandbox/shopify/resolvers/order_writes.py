"""orderUpdate, orderCancel, orderMarkAsPaid, orderCapture, orderClose, orderOpen, tagsAdd and tagsRemove."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sandbox.shopify import places
from sandbox.shopify.commands import catalogue, order_store, orders, payments, totals
from sandbox.shopify.commands.happenings import action
from sandbox.shopify.connections import connection
from sandbox.shopify.context import Context
from sandbox.shopify.documents import gid, kind_of, now, type_of
from sandbox.shopify.errors import user
from sandbox.shopify.money import bag_of, fixed
from sandbox.shopify.resolvers.metafield_writes import set_all
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

LONGEST_NOTE = 255
PLAIN = ("note", "email", "phone", "poNumber")
WRITABLE = (*PLAIN, "tags", "customAttributes", "shippingAddress", "metafields", "localizedFields")
MISSING = "Order does not exist"


@resolves("Mutation.orderUpdate")
def order_update(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments["input"]
    if context.wanted(wish["id"], "Order") is None:
        return {"order": None, "userErrors": [user(MISSING, "id")]}
    if not any(key in wish for key in WRITABLE):
        error = user("No valid update parameters have been provided")
        return {"orderId": wish["id"], "userErrors": [error]}
    if faults := _update_faults(wish) or set_all(context, wish["id"], wish.get("metafields")):
        return {"orderId": wish["id"], "userErrors": faults}
    with action(context.store, context.shop) as happening:
        order = order_store.loaded(context.store, context.shop, wish["id"])
        order |= {key: wish[key] for key in PLAIN if key in wish}
        if "tags" in wish:
            order["tags"] = catalogue.clean_tags(wish["tags"] or [])
        if "customAttributes" in wish:
            order["customAttributes"] = [
                {"key": one["key"], "value": one["value"]} for one in wish["customAttributes"]
            ]
        if wish.get("shippingAddress"):
            address_id = f"{gid('MailingAddress', context.store.next_id())}?model_name=Address"
            merged = {**(order["shippingAddress"] or {}), **wish["shippingAddress"]}
            order["shippingAddress"] = order["displayAddress"] = places.address(merged, global_id=address_id)
        order_store.touch(happening, order)
    return {"orderId": wish["id"], "userErrors": []}


def _update_faults(wish: Document) -> list[Document]:
    faults = []
    if wish.get("phone") and not re.fullmatch(r"\+?[\d\s().-]{7,20}", wish["phone"]):
        faults.append(user("Phone is invalid", "phone"))
    if wish.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", wish["email"]):
        faults.append(user("Email is invalid", "email"))
    address = wish.get("shippingAddress") or {}
    for key, message in (("lastName", "Enter a last name"), ("zip", "Enter a ZIP code")):
        if key in address and not address[key]:
            faults.append(user(message, "shippingAddress", key))
    province, country = address.get("provinceCode"), address.get("countryCode")
    known = places.PROVINCES.get(country or "", {})
    if province and known and province not in known:
        name = places.COUNTRIES[country or ""]
        faults.append(user(f"State is not a valid state in {name}", "shippingAddress", "province"))
    return faults


@resolves("Mutation.orderCancel")
def order_cancel(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    order = context.wanted(arguments["orderId"], "Order")
    faults = _cancel_faults(order, arguments)
    if faults:
        plain = [{**fault, "code": None} for fault in faults]
        return {"job": None, "jobResult": None, "orderCancelUserErrors": faults, "userErrors": plain}
    method = arguments.get("refundMethod") or {}
    pays = bool(
        arguments.get("refund") or method.get("originalPaymentMethodsRefund") or "storeCreditRefund" in method
    )
    orders.cancel(
        context.store,
        context.shop,
        arguments["orderId"],
        reason=arguments["reason"],
        refund=pays,
        restock=arguments["restock"],
        staff_note=arguments.get("staffNote"),
    )
    number = context.store.next_id()
    result = {
        "id": gid("OrderCancelJobResult", number),
        "done": True,
        "status": "SUCCEEDED",
        "errors": [],
        "orderId": arguments["orderId"],
    }
    return {
        "job": {"id": gid("Job", number), "done": True},
        "jobResult": result,
        "orderCancelUserErrors": [],
        "userErrors": [],
    }


def _cancel_faults(order: Document | None, arguments: dict[str, Any]) -> list[Document]:
    if order is None:
        return [user(MISSING, "orderId", code="NOT_FOUND")]
    faults = []
    if len(arguments.get("staffNote") or "") > LONGEST_NOTE:
        message = f"Staff note is too long. Maximum length is {LONGEST_NOTE} characters."
        faults.append(user(message, "staffNote", code="INVALID"))
    if arguments.get("refund") is not None and arguments.get("refundMethod") is not None:
        message = "Only one of the arguments `refund` or `refund_method` is allowed."
        faults.append(user(message, "refund", code="INVALID"))
    if order["cancelledAt"]:
        message = "Cannot cancel an order that has already been canceled"
        faults.append(user(message, "orderId", code="INVALID"))
    return faults


@resolves("Mutation.orderMarkAsPaid")
def order_mark_as_paid(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    order_id = arguments["input"]["id"]
    order = context.wanted(order_id, "Order")
    if order is None:
        return {"order": None, "userErrors": [user(MISSING, "id")]}
    if not order["canMarkAsPaid"]:
        return {"orderId": order_id, "userErrors": [user("Order cannot be marked as paid.", "id")]}
    orders.pay(context.store, context.shop, order_id)
    return {"orderId": order_id, "userErrors": []}


@resolves("Mutation.orderCapture")
def order_capture(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments["input"]
    order = context.wanted(wish["id"], "Order")
    if order is None:
        return {"transaction": None, "userErrors": [user(MISSING, "id")]}
    parent = next((row for row in order["transactions"] if row["id"] == wish["parentTransactionId"]), None)
    if message := _capture_fault(order, parent, Decimal(str(wish["amount"]))):
        return {"transaction": None, "userErrors": [user(message)]}
    assert parent is not None
    with action(context.store, context.shop) as happening:
        held = order_store.loaded(context.store, context.shop, order["id"])
        money = totals.currencies_of(held)
        read = money.presented if wish.get("currency") == money.presentment else money.bag
        transaction = payments.add(
            context.store,
            held,
            "CAPTURE",
            read(Decimal(str(wish["amount"]))),
            gateway=parent["gateway"],
            at=now(context.store),
            parent_id=parent["id"],
        )
        order_store.touch(happening, held)
        order_store.tell_transaction(happening, transaction)
        if held["displayFinancialStatus"] == "PAID":
            happening.tell("orders/paid", held)
    return {"transactionId": transaction["id"], "userErrors": []}


def _capture_fault(order: Document, parent: Document | None, amount: Decimal) -> str | None:
    if parent is None:
        return "Unable to find parent transaction"
    if amount <= 0:
        return "Amount must be greater than zero for capture transactions"
    if parent["kind"] != "AUTHORIZATION":
        return "Parent transaction should be a successful authorization"
    if not parent["manuallyCapturable"]:
        return "Can only capture successful authorizations"
    held = bag_of(parent["amountSet"]).shop
    if amount > held:
        return (
            f"Cannot capture more than the authorized {fixed(held, order['currencyCode'])} for this payment."
        )
    return None


@resolves("Mutation.orderClose", "Mutation.orderOpen")
def order_close_or_open(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    order_id = arguments["input"]["id"]
    if context.wanted(order_id, "Order") is None:
        return {"order": None, "userErrors": [user(MISSING, "id")]}
    closes = context.place is not None and context.place.field_name == "orderClose"
    with action(context.store, context.shop) as happening:
        order = order_store.loaded(context.store, context.shop, order_id)
        if closes != (order["closedAt"] is not None):
            order["closedAt"] = now(context.store) if closes else None
            order_store.touch(happening, order)
    return {"orderId": order_id, "userErrors": []}


TAGGED = {"Order": "orders/updated", "Product": "products/update", "Customer": "customers/update"}


@resolves("Mutation.tagsAdd", "Mutation.tagsRemove")
def tags_change(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    record_id, named = arguments["id"], type_of(arguments["id"])
    record = context.store.get(context.shop, kind_of(named), record_id) if named in TAGGED else None
    if record is None:
        return {"node": None, "userErrors": [user(f"{named} does not exist", "id")]}
    adds = context.place is not None and context.place.field_name == "tagsAdd"
    gone = {tag.strip().lower() for tag in arguments["tags"]}
    kept = (
        [*record["tags"], *arguments["tags"]]
        if adds
        else [one for one in record["tags"] if one.lower() not in gone]
    )
    with action(context.store, context.shop) as happening:
        record |= {"tags": catalogue.clean_tags(kept), "updatedAt": now(context.store)}
        if named == "Order":
            order_store.save(context.store, context.shop, record)
        else:
            context.store.put(context.shop, kind_of(named), record_id, record)
        happening.tell(TAGGED[named], record)
    return {"nodeId": record_id, "userErrors": []}


@resolves("QueryRoot.returnReasonDefinitions")
def return_reason_definitions(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return connection(REASON_DEFINITIONS, arguments)


@resolves("ReturnLineItem.returnReasonDefinition")
def return_reason_definition(
    context: Context, source: Document, arguments: dict[str, Any]
) -> Document | None:
    return next((one for one in REASON_DEFINITIONS if one["legacy"] == source["returnReason"]), None)


REASON_DEFINITIONS: list[Document] = [
    {
        "id": gid("ReturnReasonDefinition", place),
        "handle": legacy.lower().replace("_", "-"),
        "name": legacy.replace("_", " ").capitalize(),
        "deleted": False,
        "legacy": legacy,
    }
    for place, legacy in enumerate(
        (
            *("COLOR", "DEFECTIVE", "NOT_AS_DESCRIBED", "OTHER", "SIZE_TOO_LARGE", "SIZE_TOO_SMALL", "STYLE"),
            *("UNKNOWN", "UNWANTED", "WRONG_ITEM"),
        ),
        start=1,
    )
]
