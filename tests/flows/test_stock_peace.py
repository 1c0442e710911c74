"""Sales in Shopify and counts in the ERP, in any order and with answers lost, end in the owner’s truth for good."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from sandbox.shopify.commands import orders
from sandbox.shopify.commands import stock as shopify_stock
from sync.flows import stock_drift
from tests.flows.town import ALPHA, HARBOUR, Town

MUG = "ALP-MUG"
STEPS = 14


class Trade:
    """A mug that is sold in Shopify and kept by the ERP. The ERP reserves what it has heard of."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town = town
        self.random = Random(seed)
        self.on_hand = 200
        self.sold: list[int] = []
        self.begun = len(town.books.documents)

    def sell(self) -> None:
        pieces = self.random.randint(1, 4)
        orders.create(
            self.town.stage.store,
            ALPHA,
            {
                "lines": [{"sku": MUG, "quantity": pieces}],
                "email": "bo@example.com",
                "financial_state": "paid",
            },
        )
        self.sold.append(pieces)

    def receive(self) -> None:
        self.on_hand += self.random.randint(1, 30)
        self.tell()

    def count(self) -> None:
        self.on_hand = self.random.randint(120, 260)
        self.tell()

    def tell(self) -> None:
        heard = sum(self.sold[: len(self.town.books.documents) - self.begun])
        self.town.books.set_stock(self.town.product(MUG), HARBOUR, str(self.on_hand), reserved=str(heard))

    def poll(self) -> None:
        self.town.rest(seconds=self.random.choice((3, 65)))

    def lose(self) -> None:
        kind = self.random.choice(("cut", "fail"))
        fault = {"kind": kind, "target": "graphql", "match": "InventorySetQuantities", "times": 1}
        self.town.stage.world.faults.add(fault)

    def available(self) -> int:
        level = shopify_stock.level_of(
            self.town.stage.store, ALPHA, self.town.variant(MUG)["inventoryItemId"], self.town.locations[0]
        )
        assert level is not None
        return int(level["stock"]["available"])

    def sends(self) -> int:
        return len([each for each in self.town.intents("stock_pull") if each.purpose == "stock"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sales_and_counts_in_any_order_end_in_what_the_owner_has_and_stay_there(
    town: Town, seed: int
) -> None:
    town.set(roads={"stock": "on"})
    town.link_products()
    trade = Trade(town, seed)
    acts: list[Callable[[], None]] = [
        trade.sell,
        trade.receive,
        trade.count,
        trade.poll,
        trade.poll,
        trade.lose,
    ]
    told = 0
    for _ in range(STEPS):
        act = trade.random.choice(acts)
        told += act in (trade.receive, trade.count)
        act()
    town.stage.world.faults.clear()
    town.rest()  # every order is in the ERP now
    assert len(town.books.documents) - trade.begun == len(trade.sold)
    trade.tell()
    town.rest()
    assert trade.available() == trade.on_hand - sum(trade.sold)
    sends = trade.sends()
    assert sends <= 2 * (told + 1)
    for _ in range(3):
        town.rest(seconds=stock_drift.GRACE.total_seconds() * 2)
        assert trade.available() == trade.on_hand - sum(trade.sold)
    assert trade.sends() == sends
