"""The totals and states of an order, worked out anew from its lines, its ledger and its transactions.

It owns every `*Set` total and every derived status of an Order document. Nobody else writes them.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.shopify.commands import ledger, pricing
from sandbox.shopify.money import NOTHING, Bag, Currencies, bag_of, total
from sandbox.shopify.money import money as amount_in
from sandbox.shopify.store import Document


def currencies_of(order: Document) -> Currencies:
    """The two currencies of an order with the rate of its creation."""
    return Currencies(order["currencyCode"], order["presentmentCurrencyCode"], Decimal(order["exchangeRate"]))


def settle(order: Document) -> None:
    """Brings every derived field up to date."""
    money = currencies_of(order)
    _sold(order, money)
    _today(order, money)
    _paid(order, money)
    _states(order)
    if order["paymentTerms"]:
        order["paymentTerms"]["paymentSchedules"] = [_schedule(order, order["paymentTerms"])]


def _schedule(order: Document, terms: Document) -> Document:
    outstanding = max(bag_of(order["totalOutstandingSet"]).presentment, Decimal(0))
    balance = amount_in(outstanding, order["presentmentCurrencyCode"])
    return {
        "id": terms["scheduleId"],
        "paymentTermsId": terms["id"],
        "issuedAt": terms["issuedAt"],
        "dueAt": terms["dueAt"],
        "completedAt": None if outstanding else order["updatedAt"],
        "due": False,
        "balanceDue": balance,
        "totalBalance": balance,
        "amount": balance,
    }


def _sold(order: Document, money: Currencies) -> None:
    """What was ever sold, whatever was given back later."""
    goods = [line for line in order["lineItems"] if not line["isTip"]]
    tips = total([bag_of(line["originalTotalSet"]) for line in order["lineItems"] if line["isTip"]])
    shipping = [line for line in order["shippingLines"] if not line["isRemoved"]]
    duties = [duty for line in goods for duty in line["duties"]]
    taxed = [*goods, *shipping, *duties, *order["additionalFees"]]
    tax = total([pricing.tax_total(one["taxLines"]) for one in taxed])
    subtotal = total([bag_of(line["discountedTotalWithCodesSet"]) for line in goods])
    shipped = total([bag_of(line["discountedPriceSet"]) for line in shipping])
    extras = total([bag_of(one["price"]) for one in (*duties, *order["additionalFees"])])
    discounts = [one for line in (*goods, *shipping) for one in line["discountAllocations"]]
    whole = subtotal + shipped + extras + tips + (NOTHING if order["taxesIncluded"] else tax)
    order |= {
        "subtotalPriceSet": money.document(subtotal),
        "totalLineItemsPriceSet": money.document(total([bag_of(line["originalTotalSet"]) for line in goods])),
        "totalDiscountsSet": money.document(total([bag_of(one["allocatedAmountSet"]) for one in discounts])),
        "cartDiscountAmountSet": money.document(_across(discounts)),
        "totalShippingPriceSet": money.document(
            total([bag_of(line["originalPriceSet"]) for line in shipping])
        ),
        "totalTaxSet": money.document(tax),
        "totalTipReceivedSet": money.document(tips),
        "totalTipReceived": money.document(tips)["shopMoney"],
        "totalPriceSet": money.document(whole),
        "taxLines": pricing.merged([one["taxLines"] for one in taxed], money),
        "subtotalLineItemsQuantity": sum(line["quantity"] for line in goods),
        "totalWeight": round(sum(line["weight"]["value"] * line["quantity"] for line in goods) * 1000),
    }
    order.setdefault("originalTotalPriceSet", order["totalPriceSet"])


def _across(discounts: list[Document]) -> Bag:
    return total(
        [
            bag_of(one["allocatedAmountSet"])
            for one in discounts
            if one["discountApplication"]["allocationMethod"] == "ACROSS"
        ]
    )


def _today(order: Document, money: Currencies) -> None:
    """What is left of it, by the ledger."""
    included = order["taxesIncluded"]

    def worth(*line_types: str) -> Bag:
        amount = ledger.amount_of(order, *line_types)
        return amount if included else amount - ledger.tax_of(order, *line_types)

    goods = [line for line in order["lineItems"] if not line["isTip"]]
    duties = [duty for line in goods for duty in line["duties"]]
    order |= {
        "currentSubtotalPriceSet": money.document(worth("PRODUCT", "GIFT_CARD")),
        "currentShippingPriceSet": money.document(worth("SHIPPING")),
        "currentTotalTaxSet": money.document(ledger.tax_of(order)),
        "currentTotalDiscountsSet": money.document(ledger.discount_of(order)),
        "currentCartDiscountAmountSet": order["cartDiscountAmountSet"],
        "currentTotalPriceSet": money.document(ledger.amount_of(order)),
        "currentTotalDutiesSet": money.document(worth("DUTY")) if duties else None,
        "originalTotalDutiesSet": money.document(total([bag_of(one["price"]) for one in duties]))
        if duties
        else None,
        "currentTotalAdditionalFeesSet": money.document(worth("ADDITIONAL_FEE"))
        if order["additionalFees"]
        else None,
        "originalTotalAdditionalFeesSet": money.document(
            total([bag_of(one["price"]) for one in order["additionalFees"]])
        )
        if order["additionalFees"]
        else None,
        "currentTaxLines": pricing.merged(ledger.taxes_of(order), money),
        "currentSubtotalLineItemsQuantity": sum(line["currentQuantity"] for line in goods),
        "currentTotalWeight": round(
            sum(line["weight"]["value"] * line["currentQuantity"] for line in goods) * 1000
        ),
    }


def received(order: Document, *kinds: str, status: str = "SUCCESS") -> Bag:
    """The sum of the order's transactions of some kinds."""
    rows = [row for row in order["transactions"] if row["kind"] in kinds and row["status"] == status]
    return total([bag_of(row["amountSet"]) for row in rows])


