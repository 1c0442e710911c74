"""What buyers and merchants do with an order: place it, pay it, change its notes, cancel it.

It owns the sequence of each act (document, ledger, payment, routing, totals, news). `cancel` and `edit` live in
modules of their own; refunds are in `refunds`, parcels in `fulfilments`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify import places
from sandbox.shopify.commands import (
    customers,
    fulfilments,
    ledger,
    order_document,
    payments,
    routing,
    sales,
    totals,
)
from sandbox.shopify.commands.cancellations import cancel
from sandbox.shopify.commands.catalogue import clean_tags
from sandbox.shopify.commands.edits import edit
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.commands.order_store import Refused, UnknownOrder, loaded, save, tell_transaction, touch
from sandbox.shopify.documents import gid, now
from sandbox.shopify.money import Bag, bag_of
from sandbox.shopify.store import Document, Store

__all__ = ["Refused", "UnknownOrder", "cancel", "create", "edit", "pay", "update"]

DEFAULT_GATEWAY = {"paid": "shopify_payments", "authorized": "shopify_payments", "pending": "manual"}


def create(store: Store, shop: str, spec: Document) -> str:
    """A buyer places an order (the spec is described in `order_document`); gives its id."""
    with action(store, shop) as happening:
        customer = customers.buyer(happening, spec)
        draft = order_document.build(store, shop, spec, customer=customer)
        order, at = draft.order, draft.order["createdAt"]
        happening.tell("orders/create", order)
        _sell(store, draft, at)
        totals.settle(order)
        _settle_payment(happening, order, spec, at)
        routing.route(happening, order, order["lineItems"], at=at, pinned=spec.get("location_id"))
        totals.settle(order)
        save(store, shop, order)
        if order["displayFinancialStatus"] == "PAID":
            happening.tell("orders/paid", order)
        if spec.get("location_id"):
            fulfilments.ship_everything(happening, order, at)
            save(store, shop, order)
    return str(order["id"])


def _sell(store: Store, draft: order_document.Draft, at: str) -> None:
    order, money, included = draft.order, draft.currencies, draft.order["taxesIncluded"]
    sold = [
        sales.of_line(line, taken=0, quantity=line["quantity"], sign=1, included=included, currencies=money)
        for line in order["lineItems"]
    ]
    for line in order["shippingLines"]:
        net = bag_of(line["discountedPriceSet"])
        sold.append(sales.of_shipping(line, net, sign=1, included=included, currencies=money))
    sold += [
        sales.of_duty(duty, sign=1, included=included)
        for line in order["lineItems"]
        for duty in line["duties"]
    ]
    sold += [sales.of_fee(fee, sign=1, included=included) for fee in order["additionalFees"]]
    ledger.agree(store, order, "ORDER", sold, at=at, currencies=money)


def _settle_payment(happening: Action, order: Document, spec: Document, at: str) -> None:
    store, state = happening.store, spec.get("financial_state", "paid")
    if state not in DEFAULT_GATEWAY:
        raise Refused(f"financial_state must be one of {', '.join(DEFAULT_GATEWAY)}")
    open_amount = bag_of(order["totalPriceSet"])
    if spec.get("gift_card"):
        used = totals.currencies_of(order).bag(Decimal(str(spec["gift_card"])))
        used = Bag(min(used.shop, open_amount.shop), min(used.presentment, open_amount.presentment))
        payments.add(store, order, "SALE", used, gateway="gift_card", at=at)
        open_amount -= used
    if open_amount and not (state == "pending" and order["paymentTerms"]):
        kind = "AUTHORIZATION" if state == "authorized" else "SALE"
        status = "PENDING" if state == "pending" else "SUCCESS"
        gateway = spec.get("gateway") or DEFAULT_GATEWAY[state]
        payments.add(store, order, kind, open_amount, gateway=gateway, at=at, status=status)
    for transaction in order["transactions"]:
        tell_transaction(happening, transaction)


def pay(
    store: Store, shop: str, order_id: str, *, amount: str | None = None, gateway: str | None = None
) -> str:
    """The order's open amount (or a part, in the shop's currency) is paid: captured, or received by hand."""
    with action(store, shop) as happening:
        order, at = loaded(store, shop, order_id), now(store)
        money = totals.currencies_of(order)
        outstanding = bag_of(order["totalOutstandingSet"]) + bag_of(order["totalCapturableSet"])
        paid = money.bag(Decimal(amount)) if amount else outstanding
        if paid.shop <= 0:
            raise Refused("Order cannot be marked as paid.")
        source = payments.payable(order)
        kind = "CAPTURE" if source and source["kind"] == "AUTHORIZATION" else "SALE"
        chosen = gateway or (source["gateway"] if source else "manual")
        parent_id = source["id"] if source else None
        transaction = payments.add(store, order, kind, paid, gateway=chosen, at=at, parent_id=parent_id)
        touch(happening, order)
        tell_transaction(happening, transaction)
        if order["displayFinancialStatus"] == "PAID":
            happening.tell("orders/paid", order)
    return str(transaction["id"])


def update(store: Store, shop: str, order_id: str, changes: Document) -> None:
    """A merchant changes `note`, `tags`, `email`, `phone`, `po_number`, `attributes` or `shipping_address`."""
    with action(store, shop) as happening:
        order = loaded(store, shop, order_id)
        for key, field in (
            ("note", "note"),
            ("email", "email"),
            ("phone", "phone"),
            ("po_number", "poNumber"),
        ):
            if key in changes:
                order[field] = changes[key]
        if "tags" in changes:
            order["tags"] = clean_tags(changes["tags"])
        if "attributes" in changes:
            order["customAttributes"] = [
                {"key": key, "value": str(value)} for key, value in changes["attributes"].items()
            ]
        if changes.get("shipping_address"):
            address_id = f"{gid('MailingAddress', store.next_id())}?model_name=Address"
            merged: dict[str, Any] = {
                **(order["shippingAddress"] or {}),
                **_camel(changes["shipping_address"]),
            }
            order["shippingAddress"] = order["displayAddress"] = places.address(merged, global_id=address_id)
        touch(happening, order)


def _camel(fields: Document) -> Document:
    def name(key: str) -> str:
        first, *rest = key.split("_")
        return first + "".join(part.capitalize() for part in rest)

    return {name(key): value for key, value in fields.items()}
