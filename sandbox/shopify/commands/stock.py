"""Stock of an item at a location: shifts between named quantities, and what a merchant counts anew.

It owns every change of an inventory level and the news of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.shopify.commands.catalogue import ON_HAND, add_level, level_id_of
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.documents import load, now
from sandbox.shopify.store import Document, Store


class NotStocked(LookupError):
    """The item has no level at the location."""


def level_of(store: Store, shop: str, item_id: str, location_id: str) -> Document | None:
    """A copy of the item's level at the location."""
    location = store.view(shop, "location", location_id)
    return store.get(shop, "inventory_level", level_id_of(location, item_id)) if location else None


def on_hand(level: Document) -> int:
    """Everything that lies at the location, promised or not."""
    return sum(int(level["stock"][name]) for name in ON_HAND)


def shift(happening: Action, item_id: str, location_id: str, deltas: Mapping[str, int]) -> Document:
    """Adds to named quantities of a level; an item that is not stocked there yet becomes so."""
    store, shop = happening.store, happening.shop
    level = level_of(store, shop, item_id, location_id)
    if level is None:
        level = add_level(store, shop, item_id, location_id, available=0)
    at = now(store)
    for name, delta in deltas.items():
        level["stock"][name] += delta
        if delta:
            level["writtenAt"][name] = at
    level["updatedAt"] = at
    store.put(shop, "inventory_level", level["id"], level)
    if deltas.get("available"):
        happening.tell("inventory_levels/update", level)
    return level


def set(store: Store, shop: str, sku: str, *, available: int, location_id: str | None = None) -> str:
    """A merchant counts: the SKU's available quantity at a location (the first one) becomes this. Gives the item id."""
    item = next((row for row in store.views(shop, "inventory_item") if row["sku"] == sku), None)
    if item is None:
        raise NotStocked(f"the shop has no goods with SKU {sku}")
    place = location_id or str(store.views(shop, "location")[0]["id"])
    if store.view(shop, "location", place) is None:
        raise NotStocked(f"the shop has no location {place}")
    with action(store, shop) as happening:
        level = level_of(store, shop, item["id"], place)
        before = level["stock"]["available"] if level else 0
        shift(happening, item["id"], place, {"available": available - before})
    return str(item["id"])


def place_for(store: Store, shop: str, item_id: str | None, quantity: int) -> str:
    """The location that ships an item: the first with enough of it, else the shop's first."""
    locations = [row for row in store.views(shop, "location") if row["isActive"]]
    if item_id is not None and (load(store, shop, item_id) or {"tracked": False})["tracked"]:
        for location in locations:
            level = store.view(shop, "inventory_level", level_id_of(location, item_id))
            if level and level["isActive"] and level["stock"]["available"] >= quantity:
                return str(location["id"])
    return str(locations[0]["id"])
