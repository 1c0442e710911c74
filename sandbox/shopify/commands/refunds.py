"""Money and goods that go back: refunds of lines, shipping, duties, or of a bare amount.

It owns Refund documents, their sales in the ledger and the restocking. It refuses to pay back more than was received
or to refund more pieces than are left; the wording for apps is in the resolvers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.shopify.commands import ledger, payments, routing, sales, stock, totals
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.order_store import Refused, loaded, tell_transaction, touch
from sandbox.shopify.commands.pricing import part
from sandbox.shopify.documents import new_gid, now
from sandbox.shopify.money import NOTHING, Bag, Currencies, bag_of, total
from sandbox.shopify.store import Document, Store


@dataclass(frozen=True)
class RefundedLine:
    """Some pieces of one line that go back."""

    line_id: str
    quantity: int
    restock_type: str = "NO_RESTOCK"  # RETURN, CANCEL, NO_RESTOCK, LEGACY_RESTOCK
    location_id: str | None = None


@dataclass(frozen=True)
class Wish:
    """What a refund shall be. `amounts` are paid back per parent transaction; None: what the lines are worth, as far
    as it was received."""

    lines: Sequence[RefundedLine] = ()
    shipping: Bag | None = None  # of the shipping price before added taxes
    duties: Sequence[str] = ()
    amounts: Sequence[tuple[str | None, Bag]] | None = None
    pays: bool = True  # False: goods go back, the money stays where it is
    closes: bool = False  # nothing of the order is left afterwards
    note: str | None = None
    reason: str | None = None
    processed_at: str | None = None
    sold: Sequence[ledger.Sale] = field(default_factory=tuple)
    return_id: str | None = None
    returned: Sequence[tuple[str, int]] = ()  # return lines, unsold by the return already, and their pieces


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


def shipping_left(order: Document) -> Bag:
    """The shipping price, before added taxes, that was not refunded yet."""
    sold = total(
        [bag_of(line["discountedPriceSet"]) for line in order["shippingLines"] if not line["isRemoved"]]
    )
    refunded = [
        bag_of(row["subtotalAmountSet"]) for one in order["refunds"] for row in one["refundShippingLines"]
    ]
    return sold - total(refunded)


def give_back(happening: Action, order: Document, wish: Wish) -> Document:
    """Writes a refund into the order with its sales, transactions and stock; the caller stores the order."""
    store, at = happening.store, now(happening.store)
    money, included = totals.currencies_of(order), order["taxesIncluded"]
    refund_id = new_gid(store, "Refund")
    rows, sold = [], list(wish.sold)
    for one in wish.lines:
        row, sale = _line(happening, order, one, money=money)
        rows.append(row)
        sold.append(sale)
    shipping_rows: list[Document] = []
    if wish.shipping:
        shipping_rows, shipping_sales = _shipping(store, order, wish.shipping, money=money)
        sold += shipping_sales
    duties, duty_sales = _duties(order, wish.duties, included=included)
    sold += duty_sales
    returned_rows, returned_worth = _returned(store, order, wish, money=money)
    rows += returned_rows
    worth = -total([sale.amount for sale in sold])
    paid = _amounts(order, wish, worth + returned_worth)
    difference = _difference(order, wish, worth, total([amount for _, amount in paid]))
    adjustments = []
    if difference:
        sold.append(sales.adjustment(-difference))
        adjustments.append(_adjustment(store, order, refund_id, difference, wish.reason, money))
    transactions = [
        _pay_back(happening, order, parent_id, amount, at=at) for parent_id, amount in paid if amount
    ]
    refund = {
        "id": refund_id,
        "orderId": order["id"],
        "note": wish.note,
        "createdAt": at,
        "processedAt": wish.processed_at or at,
        "updatedAt": at,
        "refundLineItems": rows,
        "refundShippingLines": shipping_rows,
        "orderAdjustments": adjustments,
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
    if sold:
        ledger.agree(store, order, "REFUND", sold, at=at, currencies=money, refundId=refund_id)
    happening.tell("refunds/create", refund)
    for transaction in transactions:
        tell_transaction(happening, transaction)
    return refund


def _line(
    happening: Action, order: Document, wish: RefundedLine, *, money: Currencies
) -> tuple[Document, ledger.Sale]:
    store = happening.store
    line = next(one for one in order["lineItems"] if one["id"] == wish.line_id)
    if wish.quantity > line["refundableQuantity"]:
        raise Refused("Quantity cannot refund more items than were purchased")
    taken = line["quantity"] - line["currentQuantity"]
    sale = sales.of_line(
        line, taken=taken, quantity=wish.quantity, sign=-1, included=order["taxesIncluded"], currencies=money
    )
    line["currentQuantity"] -= wish.quantity
    line["refundableQuantity"] -= wish.quantity
    place = _restock(happening, order, line, wish)
    tax = -sale.tax
    subtotal = -sale.amount if order["taxesIncluded"] else -sale.amount - tax
    row = {
        "id": new_gid(store, "RefundLineItem"),
        "lineItemId": line["id"],
        "quantity": wish.quantity,
        "restockType": wish.restock_type,
        "restocked": wish.restock_type in ("RETURN", "CANCEL", "LEGACY_RESTOCK"),
        "locationId": place,
        "priceSet": line["discountedUnitPriceSet"],
        "subtotalSet": money.document(subtotal),
        "totalTaxSet": money.document(tax),
    }
    return row, sale


def _returned(store: Store, order: Document, wish: Wish, *, money: Currencies) -> tuple[list[Document], Bag]:
    """Refund lines for what a return brought back, with the worth that the return's agreement gave it."""
    rows, worth = [], NOTHING
    made = next((one for one in order["returns"] if one["id"] == wish.return_id), None)
    if made is None:
        return [], worth
    agreed = next(one for one in order["agreements"] if one.get("returnId") == made["id"])
    by_line = {sale["lineItemId"]: sale for sale in agreed["sales"] if "lineItemId" in sale}
    for return_line_id, quantity in wish.returned:
        row = next(one for one in made["returnLineItems"] if one["id"] == return_line_id)
        sale = by_line[row["lineItemId"]]

        def share(name: str, sale: Document = sale, row: Document = row, quantity: int = quantity) -> Bag:
            whole = -bag_of(sale[name])
            return part(
                whole, taken=row["refundedQuantity"], quantity=quantity, of=row["quantity"], currencies=money
            )

        amount, tax = share("totalAmount"), share("totalTaxAmount")
        row["refundedQuantity"] += quantity
        row["refundableQuantity"] -= quantity
        worth += amount
        rows.append(
            {
                "id": new_gid(store, "RefundLineItem"),
                "lineItemId": row["lineItemId"],
                "quantity": quantity,
                "restockType": "RETURN",
                "restocked": True,
                "locationId": None,
                "priceSet": money.document(NOTHING),
                "subtotalSet": money.document(amount if order["taxesIncluded"] else amount - tax),
                "totalTaxSet": money.document(tax),
            }
        )
    return rows, worth


