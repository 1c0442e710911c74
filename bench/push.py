"""One push of a shop's whole stock: everything is counted anew in the ERP, while buyers order and things run out.

A single urgent change stands in the ERP's feed behind what was told before it, so they begin once the feed was read.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import text

from bench import engine, load
from bench.bodies import OrderBodies
from bench.ground import SECRET
from bench.installed import Installed

ORDERS_PER_SECOND = 2.0
ORDERS_AT_ONCE = 10  # made and sent together, at that rate
FIRST_ORDER = 5_000_000
URGENT_EVERY_SECONDS = 5.0
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 3_600.0
URGENT_PATIENCE_SECONDS = 120.0
P99 = """
    select percentile_cont(0.99) within group (order by extract(epoch from l.linked_at - d.received_at))
    from delivery d join link l on l.record = d.record and l.kind = 'order' where d.webhook_id like 'stock-%'
"""
# What a shop does in its first minute (pairing products, comparing all stock, reading the feeds) is done.
RESTS = """
    select count(*) from cursor where feed = 'erp:stock' and quiet_polls > 0 and not exists (
        select 1 from job where state = 'running' or state = 'ready' and due_at <= now())
    and exists (select 1 from job where flow = 'product_pull' and state = 'done')
"""


@dataclass
class Push:
    """One run: what the ERP has of everything, and what was seen meanwhile."""

    shop: Installed
    pieces: dict[tuple[str, str], int] = field(default_factory=dict)  # by ERP product and warehouse
    told_s: float = 0.0  # until the ERP's feed was read
    whole_s: float = 0.0
    orders: int = 0
    urgent_s: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Tells everything, and returns when all of it is in Shopify and every order in the ERP."""
        for place, (variant, _, warehouse) in enumerate(self.shop.goods.places()):
            self.pieces[variant.erp_item, warehouse] = 100 + 7 * place % 899
        self._wait(RESTS, 1)
        done = threading.Event()
        trickle = threading.Thread(target=self._order, args=(done,), daemon=True)
        trickle.start()
        try:
            self._tell()
        finally:
            done.set()
            trickle.join()
        engine.wait_for_links(self.shop.ground, self.orders)

    def _tell(self) -> None:
        started = time.perf_counter()
        self.shop.count([(*key, pieces) for key, pieces in self.pieces.items()])
        self._wait("select count(*) from erp_level", len(self.pieces))
        self.told_s = time.perf_counter() - started
        self._run_out(started)
        self.whole_s = time.perf_counter() - started

    def wrong(self) -> int:
        """How many values at Shopify are not the ERP's."""
        there = self.shop.levels()
        return sum(
            there.get((variant.item, location)) != self.pieces[variant.erp_item, warehouse]
            for variant, location, warehouse in self.shop.goods.places()
        )

    def order_p99_s(self) -> float:
        """From the delivery of an order to its document in the ERP."""
        with self.shop.ground.database.engine.connect() as connection:
            return float(connection.execute(text(P99)).scalar_one())

    def _run_out(self, started: float) -> None:
        """Now and then one thing is nearly gone, until everything is in Shopify."""
        places = list(self.shop.goods.places())
        for turn in count():
            variant, location, warehouse = places[(turn * 7_919 + 13) % len(places)]
            pieces = turn % 3
            self.pieces[variant.erp_item, warehouse] = pieces
            begun = time.perf_counter()
            self.shop.count([(variant.erp_item, warehouse, pieces)])
            while self.shop.available(variant.item, location) != pieces:
                if time.perf_counter() - begun > URGENT_PATIENCE_SECONDS:
                    raise RuntimeError(f"an urgent change took longer than {URGENT_PATIENCE_SECONDS:.0f} s")
                time.sleep(LOOK_SECONDS)
            self.urgent_s.append(time.perf_counter() - begun)
            while time.perf_counter() - begun < URGENT_EVERY_SECONDS:
                if self._counted("select count(*) from stock_target where due <> ''") == 0:
                    return
                time.sleep(LOOK_SECONDS)
            if time.perf_counter() - started > PATIENCE_SECONDS:
                raise RuntimeError(f"the push took longer than {PATIENCE_SECONDS:.0f} s")

    def _order(self, done: threading.Event) -> None:
        """Buyers go on ordering."""
        bodies = OrderBodies(self.shop.shop)
        while not done.is_set():
            numbers = range(FIRST_ORDER + self.orders, FIRST_ORDER + self.orders + ORDERS_AT_ONCE)
            batch = load.deliveries(bodies, numbers, shops=[self.shop.shop], secret=SECRET, prefix="stock")
            requests = [request for _, request in batch]
            self.orders += ORDERS_AT_ONCE
            asyncio.run(load.run(self.shop.web_port, requests, connections=2, per_second=ORDERS_PER_SECOND))

    def _wait(self, query: str, wanted: int) -> None:
        end = time.perf_counter() + PATIENCE_SECONDS
        while (found := self._counted(query)) < wanted:
            if time.perf_counter() > end:
                raise RuntimeError(f"only {found} of {wanted}: {query}")
            time.sleep(LOOK_SECONDS)

    def _counted(self, query: str) -> int:
        with self.shop.ground.database.engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())
