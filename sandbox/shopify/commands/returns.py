"""Goods come back: a return is asked for, agreed to, received and closed.

It owns Return documents and their agreements: from the moment a return is open, what comes back is unsold in the
ledger; the money follows by a refund. It refuses to take back more than was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.shopify.commands import ledger, sales, stock, totals
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.ledger import Sale
from sandbox.shopify.commands.order_store import Refused, loaded, touch
from sandbox.shopify.documents import new_gid, now, owner
from sandbox.shopify.money import Bag
from sandbox.shopify.store import Document, Store


@dataclass(frozen=True)
class ReturnedLine:
    """Some pieces of a parcel that come back."""

    fulfillment_line_id: str
    quantity: int
    reason: str = "UNKNOWN"
    note: str = ""
    customer_note: str | None = None


def create(store: Store, shop: str, order_id: str, spec: Document) -> str:
    """A merchant opens a return: `lines` [{`sku` or `fulfillment_line_id`, `quantity`, `reason`?, `note`?}],
    `shipping_fee`? in the shop's currency. Gives the return's id."""
    return _begin(store, shop, order_id, spec, status="OPEN")


def request(store: Store, shop: str, order_id: str, spec: Document) -> str:
    """A buyer asks for a return (the spec of `create`); gives its id."""
    return _begin(store, shop, order_id, spec, status="REQUESTED")


def _begin(store: Store, shop: str, order_id: str, spec: Document, *, status: str) -> str:
    with action(store, shop) as happening:
        order = loaded(store, shop, order_id)
        lines = [_wish(order, one) for one in spec.get("lines", [])]
        fee = totals.currencies_of(order).bag(Decimal(str(spec.get("shipping_fee", "0"))))
        made = begin(happening, order, lines, status=status, shipping_fee=fee)
        touch(happening, order)
    return str(made["id"])


def _wish(order: Document, wish: Document) -> ReturnedLine:
    lines = {line["id"]: line for line in order["lineItems"]}
    for parcel in order["fulfillments"]:
        for row in parcel["fulfillmentLineItems"]:
            if wish.get("fulfillment_line_id") == row["id"] or lines[row["lineItemId"]]["sku"] == wish.get(
                "sku"
            ):
                reason = str(wish.get("reason", "UNKNOWN")).upper()
                return ReturnedLine(row["id"], int(wish.get("quantity", 1)), reason, wish.get("note", ""))
    raise Refused("Fulfillment Line Item was not found.")


def returnable(order: Document, fulfillment_line_id: str) -> int:
    """How many pieces of a parcel's line may still come back."""
    for parcel in order["fulfillments"]:
        for row in parcel["fulfillmentLineItems"]:
            if row["id"] == fulfillment_line_id and parcel["status"] == "SUCCESS":
                returned = sum(
                    line["quantity"]
                    for one in order["returns"]
                    if one["status"] not in ("CANCELED", "DECLINED")
                    for line in one["returnLineItems"]
                    if line["fulfillmentLineItemId"] == fulfillment_line_id
                )
                line = next(line for line in order["lineItems"] if line["id"] == row["lineItemId"])
                return int(min(row["quantity"] - returned, line["refundableQuantity"]))
    return 0


def begin(
    happening: Action,
    order: Document,
    lines: Sequence[ReturnedLine],
    *,
    status: str,
    shipping_fee: Bag | None = None,
) -> Document:
    """Writes a return into the order; the caller stores the order."""
    store, at = happening.store, now(happening.store)
    for one in lines:
        if one.quantity < 1 or one.quantity > returnable(order, one.fulfillment_line_id):
            raise Refused("Return line item has an invalid quantity.")
    money = totals.currencies_of(order)
    fees = []
    if shipping_fee:
        fees = [
            {
                "__typename": "ReturnShippingFee",
                "id": new_gid(store, "ReturnShippingFee"),
                "amountSet": money.document(shipping_fee),
            }
        ]
    made: Document = {
        "id": new_gid(store, "Return"),
        "orderId": order["id"],
        "name": f"{order['name']}-R{len(order['returns']) + 1}",
        "status": status,
        "createdAt": at,
        "requestApprovedAt": None,
        "closedAt": None,
        "decline": None,
        "returnLineItems": [_line(store, order, one) for one in lines],
        "totalQuantity": sum(one.quantity for one in lines),
        "exchangeLineItems": [],
        "returnShippingFees": fees,
        "reverseFulfillmentOrders": [],
        "refundIds": [],
    }
    order["returns"].append(made)
    if status == "REQUESTED":
        happening.tell("returns/request", made)
    else:
        _open(happening, order, made)
        happening.tell("returns/approve", made)
    return made


