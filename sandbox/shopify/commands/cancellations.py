"""An order is called off: goods go back to the shelf, money goes back or is let go, the order closes.

It owns that sequence; the refund itself is written by `refunds`.
"""

from __future__ import annotations

from sandbox.shopify.commands import payments, sales
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.order_store import Refused, loaded, tell_transaction, touch
from sandbox.shopify.commands.refunds import RefundedLine, Wish, give_back, shipping_left
from sandbox.shopify.documents import now
from sandbox.shopify.money import bag_of
from sandbox.shopify.store import Document, Store

REASONS = ("CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF")


def cancel(
    store: Store,
    shop: str,
    order_id: str,
    *,
    reason: str = "OTHER",
    refund: bool = True,
    restock: bool = True,
    staff_note: str | None = None,
) -> None:
    """A merchant cancels an order; `refund` pays everything received back, else the money stays."""
    if reason not in REASONS:
        raise Refused(f"reason must be one of {', '.join(REASONS)}")
    with action(store, shop) as happening:
        order = loaded(store, shop, order_id)
        if order["cancelledAt"]:
            raise Refused("Cannot cancel an order that has already been canceled")
        at = now(store)
        lines = [
            RefundedLine(line["id"], line["refundableQuantity"], "CANCEL" if restock else "NO_RESTOCK")
            for line in order["lineItems"]
            if line["refundableQuantity"]
        ]
        pays = refund and bool(bag_of(order["netPaymentSet"]))
        fees = [
            sales.of_fee(fee, sign=-1, included=order["taxesIncluded"]) for fee in order["additionalFees"]
        ]
        wish = Wish(
            lines=lines,
            shipping=shipping_left(order),
            duties=[duty["id"] for line in order["lineItems"] for duty in line["duties"]],
            amounts=[(None, bag_of(order["netPaymentSet"]))] if pays else None,
            pays=pays,
            closes=True,
            sold=fees,
        )
        give_back(happening, order, wish)
        _void(happening, order, at)
        for part in order["fulfillmentOrders"]:
            part |= {"status": "CLOSED", "updatedAt": at}
        order |= {
            "cancelledAt": at,
            "closedAt": at,
            "cancelReason": reason,
            "cancellation": {"staffNote": staff_note},
        }
        touch(happening, order, at=at)
        happening.tell("orders/cancelled", order)


def _void(happening: Action, order: Document, at: str) -> None:
    """Lets go of money that was authorized and never captured."""
    for row in [one for one in order["transactions"] if one["manuallyCapturable"]]:
        amount = bag_of(row["amountSet"])
        void = payments.add(
            happening.store, order, "VOID", amount, gateway=row["gateway"], at=at, parent_id=row["id"]
        )
        tell_transaction(happening, void)
