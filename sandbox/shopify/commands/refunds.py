"""Money and goods that go back: refunds of lines, shipping, duties, or of a bare amount.

It owns Refund documents and what is paid back for them. It refuses to pay back more than was received or to refund
more pieces than are left; the wording for apps is in the resolvers.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.shopify.commands import ledger, payments, sales, totals
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.order_store import Refused, loaded, tell_transaction, touch
from sandbox.shopify.commands.refund_parts import (
    RefundedLine,
    Wish,
    duties_back,
    line_back,
    returned,
    shipping_back,
    shipping_left,
)
from sandbox.shopify.documents import new_gid, now
from sandbox.shopify.money import NOTHING, Bag, Currencies, bag_of, total
from sandbox.shopify.store import Document, Store

__all__ = ["RefundedLine", "Wish", "create", "give_back", "shipping_left", "spread"]


def create(store: Store, shop: str, order_id: str, spec: Document) -> str:
    """A merchant refunds: `lines` [{`line_id` or `sku`, `quantity`, `restock_type`?, `location_id`?}], `shipping` (an
    amount or true for all of it), `amount` (paid back; left out: what the lines are worth), `note`. Gives the id."""
    with action(store, shop) as happening:
        order = loaded(store, shop, order_id)
        money = totals.currencies_of(order)
        lines = [_line_wish(order, one) for one in spec.get("lines", [])]
        amount = spec.get("amount")
        wish = Wish(
            lines=lines,
            shipping=_shipping_wish(order, spec.get("shipping"), money),
            amounts=None if amount is None else [(None, money.bag(Decimal(str(amount))))],
            note=spec.get("note"),
            reason=spec.get("reason"),
        )
        refund = give_back(happening, order, wish)
        touch(happening, order)
    return str(refund["id"])


def _line_wish(order: Document, wish: Document) -> RefundedLine:
    for line in order["lineItems"]:
        if wish.get("line_id") == line["id"] or (wish.get("sku") and wish["sku"] == line["sku"]):
            restock = str(wish.get("restock_type", "NO_RESTOCK")).upper()
            return RefundedLine(line["id"], int(wish.get("quantity", 1)), restock, wish.get("location_id"))
    raise Refused(f"the order has no such line: {wish!r}")


def _shipping_wish(order: Document, wish: object, money: Currencies) -> Bag | None:
    if wish is None or wish is False:
        return None
    return shipping_left(order) if wish is True else money.bag(Decimal(str(wish)))


def give_back(happening: Action, order: Document, wish: Wish) -> Document:
    """Writes a refund into the order with its sales, transactions and stock; the caller stores the order."""
    _check(order, wish)
    store, at = happening.store, now(happening.store)
    money, included = totals.currencies_of(order), order["taxesIncluded"]
    refund_id = new_gid(store, "Refund")
    pairs = [line_back(happening, order, one, money=money) for one in wish.lines]
    shipping_rows, shipping_sales = shipping_back(store, order, wish.shipping or NOTHING, money=money)
    duties, duty_sales = duties_back(order, wish.duties, included=included)
    returned_rows, returned_worth = returned(store, order, wish, money=money)
    rows = [*(row for row, _ in pairs), *returned_rows]
    sold = [*wish.sold, *(sale for _, sale in pairs), *shipping_sales, *duty_sales]
    worth = -total([sale.amount for sale in sold])
    paid = _amounts(order, wish, worth + returned_worth)
    difference = _difference(order, wish, worth, total([amount for _, amount in paid]))
    transactions = [_pay_back(happening, order, one, amount, at=at) for one, amount in paid if amount]
    refund = {
        "id": refund_id,
        "orderId": order["id"],
        "note": wish.note,
        "createdAt": at,
        "processedAt": wish.processed_at or at,
        "updatedAt": at,
        "refundLineItems": rows,
        "refundShippingLines": shipping_rows,
        "orderAdjustments": _adjustments(store, order, refund_id, difference, wish.reason, money),
        "duties": duties,
        "transactionIds": [row["id"] for row in transactions],
        "totalRefundedSet": money.document(total([amount for _, amount in paid])),
        "returnId": wish.return_id,
        "restock": any(row["restocked"] for row in rows),
    }
    order["refunds"].append(refund)
    for made in order["returns"]:
        if made["id"] == wish.return_id:
            made["refundIds"].append(refund_id)
    if difference:
        sold.append(sales.adjustment(-difference))
    if sold:
        ledger.agree(store, order, "REFUND", sold, at=at, currencies=money, refundId=refund_id)
    happening.tell("refunds/create", refund)
    for transaction in transactions:
        tell_transaction(happening, transaction)
    return refund


def _check(order: Document, wish: Wish) -> None:
    """Refuses before anything is written."""
    lines = {line["id"]: line for line in order["lineItems"]}
    for one in wish.lines:
        if one.quantity > lines[one.line_id]["refundableQuantity"]:
            raise Refused("Quantity cannot refund more items than were purchased")
    if wish.shipping and wish.shipping.shop > shipping_left(order).shop:
        raise Refused("Refund amount for shipping is greater than the shipping paid")
    asked, received = total([amount for _, amount in wish.amounts or ()]), bag_of(order["netPaymentSet"])
    if asked.shop > received.shop:
        raise Refused(f"Refund amount {asked.shop} is greater than net payment received {received.shop}")


def _amounts(order: Document, wish: Wish, worth: Bag) -> list[tuple[str | None, Bag]]:
    received = bag_of(order["netPaymentSet"])
    if not wish.pays:
        return []
    if wish.amounts is None:
        limited = Bag(min(worth.shop, received.shop), min(worth.presentment, received.presentment))
        return [(row["id"], share) for row, share in spread(order, limited)] if limited.shop > 0 else []
    found: list[tuple[str | None, Bag]] = []
    for parent_id, amount in wish.amounts:
        shares = (
            [(parent_id, amount)] if parent_id else [(row["id"], one) for row, one in spread(order, amount)]
        )
        found += shares
    return found


def _difference(order: Document, wish: Wish, worth: Bag, paid: Bag) -> Bag:
    """What is paid beyond (or below) the worth of what goes back and what was owed already."""
    today, received = ledger.amount_of(order), bag_of(order["netPaymentSet"])
    if wish.closes:
        return today - worth
    if wish.amounts is None:
        return NOTHING

    def beyond(worth: Decimal, paid: Decimal, owed: Decimal) -> Decimal:
        least = max(worth + min(owed, Decimal(0)), Decimal(0))  # what was never paid need not be paid back
        most = worth + max(owed, Decimal(0))
        return paid - least if paid < least else max(paid - most, Decimal(0))

    owed = received - today
    return Bag(
        beyond(worth.shop, paid.shop, owed.shop),
        beyond(worth.presentment, paid.presentment, owed.presentment),
    )


def spread(order: Document, amount: Bag) -> list[tuple[Document, Bag]]:
    """An amount over the payments of the order, the newest first, none beyond what it still holds."""
    found: list[tuple[Document, Bag]] = []
    for row in reversed(order["transactions"]):
        if row["kind"] in ("SALE", "CAPTURE") and row["status"] == "SUCCESS" and amount:
            held = bag_of(row["amountSet"]) - _paid_back(order, row["id"])
            share = Bag(min(held.shop, amount.shop), min(held.presentment, amount.presentment))
            if share:
                found.append((row, share))
                amount -= share
    return found


def _paid_back(order: Document, parent_id: str) -> Bag:
    rows = [row for row in order["transactions"] if row["parentTransactionId"] == parent_id]
    return total(
        [bag_of(row["amountSet"]) for row in rows if row["kind"] == "REFUND" and row["status"] == "SUCCESS"]
    )


def _adjustments(
    store: Store, order: Document, refund_id: str, difference: Bag, reason: str | None, money: Currencies
) -> list[Document]:
    if not difference:
        return []
    adjustment = {
        "id": new_gid(store, "OrderAdjustment"),
        "orderId": order["id"],
        "refundId": refund_id,
        "reason": reason or "REFUND_DISCREPANCY",
        "amountSet": money.document(-difference),
        "taxAmountSet": money.document(NOTHING),
    }
    return [adjustment]


def _pay_back(happening: Action, order: Document, parent_id: str | None, amount: Bag, *, at: str) -> Document:
    paid = [
        row
        for row in order["transactions"]
        if row["kind"] in ("SALE", "CAPTURE") and row["status"] == "SUCCESS"
    ]
    parent = next((row for row in paid if row["id"] == parent_id), paid[-1] if paid else None)
    if parent is None:
        raise Refused("Transactions require a parent_id associated with the order")
    return payments.add(
        happening.store, order, "REFUND", amount, gateway=parent["gateway"], at=at, parent_id=parent["id"]
    )
