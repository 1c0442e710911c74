"""The parts of a refund: lines, shipping and duties that go back, with their share of the sale.

It owns the rows of a Refund document, the sales that undo them, and the restocking. Which money is paid back for them
is settled by `refunds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.shopify.commands import ledger, routing, sales, stock
from sandbox.shopify.commands.happenings import Action
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


def shipping_left(order: Document) -> Bag:
    """The shipping price, before added taxes, that was not refunded yet."""
    sold = total(
        [bag_of(line["discountedPriceSet"]) for line in order["shippingLines"] if not line["isRemoved"]]
    )
    refunded = [
        bag_of(row["subtotalAmountSet"]) for one in order["refunds"] for row in one["refundShippingLines"]
    ]
    return sold - total(refunded)


def line_back(
    happening: Action, order: Document, wish: RefundedLine, *, money: Currencies
) -> tuple[Document, ledger.Sale]:
    """A refund line with the sale that undoes it; what is restocked goes back to the shelf."""
    store = happening.store
    line = next(one for one in order["lineItems"] if one["id"] == wish.line_id)
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


def returned(store: Store, order: Document, wish: Wish, *, money: Currencies) -> tuple[list[Document], Bag]:
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


def shipping_back(
    store: Store, order: Document, amount: Bag, *, money: Currencies
) -> tuple[list[Document], list[ledger.Sale]]:
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


def duties_back(
    order: Document, ids: Sequence[str], *, included: bool
) -> tuple[list[Document], list[ledger.Sale]]:
    """Refund duties with the sales that undo them."""
    known = [duty for line in order["lineItems"] for duty in line["duties"] if duty["id"] in ids]
    refunded = [{"amountSet": duty["price"], "originalDutyId": duty["id"]} for duty in known]
    return refunded, [sales.of_duty(duty, sign=-1, included=included) for duty in known]
