"""Shopify Payments: the account, its payouts and balance transactions; and tender transactions of all orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.connections import SortKey, sort_by
from sandbox.shopify.context import Context
from sandbox.shopify.documents import gid, number
from sandbox.shopify.money import money
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

PAYOUT_FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "issued_at": Field(lambda row: [row["issuedAt"]], "time"),
    "status": Field(
        lambda row: [row["status"]], "enum", ("scheduled", "in_transit", "paid", "failed", "canceled")
    ),
    "currency": Field(lambda row: [row["net"]["currencyCode"]]),
}
TRANSACTION_FIELDS = {
    "id": PAYOUT_FIELDS["id"],
    "processed_at": Field(lambda row: [row["transactionDate"]], "time"),
    "transaction_type": Field(lambda row: [row["type"]]),
    "payments_transfer_id": Field(lambda row: [row["associatedPayout"]["id"].rsplit("/", 1)[-1]], "id"),
    "payout_status": Field(lambda row: [row["associatedPayout"]["status"]]),
    "payout_date": Field(lambda row: [row["transactionDate"]], "time"),
}
PAYOUT_SORTS: dict[str, SortKey] = {
    "ID": lambda row: number(row["id"]),
    "ISSUED_AT": lambda row: str(row["issuedAt"]),
    "STATUS": lambda row: str(row["status"]),
}


@resolves("QueryRoot.shopifyPaymentsAccount")
def account(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    rows = context.views("shopify_payments_account")
    return rows[0] if rows else None


@resolves("ShopifyPaymentsAccount.payouts")
def payouts(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = context.views("shopify_payments_payout")
    if arguments.get("transactionType"):
        rows = [row for row in rows if row["transactionType"] == arguments["transactionType"]]
    sort = sort_by(PAYOUT_SORTS, arguments, "ISSUED_AT")
    return context.search(rows, arguments, PAYOUT_FIELDS, sort=sort)


@resolves("ShopifyPaymentsAccount.balanceTransactions")
def balance_transactions(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = context.views("shopify_payments_balance_transaction")
    if arguments.get("hideTransfers"):
        rows = [row for row in rows if row["type"] != "TRANSFER"]
    return context.search(rows, arguments, TRANSACTION_FIELDS, sort=lambda row: str(row["transactionDate"]))


@resolves("ShopifyPaymentsAccount.payoutSchedule")
def payout_schedule(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return {"interval": "DAILY", "monthlyAnchor": None, "weeklyAnchor": None}


@resolves("QueryRoot.tenderTransactions")
def tender_transactions(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = [
        _tender(row)
        for order in context.views("order")
        for row in order["transactions"]
        if row["status"] == "SUCCESS" and row["kind"] in ("SALE", "CAPTURE", "REFUND")
    ]
    fields = {
        "id": PAYOUT_FIELDS["id"],
        "processed_at": Field(lambda row: [row["processedAt"]], "time"),
        "test": Field(lambda row: [row["test"]]),
    }
    return context.search(rows, arguments, fields, sort=lambda row: number(row["id"]))


def _tender(row: Document) -> Document:
    paid = row["amountSet"]["presentmentMoney"]
    sign = -1 if row["kind"] == "REFUND" else 1
    return {
        "id": gid("TenderTransaction", number(row["id"])),
        "amount": money(sign * Decimal(paid["amount"]), paid["currencyCode"]),
        "orderId": row["orderId"],
        "paymentMethod": "credit_card" if row["accountNumber"] else "other",
        "processedAt": row["processedAt"],
        "remoteReference": row["authorizationCode"] or row["paymentId"],
        "test": row["test"],
        "transactionDetails": None,
        "user": None,
    }