def _line(store: Store, order: Document, wish: ReturnedLine) -> Document:
    rows = {row["id"]: row for parcel in order["fulfillments"] for row in parcel["fulfillmentLineItems"]}
    line_id = rows[wish.fulfillment_line_id]["lineItemId"]
    line = next(one for one in order["lineItems"] if one["id"] == line_id)
    return {
        "__typename": "ReturnLineItem",
        "id": new_gid(store, "ReturnLineItem"),
        "fulfillmentLineItemId": wish.fulfillment_line_id,
        "lineItemId": line_id,
        "quantity": wish.quantity,
        "processableQuantity": wish.quantity,
        "processedQuantity": 0,
        "unprocessedQuantity": wish.quantity,
        "refundableQuantity": wish.quantity,
        "refundedQuantity": 0,
        "returnReason": wish.reason,
        "returnReasonDefinition": None,
        "returnReasonNote": wish.note,
        "customerNote": wish.customer_note,
        "restockingFee": None,
        "totalWeight": None,
        "withCodeDiscountedTotalPriceSet": line["discountedTotalWithCodesSet"],
    }


def _open(happening: Action, order: Document, made: Document) -> None:
    """Unsells what comes back and expects it in a reverse fulfilment order."""
    store, money, included = happening.store, totals.currencies_of(order), order["taxesIncluded"]
    sold = []
    for row in made["returnLineItems"]:
        line = next(one for one in order["lineItems"] if one["id"] == row["lineItemId"])
        taken = line["quantity"] - line["currentQuantity"]
        sold.append(
            sales.of_line(
                line, taken=taken, quantity=row["quantity"], sign=-1, included=included, currencies=money
            )
        )
        line["currentQuantity"] -= row["quantity"]
        line["refundableQuantity"] -= row["quantity"]
    for fee in made["returnShippingFees"]:
        sold.append(Sale("FEE", "RETURN", _bag(fee["amountSet"]), quantity=1, about={"fee": fee}))
    about = {"returnId": made["id"]}
    ledger.agree(store, order, "RETURN", sold, at=now(store), currencies=money, **about)
    made["reverseFulfillmentOrders"] = [
        {
            "id": new_gid(store, "ReverseFulfillmentOrder"),
            "orderId": order["id"],
            "status": "OPEN",
            "thirdPartyConfirmation": None,
            "reverseDeliveries": [],
            "lineItems": [
                {
                    "id": new_gid(store, "ReverseFulfillmentOrderLineItem"),
                    "fulfillmentLineItemId": row["fulfillmentLineItemId"],
                    "returnLineItemId": row["id"],
                    "totalQuantity": row["quantity"],
                    "dispositions": [],
                }
                for row in made["returnLineItems"]
            ],
        }
    ]


def _bag(document: Document) -> Bag:
    return Bag(Decimal(document["shopMoney"]["amount"]), Decimal(document["presentmentMoney"]["amount"]))


def found(store: Store, shop: str, return_id: str) -> tuple[Document, Document]:
    """A copy of the order and in it the return. Raises Refused."""
    holder = owner(store, shop, return_id)
    if holder is None:
        raise Refused("Return not found.")
    order = loaded(store, shop, holder["id"])
    return order, next(one for one in order["returns"] if one["id"] == return_id)


def approve(store: Store, shop: str, return_id: str) -> None:
    """A merchant agrees to a requested return."""
    with action(store, shop) as happening:
        order, made = found(store, shop, return_id)
        if made["status"] != "REQUESTED":
            raise Refused("Return is not approvable. Only returns with status REQUESTED can be approved.")
        made |= {"status": "OPEN", "requestApprovedAt": now(store)}
        _open(happening, order, made)
        touch(happening, order)
        happening.tell("returns/approve", made)


def decline(
    store: Store, shop: str, return_id: str, *, reason: str = "OTHER", note: str | None = None
) -> None:
    """A merchant refuses a requested return."""
    with action(store, shop) as happening:
        order, made = found(store, shop, return_id)
        if made["status"] == "DECLINED":
            raise Refused("The return is already declined.")
        if made["status"] != "REQUESTED":
            raise Refused("Return is not declinable. Only returns with status REQUESTED can be declined.")
        made |= {"status": "DECLINED", "decline": {"reason": reason, "note": note}}
        touch(happening, order)
        happening.tell("returns/decline", made)


