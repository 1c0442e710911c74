"""How documents are named and found: global ids, kinds, and the way from an embedded record to its order.

An order keeps its lines, transactions, refunds, fulfilments and returns inside its own document, so that it is
always seen whole; `owner` documents lead from their ids to the order. It refuses ids that are no global ids.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sandbox.shopify.store import Document, Store

GID = re.compile(r"^gid://[A-Za-z0-9-]+/([A-Za-z]\w*)/([^\s/?]+)(\?\S*)?$")
EMBEDDED = {
    *("LineItem", "ShippingLine", "OrderTransaction", "Refund", "RefundLineItem", "Duty", "PaymentTerms"),
    *(
        "Fulfillment",
        "FulfillmentLineItem",
        "FulfillmentOrder",
        "FulfillmentOrderLineItem",
        "FulfillmentHold",
    ),
    *("Return", "ReturnLineItem", "ReverseFulfillmentOrder", "ReverseFulfillmentOrderLineItem"),
}
# Documents of the other half of the local Shopify keep their own word for a kind.
KINDS = {"WebhookSubscription": "subscription"}


def gid(type_name: str, number: int | str) -> str:
    """The global id of a record."""
    return f"gid://shopify/{type_name}/{number}"


def is_gid(text: str) -> bool:
    """Whether the text is a well-formed global id."""
    return GID.match(text) is not None


@lru_cache(maxsize=65536)
def type_of(global_id: str) -> str:
    """The type named in a global id ('' when it is none)."""
    match = GID.match(global_id)
    return match.group(1) if match else ""


def tail(global_id: str) -> str:
    """What stands behind the type in a global id."""
    match = GID.match(global_id)
    if not match:
        raise ValueError(f"not a global id: {global_id!r}")
    return match.group(2)


def number(global_id: str) -> int:
    """The numeric id in a global id."""
    return int(tail(global_id))


def kind_of(type_name: str) -> str:
    """The store kind in which documents of a type are kept."""
    return KINDS.get(type_name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type_name).lower()


def new_gid(store: Store, type_name: str) -> str:
    """A global id never given before."""
    return gid(type_name, store.next_id())


def stamp(moment: datetime) -> str:
    """A moment as the Admin API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now(store: Store) -> str:
    """The present as the Admin API writes it."""
    return stamp(store.now())


def moment(text: str) -> datetime:
    """The moment that a text of the Admin API names."""
    read = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


# Parts of an order that hold money and words only: looking into them for records would be most of the work.
WITHOUT_RECORDS = {
    *(
        "agreements",
        "taxLines",
        "discountAllocations",
        "discountApplications",
        "customAttributes",
        "currentTaxLines",
    ),
    *("shippingAddress", "billingAddress", "displayAddress", "shopMoney", "presentmentMoney"),
}


def embedded(document: Any) -> list[Document]:
    """Every record inside a document that has an id of its own."""
    found: list[Document] = []
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if type(one) is list:
            waiting += one
            continue
        if type(one) is not dict:
            continue
        for key, value in one.items():
            if type(value) is list:
                if value and key not in WITHOUT_RECORDS:
                    waiting.append(value)
            elif type(value) is dict and not key.endswith("Set") and key not in WITHOUT_RECORDS:
                waiting.append(value)
        own = one.get("id")
        if type(own) is str and type_of(own) in EMBEDDED:
            found.append(one)
    return found


def load(store: Store, shop: str, global_id: str) -> Document | None:
    """The record behind a global id, to read only; None when the shop has none."""
    type_name = type_of(global_id)
    if type_name not in EMBEDDED:
        return store.view(shop, kind_of(type_name), global_id)
    order = owner(store, shop, global_id)
    if order is None:
        return None
    return next((record for record in embedded(order) if record["id"] == global_id), None)


def owner(store: Store, shop: str, global_id: str) -> Document | None:
    """The order that holds the record, to read only."""
    entry = store.view(shop, "owner", global_id)
    return store.view(shop, "order", entry["orderId"]) if entry else None


def remember_owners(store: Store, shop: str, order: Document) -> None:
    """Leads from the ids inside an order to the order."""
    for record in embedded(order):
        if store.view(shop, "owner", record["id"]) is None:
            store.put(shop, "owner", record["id"], {"id": record["id"], "orderId": order["id"]})
