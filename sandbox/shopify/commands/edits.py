"""An order changes after it was placed: lines are added, or their quantities raised and lowered.

It owns OrderEditAgreements and what they do to lines and fulfilment orders. Money is settled by later payments and
refunds.
"""

from __future__ import annotations

from sandbox.shopify.commands import ledger, order_lines, pricing, routing, sales, totals
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.ledger import Sale
from sandbox.shopify.commands.order_lines import Taxation
from sandbox.shopify.commands.order_store import Refused, loaded, touch
from sandbox.shopify.documents import new_gid, now
from sandbox.shopify.money import Currencies, bag_of, total
from sandbox.shopify.store import Document, Store


def edit(store: Store, shop: str, order_id: str, changes: Document) -> str:
    """A merchant edits: `add` lines (as in an order's spec), `set_quantity` [{`line_id` or `sku`, `quantity`}],
    `staff_note`, `notify`. Gives the agreement's id."""
    with action(store, shop) as happening:
        order, at = loaded(store, shop, order_id), now(store)
        if order["cancelledAt"]:
            raise Refused("The order cannot be edited.")
        money = totals.currencies_of(order)
        deltas: list[tuple[str, int]] = []
        sold: list[Sale] = []
        for wish in changes.get("add", []):
            line, sale = _add(happening, order, wish, money=money)
            deltas.append((line["id"], line["quantity"]))
            sold.append(sale)
            routing.route(happening, order, [line], at=at)
        for wish in changes.get("set_quantity", []):
            line = _line(order, wish)
            delta = int(wish["quantity"]) - line["currentQuantity"]
            if delta > 0:
                sold.append(_raise(happening, order, line, delta, money=money))
            elif delta < 0:
                sold.append(_lower(happening, order, line, -delta, money=money))
            if delta:
                deltas.append((line["id"], delta))
        if not sold:
            raise Refused("There must be at least one change to be made.")
        agreement = ledger.agree(store, order, "ORDER_EDIT", sold, at=at, currencies=money)
        order["edited"] = True
        touch(happening, order)
        happening.tell("orders/edited", _record(store, order, changes, deltas, at))
    return str(agreement["id"])


def _record(
    store: Store, order: Document, changes: Document, deltas: list[tuple[str, int]], at: str
) -> Document:
    return {
        "id": new_gid(store, "OrderEdit"),
        "orderId": order["id"],
        "committedAt": at,
        "createdAt": at,
        "staffNote": changes.get("staff_note", ""),
        "notify": bool(changes.get("notify")),
        "deltas": [[line_id, delta] for line_id, delta in deltas],
    }


def _line(order: Document, wish: Document) -> Document:
    for line in order["lineItems"]:
        if wish.get("line_id") == line["id"] or (wish.get("sku") and wish["sku"] == line["sku"]):
            found: Document = line
            return found
    raise Refused("The line item does not exist on the order.")


def _add(happening: Action, order: Document, wish: Document, *, money: Currencies) -> tuple[Document, Sale]:
    store, shop = happening.store, happening.shop
    home = store.view(shop, "shop", shop) or {}
    taxation = Taxation(
        classes=home["sandbox"]["taxes"],
        included=order["taxesIncluded"],
        on_shipping=home["taxShipping"],
        applies=order["isTaxed"],
    )
    read = order_lines.read(store, shop, wish, taxation=taxation, currencies=money)
    line = order_lines.document(
        read,
        order_id=order["id"],
        applications=order["discountApplications"],
        taxation=taxation,
        currencies=money,
    )
    order["lineItems"].append(line)
    sale = sales.of_line(
        line, taken=0, quantity=line["quantity"], sign=1, included=order["taxesIncluded"], currencies=money
    )
    return line, sale


def _raise(happening: Action, order: Document, line: Document, delta: int, *, money: Currencies) -> Sale:
    """More pieces at the undiscounted price: an order-level discount does not grow with an edit."""
    more = bag_of(line["originalUnitPriceSet"]).times(delta)
    rates = [(tax["title"], str(tax["rate"])) for tax in line["taxLines"]]
    added = pricing.tax_lines(more, rates, included=order["taxesIncluded"], currencies=money)
    for field in ("originalTotalSet", "discountedTotalSet", "discountedTotalWithCodesSet"):
        line[field] = money.document(bag_of(line[field]) + more)
    for tax, extra in zip(line["taxLines"], added, strict=True):
        tax["priceSet"] = money.document(bag_of(tax["priceSet"]) + bag_of(extra["priceSet"]))
    for field in (
        "quantity",
        "currentQuantity",
        "refundableQuantity",
        "unfulfilledQuantity",
        "fulfillableQuantity",
    ):
        line[field] += delta
    at = now(happening.store)
    extra_line = {**line, "unfulfilledQuantity": delta}
    routing.route(happening, order, [extra_line], at=at)
    taxes = tuple((tax, bag_of(tax["priceSet"])) for tax in added)
    amount = more if order["taxesIncluded"] else more + total([one for _, one in taxes])
    return Sale(
        sales.line_type(line), "ORDER", amount, taxes, quantity=delta, about={"lineItemId": line["id"]}
    )


def _lower(happening: Action, order: Document, line: Document, delta: int, *, money: Currencies) -> Sale:
    """Fewer pieces: only what has not left may be taken off."""
    if delta > line["unfulfilledQuantity"]:
        raise Refused("The quantity can't be lower than what was fulfilled.")
    taken = line["quantity"] - line["currentQuantity"]
    sale = sales.of_line(
        line, taken=taken, quantity=delta, sign=-1, included=order["taxesIncluded"], currencies=money
    )
    for field in ("currentQuantity", "refundableQuantity", "unfulfilledQuantity", "fulfillableQuantity"):
        line[field] -= delta
    left = delta
    for part in order["fulfillmentOrders"]:
        for row in part["lineItems"]:
            pieces = min(left, row["remainingQuantity"]) if row["lineItemId"] == line["id"] else 0
            if pieces:
                routing.release(happening, part, row, pieces, tracked=line["isTracked"])
                left -= pieces
        routing.close_if_done(part, now(happening.store))
    return sale