def _restock(happening: Action, order: Document, line: Document, wish: RefundedLine) -> str | None:
    """Unsent pieces leave their fulfilment orders; what is restocked becomes available again."""
    places = [parcel["assignedLocationId"] for parcel in order["fulfillmentOrders"]]
    place = wish.location_id or (places[0] if places else None)
    unsent = min(wish.quantity, line["unfulfilledQuantity"]) if wish.restock_type != "RETURN" else 0
    line["unfulfilledQuantity"] -= unsent
    line["fulfillableQuantity"] -= unsent
    left = unsent
    for parcel in order["fulfillmentOrders"]:
        for row in parcel["lineItems"]:
            taken = min(left, row["remainingQuantity"]) if row["lineItemId"] == line["id"] else 0
            if taken:
                routing.release(happening, parcel, row, taken, tracked=line["isTracked"])
                left -= taken
        routing.close_if_done(parcel, now(happening.store))
    back = wish.quantity - unsent
    if line["isTracked"] and place:
        if wish.restock_type == "NO_RESTOCK" and unsent:
            stock.shift(happening, line["inventoryItemId"], place, {"available": -unsent})
        elif wish.restock_type != "NO_RESTOCK" and back:
            stock.shift(happening, line["inventoryItemId"], place, {"available": back})
    return place if wish.restock_type != "NO_RESTOCK" else wish.location_id


def _shipping(
    store: Store, order: Document, amount: Bag, *, money: Currencies
) -> tuple[list[Document], list[ledger.Sale]]:
    if amount.shop > shipping_left(order).shop:
        raise Refused("Refund amount for shipping is greater than the shipping paid")
    lines = [line for line in order["shippingLines"] if not line["isRemoved"]]
    weights = [bag_of(line["discountedPriceSet"]) for line in lines]
    rows, sold = [], []
    for line, share, whole in zip(lines, money.shared(amount, weights), weights, strict=True):
        if not share:
            continue
        taxes = [(tax, _tax_share(bag_of(tax["priceSet"]), share, whole, money)) for tax in line["taxLines"]]
        sale = sales.of_shipping(
            line, share, sign=-1, included=order["taxesIncluded"], currencies=money, taxes=taxes
        )
        line["currentDiscountedPriceSet"] = money.document(bag_of(line["currentDiscountedPriceSet"]) - share)
        sold.append(sale)
        rows.append(
            {
                "id": new_gid(store, "RefundShippingLine"),
                "shippingLineId": line["id"],
                "subtotalAmountSet": money.document(share),
                "taxAmountSet": money.document(-sale.tax),
            }
        )
    return rows, sold


def _tax_share(tax: Bag, share: Bag, whole: Bag, money: Currencies) -> Bag:
    def of(one: Decimal, piece: Decimal, base: Decimal) -> Decimal:
        return one * piece / base if base else Decimal(0)

    return money.rounded(
        Bag(of(tax.shop, share.shop, whole.shop), of(tax.presentment, share.presentment, whole.presentment))
    )


def _duties(
    order: Document, ids: Sequence[str], *, included: bool
) -> tuple[list[Document], list[ledger.Sale]]:
    known = [duty for line in order["lineItems"] for duty in line["duties"] if duty["id"] in ids]
    refunded = [{"amountSet": duty["price"], "originalDutyId": duty["id"]} for duty in known]
    return refunded, [sales.of_duty(duty, sign=-1, included=included) for duty in known]


def _amounts(order: Document, wish: Wish, worth: Bag) -> list[tuple[str | None, Bag]]:
    received = bag_of(order["netPaymentSet"])
    if not wish.pays:
        return []
    if wish.amounts is None:
        limited = Bag(min(worth.shop, received.shop), min(worth.presentment, received.presentment))
        return [(row["id"], share) for row, share in spread(order, limited)] if limited.shop > 0 else []
    asked = total([amount for _, amount in wish.amounts])
    if asked.shop > received.shop:
        raise Refused(f"Refund amount {asked.shop} is greater than net payment received {received.shop}")
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


def _adjustment(
    store: Store, order: Document, refund_id: str, difference: Bag, reason: str | None, money: Currencies
) -> Document:
    return {
        "id": new_gid(store, "OrderAdjustment"),
        "orderId": order["id"],
        "refundId": refund_id,
        "reason": reason or "REFUND_DISCREPANCY",
        "amountSet": money.document(-difference),
        "taxAmountSet": money.document(NOTHING),
    }


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
