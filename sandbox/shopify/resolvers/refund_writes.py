"""refundCreate, and what Shopify suggests to refund.

It owns the reading of the input and the words of refusal; the refund itself is written by `commands.refunds`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import order_store, refunds, totals
from sandbox.shopify.commands.happenings import action
from sandbox.shopify.commands.pricing import part, tax_total
from sandbox.shopify.commands.refunds import RefundedLine, Wish
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user
from sandbox.shopify.money import NOTHING, Bag, Currencies, bag_of, fixed, total
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document


@resolves("Mutation.refundCreate")
def refund_create(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments["input"]
    if context.wanted(wish["orderId"], "Order") is None:
        return {"refund": None, "order": None, "userErrors": [user("Order does not exist", "orderId")]}
    with action(context.store, context.shop) as happening:
        order = order_store.loaded(context.store, context.shop, wish["orderId"])
        faults = _faults(order, wish)
        if faults:
            return {"refund": None, "orderId": order["id"], "userErrors": faults}
        refund = refunds.give_back(happening, order, _read(order, wish))
        order_store.touch(happening, order)
    return {"refundId": refund["id"], "orderId": order["id"], "userErrors": []}


def _amounts(order: Document, wish: Document, money: Currencies) -> list[tuple[str | None, Bag]]:
    read = money.presented if wish.get("currency") == money.presentment else money.bag
    rows = [one for one in wish.get("transactions") or () if one["kind"] in ("REFUND", "SUGGESTED_REFUND")]
    return [(one.get("parentId"), read(Decimal(str(one["amount"])))) for one in rows]


def _read(order: Document, wish: Document) -> Wish:
    money = totals.currencies_of(order)
    lines = [
        RefundedLine(
            row["lineItemId"], row["quantity"], row.get("restockType") or "NO_RESTOCK", row.get("locationId")
        )
        for row in wish.get("refundLineItems") or ()
    ]
    credit = [
        (None, money.bag(Decimal(str(one["storeCreditRefund"]["amount"]["amount"]))))
        for one in wish.get("refundMethods") or ()
    ]
    amounts = _amounts(order, wish, money) + credit
    return Wish(
        lines=lines,
        shipping=_shipping(order, wish, money),
        duties=[one["dutyId"] for one in wish.get("refundDuties") or ()],
        amounts=amounts,
        note=wish.get("note"),
        # OTHER can be said, but is no word for an adjustment that is there.
        reason=None if wish.get("discrepancyReason") == "OTHER" else wish.get("discrepancyReason"),
        processed_at=wish.get("processedAt"),
    )


def _shipping(order: Document, wish: Document, money: Currencies) -> Bag | None:
    read = money.presented if wish.get("currency") == money.presentment else money.bag
    shipping = wish.get("shipping") or {}
    if shipping.get("fullRefund"):
        return refunds.shipping_left(order)
    if shipping.get("amount") is None:
        return None
    return read(Decimal(str(shipping["amount"])))


def _faults(order: Document, wish: Document) -> list[Document]:
    faults = []
    lines = {line["id"]: line for line in order["lineItems"]}
    for index, row in enumerate(wish.get("refundLineItems") or ()):
        line = lines.get(row["lineItemId"])
        if line is None:
            faults.append(user("Line item does not exist", "refundLineItems", index, "lineItemId"))
        elif row["quantity"] > line["refundableQuantity"]:
            message = "Quantity cannot refund more items than were purchased"
            faults.append(user(message, "refundLineItems", index, "quantity"))
    parents = {row["id"] for row in order["transactions"]}
    for one in wish.get("transactions") or ():
        # What pays back is the parent; the gateway is said again by convention and decides nothing.
        if (one["orderId"], one["gateway"])[0] != order["id"]:
            faults.append(user("Transactions must belong to the order", "transactions"))
        elif one["kind"] not in ("REFUND", "SUGGESTED_REFUND"):
            faults.append(user(f"Kind {one['kind'].lower()} is not a valid transaction"))
        elif one.get("parentId") not in parents:
            faults.append(user("Transactions require a parent_id associated with the order", "transactions"))
        elif Decimal(str(one["amount"])) < 0:
            # Never recorded: that a refund does not take money is certain, the words are ours.
            faults.append(user("Amount must be greater than or equal to 0", "transactions"))
    if faults:
        return faults
    money = totals.currencies_of(order)
    asked = total([amount for _, amount in _amounts(order, wish, money)])
    received = bag_of(order["netPaymentSet"])
    if asked.shop > received.shop:
        message = (
            f"Refund amount ${fixed(asked.shop, money.shop)} is greater than net payment received"
            f" ${fixed(received.shop, money.shop)}"
        )
        return [user(message)]
    shipping = _shipping(order, wish, money)
    if shipping and shipping.shop > refunds.shipping_left(order).shop:
        return [user("Refund shipping amount is greater than the shipping amount left to refund", "shipping")]
    return []


@resolves("Order.suggestedRefund")
def suggested_refund(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    money = totals.currencies_of(source)
    wanted = {row["lineItemId"]: row["quantity"] for row in arguments.get("refundLineItems") or ()}
    if arguments.get("suggestFullRefund"):
        wanted = {line["id"]: line["refundableQuantity"] for line in source["lineItems"]}
    subtotal, tax, rows = NOTHING, NOTHING, []
    for line in source["lineItems"]:
        if not wanted.get(line["id"]):
            continue
        taken, of = line["quantity"] - line["currentQuantity"], line["quantity"]
        facts: dict[str, Any] = {
            "taken": taken,
            "quantity": wanted[line["id"]],
            "of": of,
            "currencies": money,
        }
        worth = part(bag_of(line["discountedTotalWithCodesSet"]), **facts)
        taxes = total([part(bag_of(one["priceSet"]), **facts) for one in line["taxLines"]])
        subtotal, tax = subtotal + worth, tax + taxes
        rows.append(_suggested_line(line, wanted[line["id"]], worth, taxes, money))
    shipping, shipping_tax = _suggested_shipping(source, arguments, money)
    tax += shipping_tax
    amount = subtotal + shipping + (NOTHING if source["taxesIncluded"] else tax)
    maximum = bag_of(source["netPaymentSet"])
    amount = Bag(min(amount.shop, maximum.shop), min(amount.presentment, maximum.presentment))
    return {
        "amountSet": money.document(amount),
        "discountedSubtotalSet": money.document(subtotal),
        "maximumRefundableSet": money.document(maximum),
        "subtotalSet": money.document(subtotal),
        "totalTaxSet": money.document(tax),
        "totalTaxesSet": money.document(tax),
        "totalDutiesSet": money.document(NOTHING),
        "totalCartDiscountAmountSet": money.document(NOTHING),
        "refundDuties": [],
        "refundLineItems": rows,
        "shipping": {
            "amountSet": money.document(shipping),
            "maximumRefundableSet": money.document(refunds.shipping_left(source)),
            "taxSet": money.document(shipping_tax),
        },
        "suggestedRefundMethods": [],
        "suggestedTransactions": _suggested_transactions(source, amount, money),
    }


def _suggested_line(line: Document, quantity: int, worth: Bag, tax: Bag, money: Currencies) -> Document:
    return {
        "id": None,
        "lineItemId": line["id"],
        "quantity": quantity,
        "restockType": "NO_RESTOCK",
        "restocked": False,
        "locationId": None,
        "priceSet": line["discountedUnitPriceSet"],
        "subtotalSet": money.document(worth),
        "totalTaxSet": money.document(tax),
    }


def _suggested_shipping(source: Document, arguments: dict[str, Any], money: Currencies) -> tuple[Bag, Bag]:
    left = refunds.shipping_left(source)
    if arguments.get("shippingAmount") is not None:
        asked = money.bag(Decimal(str(arguments["shippingAmount"])))
    elif arguments.get("refundShipping") or arguments.get("suggestFullRefund"):
        asked = left
    else:
        return NOTHING, NOTHING
    whole = total([bag_of(line["discountedPriceSet"]) for line in source["shippingLines"]])
    taxes = total([tax_total(line["taxLines"]) for line in source["shippingLines"]])
    if not whole.shop:
        return asked, NOTHING
    factor = asked.shop / whole.shop
    return asked, money.rounded(taxes.times(factor))


def _suggested_transactions(source: Document, amount: Bag, money: Currencies) -> list[Document]:
    return [
        {
            "amountSet": money.document(share),
            "gateway": row["gateway"],
            "formattedGateway": row["formattedGateway"],
            "accountNumber": row["accountNumber"],
            "kind": "SUGGESTED_REFUND",
            "maximumRefundableSet": row["amountSet"],
            "parentTransactionId": row["id"],
            "paymentDetails": row["paymentDetails"],
        }
        for row, share in refunds.spread(source, amount)
    ]
