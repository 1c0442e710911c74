"""Transactions of an order: how one is written, and which gateways are worked by hand.

It owns the OrderTransaction document. Whether a payment is due is decided by the commands that call it.
"""

from __future__ import annotations

from sandbox.shopify.commands.totals import currencies_of
from sandbox.shopify.documents import new_gid, number
from sandbox.shopify.money import Bag
from sandbox.shopify.store import Document, Store

MANUAL_GATEWAYS = ("manual", "Cash on Delivery (COD)", "Bank Deposit", "Money Order", "cash")
CARD = {"__typename": "CardPaymentDetails", "company": "Visa", "number": "•••• •••• •••• 4242"}


def add(
    store: Store,
    order: Document,
    kind: str,
    amount: Bag,
    *,
    gateway: str,
    at: str,
    status: str = "SUCCESS",
    parent_id: str | None = None,
) -> Document:
    """Adds one transaction to the order."""
    money = currencies_of(order)
    transaction_id = new_gid(store, "OrderTransaction")
    is_manual = gateway in MANUAL_GATEWAYS
    transaction = {
        "id": transaction_id,
        "orderId": order["id"],
        "kind": kind,
        "status": status,
        "amountSet": money.document(amount),
        "amountRoundingSet": None,
        "gateway": gateway,
        "formattedGateway": gateway.replace("_", " ").capitalize(),
        "manualPaymentGateway": is_manual,
        "manuallyCapturable": False,
        "multiCapturable": False,
        "test": order["test"],
        "parentTransactionId": parent_id,
        "paymentId": f"{order['name']}.{len(order['transactions']) + 1}",
        "accountNumber": None if is_manual else "•••• •••• •••• 4242",
        "authorizationCode": None if is_manual else f"ch_{number(transaction_id)}",
        "authorizationExpiresAt": None,
        "errorCode": None,
        "receiptJson": "{}",
        "settlementCurrency": money.shop,
        "settlementCurrencyRate": "1",
        "totalUnsettledSet": money.document(amount if kind == "AUTHORIZATION" else Bag()),
        "locationId": order["retailLocationId"],
        "fees": [],
        "paymentDetails": None if is_manual or gateway == "gift_card" else CARD,
        "createdAt": at,
        "processedAt": at,
    }
    order["transactions"].append(transaction)
    return transaction


def payable(order: Document) -> Document | None:
    """The pending sale or open authorization that a payment would settle."""
    settled = {row["parentTransactionId"] for row in order["transactions"]}
    for row in order["transactions"]:
        is_pending = row["kind"] == "SALE" and row["status"] == "PENDING" and row["id"] not in settled
        if row["manuallyCapturable"] or is_pending:
            found: Document = row
            return found
    return None