def close(store: Store, shop: str, return_id: str) -> None:
    """A return is finished; closing it again changes nothing."""
    _switch(store, shop, return_id, before="OPEN", after="CLOSED", topic="returns/close")


def reopen(store: Store, shop: str, return_id: str) -> None:
    """A closed return goes on; reopening it again changes nothing."""
    _switch(store, shop, return_id, before="CLOSED", after="OPEN", topic="returns/reopen")


def _switch(store: Store, shop: str, return_id: str, *, before: str, after: str, topic: str) -> None:
    with action(store, shop) as happening:
        order, made = found(store, shop, return_id)
        if made["status"] == after:
            return
        if made["status"] != before:
            raise Refused("Return status is invalid.")
        made |= {"status": after, "closedAt": now(store) if after == "CLOSED" else None}
        touch(happening, order)
        happening.tell(topic, made)


def cancel(store: Store, shop: str, return_id: str) -> None:
    """A return is called off before anything came back: what was unsold is sold again."""
    with action(store, shop) as happening:
        order, made = found(store, shop, return_id)
        if made["status"] == "CANCELED":
            return
        if any(row["processedQuantity"] for row in made["returnLineItems"]):
            raise Refused("Return is not cancelable.")
        if made["status"] in ("OPEN", "CLOSED"):
            _sell_again(happening, order, made)
        made |= {"status": "CANCELED", "closedAt": now(store)}
        for part in made["reverseFulfillmentOrders"]:
            part["status"] = "CANCELED"
        touch(happening, order)
        happening.tell("returns/cancel", made)


def _sell_again(happening: Action, order: Document, made: Document) -> None:
    agreed = next(one for one in order["agreements"] if one.get("returnId") == made["id"])
    undone = [
        Sale(
            line_type=sale["lineType"],
            action="UPDATE",
            amount=-_bag(sale["totalAmount"]),
            taxes=tuple((tax["taxLine"], -_bag(tax["amount"])) for tax in sale["taxes"]),
            discount=-_bag(sale["totalDiscountAmountBeforeTaxes"]),
            discount_after_taxes=-_bag(sale["totalDiscountAmountAfterTaxes"]),
            quantity=-sale["quantity"] if sale["quantity"] else None,
            about={key: sale[key] for key in ("lineItemId", "fee") if key in sale},
        )
        for sale in agreed["sales"]
    ]
    money = totals.currencies_of(order)
    about = {"returnId": made["id"]}
    ledger.agree(happening.store, order, "RETURN", undone, at=now(happening.store), currencies=money, **about)
    for row in made["returnLineItems"]:
        line = next(one for one in order["lineItems"] if one["id"] == row["lineItemId"])
        line["currentQuantity"] += row["quantity"]
        line["refundableQuantity"] += row["quantity"]


def receive(happening: Action, order: Document, made: Document, row: Document, quantity: int) -> None:
    """Counts pieces of a return line as processed."""
    if quantity > row["unprocessedQuantity"]:
        raise Refused("Return line item has an invalid quantity.")
    row["processedQuantity"] += quantity
    row["unprocessedQuantity"] -= quantity
    row["processableQuantity"] -= quantity
    happening.tell("returns/process", made)


def dispose(
    happening: Action,
    order: Document,
    reverse_line: Document,
    quantity: int,
    *,
    kind: str,
    location_id: str | None,
) -> None:
    """Decides what becomes of pieces that came back; restocked ones are available again."""
    store = happening.store
    reverse_line["dispositions"].append(
        {
            "id": new_gid(store, "ReverseFulfillmentOrderDisposition"),
            "type": kind,
            "quantity": quantity,
            "locationId": location_id,
            "createdAt": now(store),
        }
    )
    rows = {row["id"]: row for parcel in order["fulfillments"] for row in parcel["fulfillmentLineItems"]}
    line_id = rows[reverse_line["fulfillmentLineItemId"]]["lineItemId"]
    line = next(one for one in order["lineItems"] if one["id"] == line_id)
    if kind == "RESTOCKED" and line["isTracked"] and location_id:
        stock.shift(happening, line["inventoryItemId"], location_id, {"available": quantity})