def _paid(order: Document, money: Currencies) -> None:
    """What was paid, paid back, and is open."""
    paid, refunded = received(order, "SALE", "CAPTURE"), received(order, "REFUND")
    parents = {
        row["parentTransactionId"] for row in order["transactions"] if row["kind"] in ("CAPTURE", "VOID")
    }
    capturable = NOTHING
    for row in order["transactions"]:
        row["manuallyCapturable"] = (
            row["kind"] == "AUTHORIZATION" and row["status"] == "SUCCESS" and row["id"] not in parents
        )
        if row["manuallyCapturable"]:
            capturable += bag_of(row["amountSet"])
    today = bag_of(order["currentTotalPriceSet"])
    refunds = order["refunds"]
    order |= {
        "totalReceivedSet": money.document(paid),
        "totalRefundedSet": money.document(refunded),
        "totalRefundedShippingSet": money.document(
            total(
                [bag_of(line["subtotalAmountSet"]) for one in refunds for line in one["refundShippingLines"]]
            )
        ),
        "totalCashRoundingAdjustment": {
            "paymentSet": money.document(NOTHING),
            "refundSet": money.document(NOTHING),
        },
        "refundDiscrepancySet": money.document(
            total([bag_of(one["amountSet"]) for refund in refunds for one in refund["orderAdjustments"]])
        ),
        "netPaymentSet": money.document(paid - refunded),
        "totalOutstandingSet": money.document(today - (paid - refunded) - capturable),
        "totalCapturableSet": money.document(capturable),
        "capturable": bool(capturable),
        "paymentGatewayNames": list(dict.fromkeys(row["gateway"] for row in order["transactions"])),
    }
    order["displayFinancialStatus"] = _financial_status(order, paid, refunded, capturable)
    order["fullyPaid"] = order["displayFinancialStatus"] in ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
    order["unpaid"] = not paid and order["displayFinancialStatus"] != "PAID"
    order["canMarkAsPaid"] = not order["cancelledAt"] and order["displayFinancialStatus"] in (
        "PENDING",
        "AUTHORIZED",
        "PARTIALLY_PAID",
    )
    order["refundable"] = bool(paid - refunded)


def _financial_status(order: Document, paid: Bag, refunded: Bag, capturable: Bag) -> str:
    if paid:
        if refunded:
            return "REFUNDED" if refunded.shop >= paid.shop else "PARTIALLY_REFUNDED"
        return "PARTIALLY_PAID" if bag_of(order["currentTotalPriceSet"]).shop > paid.shop else "PAID"
    if order["cancelledAt"] and order["transactions"]:
        return "VOIDED"
    if capturable:
        return "AUTHORIZED"
    return "PENDING" if bag_of(order["originalTotalPriceSet"]) else "PAID"


def _states(order: Document) -> None:
    """Where its goods are."""
    parts = [part for part in order["fulfillmentOrders"] if part["lineItems"]]
    shipped = sum(
        row["quantity"]
        for one in order["fulfillments"]
        if one["status"] == "SUCCESS"
        for row in one["fulfillmentLineItems"]
    )
    remaining = sum(line["remainingQuantity"] for part in parts for line in part["lineItems"])
    if any(part["status"] == "ON_HOLD" for part in parts):
        state = "ON_HOLD"
    elif shipped and remaining:
        state = "PARTIALLY_FULFILLED"
    elif shipped:
        state = "FULFILLED"
    elif any(part["status"] == "IN_PROGRESS" for part in parts):
        state = "IN_PROGRESS"
    elif any(part["status"] == "SCHEDULED" for part in parts):
        state = "SCHEDULED"
    else:
        state = "UNFULFILLED" if parts else "FULFILLMENT_NOT_REQUIRED"
    order["displayFulfillmentStatus"] = state
    order["fulfillable"] = bool(remaining) and not order["cancelledAt"]
    order["requiresShipping"] = any(line["requiresShipping"] for line in order["lineItems"])
    order["restockable"] = any(line["currentQuantity"] for line in order["lineItems"])
    order["closed"] = order["closedAt"] is not None
    order["returnStatus"] = _return_status([one["status"] for one in order["returns"]])


def _return_status(states: list[str]) -> str:
    if "REQUESTED" in states:
        return "RETURN_REQUESTED"
    if "OPEN" in states:
        return "IN_PROGRESS"
    return "RETURNED" if "CLOSED" in states else "NO_RETURN"
