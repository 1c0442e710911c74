"""News about records that nothing in this shop changes: on request a topic is told about a record as it stands.

It owns which topics those are. Everything that a command, an app or a buyer can cause is told by them, not from here.
"""

from __future__ import annotations

from sandbox.shopify.commands.happenings import action
from sandbox.shopify.commands.order_store import Refused
from sandbox.shopify.documents import gid, load
from sandbox.shopify.store import Document, Store

# Topic: the type of the record that it is about.
ABOUT = {
    "companies/create": "Company",
    "companies/update": "Company",
    "company_locations/create": "CompanyLocation",
    "company_locations/update": "CompanyLocation",
    "inventory_items/create": "InventoryItem",
    "locations/create": "Location",
    "locations/update": "Location",
    "returns/update": "Return",
    "shop/update": "Shop",
}
MERGE = "customers/merge"


def tell(store: Store, shop: str, topic: str, *, number: int | str, merged: int | str | None = None) -> str:
    """Tells the topic about the record of this number; a merge also names the customer that is gone.

    Gives the record's global id. Raises Refused for a topic of another kind and for a record that is not there.
    """
    if topic == MERGE:
        kept, gone = _known(store, shop, "Customer", number), _known(store, shop, "Customer", merged)
        document: Document = {"keptId": kept["id"], "deletedId": gone["id"]}
        told = str(kept["id"])
    elif topic in ABOUT:
        document = _shop(store, shop) if topic == "shop/update" else _known(store, shop, ABOUT[topic], number)
        told = str(document["id"])
    else:
        raise Refused(f"topic must be one of {', '.join(sorted([*ABOUT, MERGE]))}")
    with action(store, shop) as happening:
        happening.tell(topic, document)
    return told


def _shop(store: Store, shop: str) -> Document:
    return store.view(shop, "shop", shop) or {}


def _known(store: Store, shop: str, type_name: str, number: int | str | None) -> Document:
    found = load(store, shop, gid(type_name, str(number)))
    if found is None:
        raise Refused(f"there is no {type_name} {number}")
    return found
