"""What changed in Tryton: stock, shipments, credit notes, products, prices. Read by the time of the last change.

Tryton stamps a change with the time its transaction began, so a slow one appears late among older stamps: each sweep
begins a little before the end of the last one. The first sweep of stock, products and prices walks over all products.
Names come from a cache that each process of Tryton renews every five minutes: until then a change may be told with
the old name, so products are looked at again for longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from kit import clock
from sync.connectors.base import Change, ChangePage, Feed
from sync.connectors.tryton import goods, papers
from sync.connectors.tryton.carving import SHIPMENT
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shop import Shop

OVERLAP = timedelta(minutes=2)
TEXT_OVERLAP = timedelta(minutes=6)  # Tryton's `cache.clean_timeout` is 300 seconds unless it is configured
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
STAMP = "last_modified_at"
Tell = Callable[[Sequence[Row]], Iterable[Change]]


@dataclass(frozen=True, kw_only=True)
class _Source:
    """A model whose changes matter, what to read of it, and how its rows become changes."""

    model: str
    domain: Sequence[Any]
    fields: Sequence[str]
    tell: Tell


class Feeds:
    """The feeds of one web shop."""

    def __init__(self, client: Client, shop: Shop, *, counts_sold: bool = False) -> None:
        self._client = client
        self._shop = shop
        self._counts_sold = counts_sold

    def changes(self, feed: Feed, position: Mapping[str, Any], *, limit: int) -> ChangePage:
        """Changes since a position, in the words of `sync.domain.feeds`."""
        if feed in (Feed.STOCK, Feed.PRODUCTS, Feed.PRICES) and "sweeps" not in position:
            return self._walk(feed, position, limit)
        sweeps = dict(position.get("sweeps", {}))
        start = position.get("start", {})
        changes: list[Change] = []
        has_more = False
        for source in self._sources(feed):
            page = self._sweep(source, sweeps.get(source.model, start), limit, overlap=_overlap(feed))
            changes += page.changes
            sweeps[source.model] = page.position
            has_more = has_more or page.has_more
        return ChangePage(
            changes=tuple(changes), position={"start": start, "sweeps": sweeps}, has_more=has_more
        )

    def _sources(self, feed: Feed) -> list[_Source]:
        """The models whose changes make the feed."""
        shop, client = self._shop.record, self._client
        match feed:
            case Feed.STOCK:
                tell = self._by_product(self._stock)
                domain = [["company", "=", shop.company], ["product.type", "=", "goods"]]
                return [_Source(model="stock.move", domain=domain, fields=["product"], tell=tell)]
            case Feed.PRODUCTS:
                products = goods.products
                # With its first sibling a product becomes one of a group.
                by_sibling = self._by_template(lambda ids: products(client, shop, ids))
                by_template = self._by_template(lambda ids: products(client, shop, ids), key="id")
                by_code = self._by_product(lambda ids: products(client, shop, ids))
                # A name is kept with the template and a barcode by itself: the product does not notice.
                return [
                    _Source(
                        model="product.product", domain=goods.SALABLE, fields=["template"], tell=by_sibling
                    ),
                    _Source(model="product.template", domain=goods.SALABLE, fields=["id"], tell=by_template),
                    _Source(model="product.identifier", domain=[], fields=["product"], tell=by_code),
                ]
            case Feed.PRICES:
                tell = self._by_template(lambda ids: goods.prices(client, shop, ids))
                domain = [["company", "in", [shop.company, None]]]
                return [_Source(model="product.list_price", domain=domain, fields=["template"], tell=tell)]
            case Feed.SHIPMENTS:
                return [
                    _Source(
                        model=SHIPMENT,
                        domain=papers.shipments_of(shop),
                        fields=papers.SHIPMENT_FIELDS,
                        tell=lambda rows: papers.shipments(client, shop, rows),
                    )
                ]
            case Feed.CREDITS:
                return [
                    _Source(
                        model=papers.INVOICE,
                        domain=papers.credits_of(shop),
                        fields=papers.INVOICE_FIELDS,
                        tell=lambda rows: papers.credits(client, shop, rows),
                    )
                ]
            case _:
                assert_never(feed)

    def _walk(self, feed: Feed, position: Mapping[str, Any], limit: int) -> ChangePage:
        """The present state of all products, by id; then the changes since the walk began."""
        began = position.get("began") or (clock.now() - _overlap(feed)).isoformat()
        domain = [*goods.SALABLE, ["id", ">", position.get("id", 0)]]
        rows = self._client.search("product.product", domain, ["id"], size=limit)
        ids = [row["id"] for row in rows]
        match feed:
            case Feed.STOCK:
                changes = self._stock(ids)
            case Feed.PRODUCTS:
                changes = goods.products(self._client, self._shop.record, ids)
            case _:
                changes = goods.prices(self._client, self._shop.record, ids)
        is_over = len(rows) < limit
        following: dict[str, Any] = {"began": began, "id": ids[-1]} if not is_over else {}
        if is_over:
            following = {"start": {"at": began, "id": 0}, "sweeps": {}}
        return ChangePage(changes=tuple(changes), position=following, has_more=not is_over)

    def _stock(self, ids: list[int]) -> list[Change]:
        return goods.stock(self._client, self._shop.record, ids, counts_sold=self._counts_sold)

    def _sweep(
        self, source: _Source, position: Mapping[str, Any], limit: int, *, overlap: timedelta
    ) -> ChangePage:
        """One page of a sweep over what was changed since a time."""
        at = datetime.fromisoformat(position["at"]) if "at" in position else EPOCH
        last = int(position.get("id", 0))
        after = ["OR", [STAMP, ">", at], [[STAMP, "=", at], ["id", ">", last]]]
        order = [[STAMP, "ASC"], ["id", "ASC"]]
        rows = self._client.search(
            source.model,
            [*source.domain, after],
            [*source.fields, STAMP],
            order=order,
            size=limit,
            # Tryton leaves out what is not sold any more in each part of a domain that does not speak of it.
            context={"active_test": False},
        )
        has_more = len(rows) == limit
        if has_more:
            following = {"at": rows[-1][STAMP].isoformat(), "id": rows[-1]["id"]}
        else:
            newest = rows[-1][STAMP] if rows else at
            # What is older than the overlap is settled; anything newer is looked at once more.
            settled = clock.now() - overlap
            following = {"at": max(at, min(newest, settled)).isoformat(), "id": last if newest == at else 0}
        changes = tuple(source.tell(rows)) if rows else ()
        return ChangePage(changes=changes, position=following, has_more=has_more)

    def _by_product(self, tell: Callable[[list[int]], list[Change]]) -> Tell:
        return lambda rows: tell(sorted({row["product"] for row in rows}))

    def _by_template(self, tell: Callable[[list[int]], list[Change]], *, key: str = "template") -> Tell:
        def told(rows: Sequence[Row]) -> list[Change]:
            templates = sorted({row[key] for row in rows})
            domain = [["template", "in", templates], ["active", "in", [True, False]]]
            found = self._client.search("product.product", domain, ["id"])
            return tell([row["id"] for row in found])

        return told


def _overlap(feed: Feed) -> timedelta:
    """How long what changed is looked at once more."""
    return TEXT_OVERLAP if feed is Feed.PRODUCTS else OVERLAP
