"""returnCreate, returnRequest, returnProcess and the switches of a return's state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import order_store, refunds, returns, totals
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.order_store import Refused
from sandbox.shopify.commands.refunds import Wish
from sandbox.shopify.commands.returns import ReturnedLine
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user
from sandbox.shopify.money import Bag, Currencies
from sandbox.shopify.resolvers.order_writes import REASON_DEFINITIONS
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

NOT_FOUND = "Return not found."
BAD_QUANTITY = "Return line item has an invalid quantity."


@resolves("Mutation.returnCreate", "Mutation.returnRequest")
def return_create(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    creates = "returnInput" in arguments
    root = "returnInput" if creates else "input"
    wish = arguments[root]
    if context.wanted(wish["orderId"], "Order") is None:
        return {"return": None, "userErrors": [user("Order not found.", root, "orderId", code="NOT_FOUND")]}
    with action(context.store, context.shop) as happening:
        order = order_store.loaded(context.store, context.shop, wish["orderId"])
        if faults := _line_faults(order, wish["returnLineItems"], root):
            return {"return": None, "userErrors": faults}
        lines = [_line(row) for row in wish["returnLineItems"]]
        money = totals.currencies_of(order)
        fee = (wish.get("returnShippingFee") or {}).get("amount")
        status = "OPEN" if creates else "REQUESTED"
        made = returns.begin(
            happening, order, lines, status=status, shipping_fee=_bag(fee, money) if fee else None
        )
        order_store.touch(happening, order)
    return {"returnId": made["id"], "userErrors": []}


def _line(row: Document) -> ReturnedLine:
    defined = row.get("returnReasonDefinitionId")
    legacy = next((one["legacy"] for one in REASON_DEFINITIONS if one["id"] == defined), None)
    return ReturnedLine(
        row["fulfillmentLineItemId"],
        row["quantity"],
        legacy or row.get("returnReason") or "UNKNOWN",
        row.get("returnReasonNote") or "",
        row.get("customerNote"),
    )


def _bag(money_input: Document, money: Currencies) -> Bag:
    read = money.presented if money_input["currencyCode"] == money.presentment else money.bag
    return read(Decimal(str(money_input["amount"])))


def _line_faults(order: Document, rows: list[Document], root: str) -> list[Document]:
    known = {row["id"] for parcel in order["fulfillments"] for row in parcel["fulfillmentLineItems"]}
    faults = []
    for index, row in enumerate(rows):
        path = (root, "returnLineItems", index)
        if row["fulfillmentLineItemId"] not in known:
            message = "Fulfillment Line Item was not found."
            faults.append(user(message, *path, "fulfillmentLineItemId", code="NOT_FOUND"))
            continue
        reason, defined = row.get("returnReason"), row.get("returnReasonDefinitionId")
        if reason is None and defined is None:
            faults.append(_reason_missing(path, root))
        elif reason == "OTHER" and not row.get("returnReasonNote") and root == "returnInput":
            message = "Return reason note can't be blank"
            faults.append(user(message, *path, "returnReasonNote", code="BLANK"))
        if not 0 < row["quantity"] <= returns.returnable(order, row["fulfillmentLineItemId"]):
            faults.append(user(BAD_QUANTITY, *path, "quantity", code="INVALID"))
    return faults


def _reason_missing(path: tuple[str | int, ...], root: str) -> Document:
    if root == "input":
        return user("Return reason can't be blank", *path, "returnReason", code="BLANK")
    message = "Return line items Either return reason or return reason definition must be provided"
    return user(message, *path, code="NOT_FOUND")


@resolves("Mutation.returnApproveRequest", "Mutation.returnDeclineRequest")
def answer_request(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments["input"]
    declines = "declineReason" in wish

    def act() -> None:
        if declines:
            reason, note = wish["declineReason"], wish.get("declineNote")
            returns.decline(context.store, context.shop, wish["id"], reason=reason, note=note)
        else:
            returns.approve(context.store, context.shop, wish["id"])

    return _switched(context, wish["id"], ("input", "id"), act)


@resolves("Mutation.returnClose")
def return_close(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return _switched(
        context, arguments["id"], ("id",), lambda: returns.close(context.store, context.shop, arguments["id"])
    )


@resolves("Mutation.returnReopen")
def return_reopen(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return _switched(
        context,
        arguments["id"],
        ("id",),
        lambda: returns.reopen(context.store, context.shop, arguments["id"]),
    )


@resolves("Mutation.returnCancel")
def return_cancel(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return _switched(
        context,
        arguments["id"],
        ("id",),
        lambda: returns.cancel(context.store, context.shop, arguments["id"]),
    )


def _switched(context: Context, return_id: str, path: tuple[str, ...], act: Any) -> Document:
    if context.wanted(return_id, "Return") is None:
        return {"return": None, "userErrors": [user(NOT_FOUND, *path, code="NOT_FOUND")]}
    try:
        act()
    except Refused as refused:
        return {"return": None, "userErrors": [user(str(refused), *path, code="INVALID_STATE")]}
    return {"returnId": return_id, "userErrors": []}


@resolves("Mutation.returnProcess")
def return_process(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments["input"]
    if context.wanted(wish["returnId"], "Return") is None:
        return {"return": None, "userErrors": [user(NOT_FOUND, "input", "returnId", code="NOT_FOUND")]}
    with action(context.store, context.shop) as happening:
        order, made = returns.found(context.store, context.shop, wish["returnId"])
        if faults := _process_faults(order, made, wish):
            return {"return": None, "userErrors": faults}
        rows = {row["id"]: row for row in made["returnLineItems"]}
        for one in wish["returnLineItems"]:
            returns.receive(happening, order, made, rows[one["id"]], one["quantity"])
            for disposition in one.get("dispositions") or ():
                _dispose(happening, order, made, disposition)
        if wish.get("financialTransfer") or wish.get("refundShipping"):
            refunds.give_back(happening, order, _refund(order, made, wish))
        order_store.touch(happening, order)
    return {"returnId": made["id"], "userErrors": []}


def _process_faults(order: Document, made: Document, wish: Document) -> list[Document]:
    rows = {row["id"]: row for row in made["returnLineItems"]}
    faults = []
    for index, one in enumerate(wish["returnLineItems"]):
        path = ("input", "returnLineItems", index)
        if one["id"] not in rows:
            faults.append(user("Return line item was not found.", *path, "id", code="NOT_FOUND"))
        elif not 0 < one["quantity"] <= rows[one["id"]]["unprocessedQuantity"]:
            faults.append(user(BAD_QUANTITY, *path, "quantity", code="INVALID"))
    if made["status"] not in ("OPEN", "CLOSED"):
        faults.append(user("Return status is invalid.", "input", "returnId", code="INVALID_STATE"))
    money = totals.currencies_of(order)
    paid = sum((amount.shop for _, amount in _transfers(wish, money)), Decimal(0))
    held = Decimal(order["netPaymentSet"]["shopMoney"]["amount"])
    if paid > held:
        message = f"Refund amount ${paid} is greater than net payment received ${held}"
        faults.append(user(message, "input", "financialTransfer", code="INVALID"))
    return faults


def _transfers(wish: Document, money: Currencies) -> list[tuple[str | None, Bag]]:
    refund = (wish.get("financialTransfer") or {}).get("issueRefund") or {}
    return [
        (one["parentId"], _bag(one["transactionAmount"], money))
        for one in refund.get("orderTransactions") or ()
    ]


def _refund(order: Document, made: Document, wish: Document) -> Wish:
    money = totals.currencies_of(order)
    shipping = wish.get("refundShipping") or {}
    back = None
    if shipping.get("fullRefund"):
        back = refunds.shipping_left(order)
    elif shipping.get("shippingRefundAmount"):
        back = _bag(shipping["shippingRefundAmount"], money)
    return Wish(
        amounts=_transfers(wish, money),
        shipping=back,
        duties=[one["dutyId"] for one in wish.get("refundDuties") or ()],
        note=wish.get("note"),
        return_id=made["id"],
        returned=[(one["id"], one["quantity"]) for one in wish["returnLineItems"]],
    )


def _dispose(happening: Action, order: Document, made: Document, disposition: Document) -> None:
    wanted = disposition["reverseFulfillmentOrderLineItemId"]
    for part in made["reverseFulfillmentOrders"]:
        for line in part["lineItems"]:
            if line["id"] == wanted:
                kind, place = disposition["dispositionType"], disposition.get("locationId")
                returns.dispose(happening, order, line, disposition["quantity"], kind=kind, location_id=place)
