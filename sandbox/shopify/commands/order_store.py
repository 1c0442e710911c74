"""How commands take an order out, put it back and tell of it.

It owns the two refusals that every command shares and the rule that a stored order is always settled.
"""

from __future__ import annotations

from sandbox.shopify.commands import totals
from sandbox.shopify.commands.happenings import Action
from sandbox.shopify.documents import now, remember_owners
from sandbox.shopify.store import Document, Store


class UnknownOrder(LookupError):
    """The shop has no such order."""


class Refused(ValueError):
    """Shopify would not let a merchant do that."""


def loaded(store: Store, shop: str, order_id: str) -> Document:
    """A copy of an order. Raises UnknownOrder."""
    order = store.get(shop, "order", order_id)
    if order is None:
        raise UnknownOrder(f"the shop has no order {order_id}")
    return order


def save(store: Store, shop: str, order: Document) -> None:
    """Settles an order and stores it, findable by everything in it."""
    totals.settle(order)
    store.put(shop, "order", order["id"], order)
    remember_owners(store, shop, order)


def touch(happening: Action, order: Document, *, at: str | None = None) -> None:
    """Stores a changed order under a new `updatedAt` and announces it."""
    order["updatedAt"] = at or now(happening.store)
    save(happening.store, happening.shop, order)
    happening.tell("orders/updated", order)


def tell_transaction(happening: Action, transaction: Document) -> None:
    """Announces a transaction."""
    happening.tell("order_transactions/create", transaction)
    if transaction["status"] == "SUCCESS" and transaction["kind"] in ("SALE", "CAPTURE", "REFUND"):
        happening.tell("tender_transactions/create", transaction)
