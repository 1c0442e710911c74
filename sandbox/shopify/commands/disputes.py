"""A buyer's bank takes a payment back: a dispute is opened over an order, and later won or lost.

It owns Dispute documents and the summary of them in the order. The money of a payout does not move here.
"""

from __future__ import annotations

from datetime import timedelta

from sandbox.shopify.commands.happenings import action
from sandbox.shopify.commands.order_store import Refused, loaded, touch
from sandbox.shopify.documents import gid, moment, now, stamp
from sandbox.shopify.store import Document, Store

ANSWER_WITHIN = timedelta(days=7)
REASONS = ("credit_not_processed", "duplicate", "fraudulent", "general", "product_not_received")
OUTCOMES = ("under_review", "accepted", "won", "lost")


def dispute(store: Store, shop: str, order_id: str, wish: Document) -> str:
    """Opens a dispute over the order's payments (`reason`), or moves the open one on (`outcome`). Gives its id."""
    with action(store, shop) as happening:
        order, at = loaded(store, shop, order_id), now(store)
        known = next((row for row in store.all(shop, "dispute") if row["orderId"] == order_id), None)
        if wish.get("outcome"):
            if known is None or known["finalizedAt"]:
                raise Refused("the order has no open dispute")
            ends = wish["outcome"] != "under_review"
            made = known | {"status": wish["outcome"], "finalizedAt": at if ends else None}
        elif known is not None:
            raise Refused("the order has a dispute already")
        else:
            made = _opened(store, order, at, reason=wish.get("reason") or "fraudulent")
        store.put(shop, "dispute", made["id"], made)
        order["disputes"] = [_summary(made)]
        touch(happening, order)
        happening.tell("disputes/create" if known is None else "disputes/update", made)
    return str(made["id"])


def _opened(store: Store, order: Document, at: str, *, reason: str) -> Document:
    paid = order["netPaymentSet"]["shopMoney"]
    return {
        "id": gid("ShopifyPaymentsDispute", store.next_id()),
        "orderId": order["id"],
        "amount": paid["amount"],
        "currency": paid["currencyCode"],
        "reason": reason,
        "status": "needs_response",
        "initiatedAt": at,
        "dueAt": stamp(moment(at) + ANSWER_WITHIN),
        "finalizedAt": None,
    }


def _summary(made: Document) -> Document:
    return {
        "id": made["id"].replace("ShopifyPaymentsDispute", "OrderDisputeSummary"),
        "initiatedAs": "CHARGEBACK",
        "status": made["status"].upper(),
    }
