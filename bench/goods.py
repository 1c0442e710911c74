"""A shop with many goods: made in the file of a local Shopify before it starts, and linked as an installed shop is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import select

from bench.ground import Ground
from kit import clock
from kit.db import insert
from sandbox.shopify.commands import catalogue
from sandbox.shopify.documents import gid
from sandbox.shopify.seed import seed
from sandbox.shopify.store import Store
from sync.state.models import Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

FIRST_ID = 3_100_000_001  # below what the store gives by itself
VARIANTS_OF_PRODUCT = 100
ROWS_OF_STATEMENT = 1_000
AT_FIRST = 50  # pieces of everything, before the ERP speaks


@dataclass(frozen=True)
class Variant:
    """One of the goods: its ids at both sides."""

    gid: str
    item: str
    sku: str
    erp_item: str


@dataclass(frozen=True)
class Goods:
    """What the shop has, and which of the ERP's warehouses feeds which location."""

    variants: Sequence[Variant]
    warehouses: dict[str, str]  # by location

    def places(self) -> Iterator[tuple[Variant, str, str]]:
        """Every variant at every location, and the warehouse that feeds it."""
        for variant in self.variants:
            for location, warehouse in self.warehouses.items():
                yield variant, location, warehouse


def make(file: Path, shop: str, *, variants: int, locations: int) -> Goods:
    """Seeds the file of a local Shopify, with so many variants more in the shop, stocked at so many locations."""
    ids = count(FIRST_ID)
    store = Store(file)
    with store.lock, store.batch():
        seed(store)
        places = _locations(store, shop, locations, ids)
        for first in range(1, variants + 1, VARIANTS_OF_PRODUCT):
            new = [
                catalogue.NewVariant(
                    option_values=(("Number", str(number)),),
                    sku=f"MANY-{number}",
                    stock=dict.fromkeys(places, AT_FIRST),
                )
                for number in range(first, min(first + VARIANTS_OF_PRODUCT, variants + 1))
            ]
            product = catalogue.NewProduct(title=f"Many {first}", variants=tuple(new), vendor="Bench")
            catalogue.add(store, shop, product, make_id=ids.__next__)
    made = [
        Variant(row["id"], row["inventoryItemId"], row["sku"], row["sku"].replace("MANY-", "M"))
        for row in store.views(shop, "product_variant")
        if (row["sku"] or "").startswith("MANY-")
    ]
    store.close()
    return Goods(made, {place: f"W{number}" for number, place in enumerate(places, 1)})


def link(ground: Ground, shop_id: int, goods: Goods) -> None:
    """Pairs every variant with its ERP product, as linking by SKU does."""
    with ground.database.transaction(shop_id=shop_id) as session:
        connection_id = session.scalars(select(Connection.id)).one()
        for first in range(0, len(goods.variants), ROWS_OF_STATEMENT):
            rows = [
                {
                    "shop_id": shop_id,
                    "connection_id": connection_id,
                    "kind": PRODUCT,
                    "shopify_gid": each.gid,
                    "record": each.gid,
                    "erp_model": PRODUCT,
                    "erp_id": each.erp_item,
                    "erp_number": each.sku,
                    "facts": {"item": each.item, "sku": each.sku},
                    "linked_at": clock.now(),
                }
                for each in goods.variants[first : first + ROWS_OF_STATEMENT]
            ]
            session.execute(insert(Link).values(rows))


def _locations(store: Store, shop: str, wanted: int, ids: count[int]) -> list[str]:
    """The ids of so many locations; those that the shop does not have are made like its first."""
    known = store.all(shop, "location")
    for number in range(len(known) + 1, wanted + 1):
        location = known[0] | {
            "id": gid("Location", next(ids)),
            "levelNumber": next(ids),
            "name": f"Place {number}",
            "isPrimary": False,
        }
        known.append(store.put(shop, "location", location["id"], location))
    return [str(each["id"]) for each in known[:wanted]]
