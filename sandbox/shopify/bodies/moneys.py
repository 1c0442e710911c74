"""Transactions and refunds in their REST form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.bodies.lines import line_item
from sandbox.shopify.bodies.parts import Clock, both, duties, id_of, money_set, shop_amount, unsettled_set
from sandbox.shopify.documents import load, owner
from sandbox.shopify.money import Bag, Currencies, bag_of, fixed, total
from sandbox.shopify.store import Document, Store

NO_CARD = (
    *("credit_card_bin", "avs_result_code", "cvv_result_code", "credit_card_name", "credit_card_wallet"),
    *("credit_card_expiration_month", "credit_card_expiration_year", "buyer_action_info"),
)


def transaction(store: Store, shop: str, document: Document) -> Document:
    """order_transactions/create"""
    clock = Clock(store, shop)
    money = document["amountSet"]["presentmentMoney"]
    card: dict[str, Any] = dict.fromkeys(NO_CARD)
    card |= {
        "credit_card_number": document["accountNumber"] or "",
        "credit_card_company": "Visa" if document["accountNumber"] else "",
        "payment_method_name": "card" if document["accountNumber"] else document["gateway"],
    }
    return {
        "id": id_of(document["id"]),
        "order_id": id_of(document["orderId"]),
        "kind": document["kind"].lower(),
        "gateway": document["gateway"],
        "status": document["status"].lower(),
        "message": None,
        "created_at": clock(document["createdAt"]),
        "test": document["test"],
        "authorization": document["authorizationCode"] or "",
        "location_id": id_of(document["locationId"]),
        "user_id": None,
        "parent_id": id_of(document["parentTransactionId"]),
        "processed_at": clock(document["processedAt"]),
        "device_id": "",
        "error_code": None,
        "source_name": "web",
        "payment_details": card,
        "receipt": {},
        "amount": fixed(money["amount"], money["currencyCode"]),
        "currency": money["currencyCode"],
        "payment_id": document["paymentId"],
        "total_unsettled_set": unsettled_set(document["totalUnsettledSet"]),
        "manual_payment_gateway": document["manualPaymentGateway"],
        "amount_rounding": None,
        "admin_graphql_api_id": document["id"],
    }


def tender_transaction(store: Store, shop: str, document: Document) -> Document:
    """tender_transactions/create, about the transaction that moved the money"""
    money = document["amountSet"]["presentmentMoney"]
    amount = Decimal(money["amount"]) * (-1 if document["kind"] == "REFUND" else 1)
    card = {"credit_card_number": document["accountNumber"], "credit_card_company": "Visa"}
    return {
        "id": id_of(document["id"]),
        "order_id": id_of(document["orderId"]),
        "amount": fixed(amount, money["currencyCode"]),
        "currency": money["currencyCode"],
        "user_id": None,
        "test": document["test"],
        "processed_at": Clock(store, shop)(document["processedAt"]),
        "remote_reference": document["authorizationCode"] or document["paymentId"],
        "payment_details": card if document["accountNumber"] else None,
        "payment_method": "credit_card" if document["accountNumber"] else "other",
    }


def refund(store: Store, shop: str, document: Document, order: Document | None = None) -> Document:
    """refunds/create; `order` is given when the order is not stored yet."""
    clock = Clock(store, shop)
    holder = order or owner(store, shop, document["id"])
    assert holder is not None
    lines = {line["id"]: line for line in holder["lineItems"]}
    payments = {row["id"]: row for row in holder["transactions"]}
    returned = load(store, shop, document["returnId"]) if document["returnId"] else None
    money = Currencies(holder["currencyCode"], holder["presentmentCurrencyCode"])
    known = [duty for line in holder["lineItems"] for duty in line["duties"]]
    refunded = [duty for duty in known if duty["id"] in {one["originalDutyId"] for one in document["duties"]}]
    duty_total = total([bag_of(one["amountSet"]) for one in document["duties"]]) if refunded else Bag()
    return {
        "id": id_of(document["id"]),
        "order_id": id_of(holder["id"]),
        "created_at": clock(document["createdAt"]),
        "note": document["note"] or "",
        "user_id": 0,
        "processed_at": clock(document["processedAt"]),
        "restock": document["restock"],
        "duties": duties(refunded),
        "total_duties_set": money_set(money.document(duty_total)),
        "return": {"id": id_of(returned["id"]), "admin_graphql_api_id": returned["id"]} if returned else None,
        "refund_shipping_lines": [_shipping(row, holder) for row in document["refundShippingLines"]],
        "admin_graphql_api_id": document["id"],
        "refund_line_items": [_line(row, lines[row["lineItemId"]]) for row in document["refundLineItems"]],
        "transactions": [_paid_back(store, shop, payments[one]) for one in document["transactionIds"]],
        "order_adjustments": [_adjustment(one) for one in document["orderAdjustments"]],
    }


def _paid_back(store: Store, shop: str, document: Document) -> Document:
    body = transaction(store, shop, document)
    body.pop("payment_details")
    return {**body, "device_id": None, "payment_id": document["paymentId"]}


def _line(row: Document, line: Document) -> Document:
    return {
        "id": id_of(row["id"]),
        "location_id": id_of(row["locationId"]),
        "restock_type": row["restockType"].lower(),
        "quantity": row["quantity"],
        "line_item_id": id_of(row["lineItemId"]),
        # The two plain figures are JSON numbers in Shopify's own bodies; the sets are exact.
        "subtotal": float(shop_amount(row["subtotalSet"])),
        "total_tax": float(shop_amount(row["totalTaxSet"])),
        "subtotal_set": money_set(row["subtotalSet"]),
        "total_tax_set": money_set(row["totalTaxSet"]),
        "line_item": line_item(line),
    }


def _shipping(row: Document, order: Document) -> Document:
    line = next(one for one in order["shippingLines"] if one["id"] == row["shippingLineId"])
    return {
        "id": id_of(row["id"]),
        "shipping_line": {"id": id_of(line["id"]), "title": line["title"], "code": line["code"]},
        "subtotal_amount_set": money_set(row["subtotalAmountSet"]),
        "tax_amount_set": money_set(row["taxAmountSet"]),
        "admin_graphql_api_id": row["id"],
    }


def _adjustment(one: Document) -> Document:
    return {
        "id": id_of(one["id"]),
        "order_id": id_of(one["orderId"]),
        "refund_id": id_of(one["refundId"]),
        **both("amount", one["amountSet"]),
        **both("tax_amount", one["taxAmountSet"]),
        "kind": "refund_discrepancy",
        "reason": "Refund discrepancy",
    }


def dispute(store: Store, shop: str, document: Document) -> Document:
    """disputes/create, disputes/update"""
    clock = Clock(store, shop)
    return {
        "id": id_of(document["id"]),
        "order_id": id_of(document["orderId"]),
        "type": "chargeback",
        "amount": document["amount"],
        "currency": document["currency"],
        "reason": document["reason"],
        "network_reason_code": "4837",
        "status": document["status"],
        "evidence_due_by": clock(document["dueAt"]),
        "evidence_sent_on": None,
        "finalized_on": clock(document["finalizedAt"]),
        "initiated_at": clock(document["initiatedAt"]),
    }
