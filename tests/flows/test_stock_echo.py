"""A full push makes as many deliveries as values. They cost no job, and nobody else's change is taken for ours."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from kit import clock
from sandbox.shopify.commands import stock as shopify_stock
from sandbox.shopify.cost import Buckets
from sync.flows import stock_echo, stock_pull
from sync.shopify import stock as shopify
from sync.state import stock
from sync.state.models import Delivery, DeliveryState, Lane
from sync.state.settings_models import Budget, OperationCost
from tests.flows.town import ALPHA, HARBOUR, Town

MUG = "ALP-MUG"


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose products are linked and whose stock road is open."""
    town.set(roads={"stock": "on"})
    town.link_products()
    return town


def told(town: Town) -> list[Delivery]:
    """The deliveries of stock so far."""
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        query = select(Delivery).where(Delivery.topic == stock_echo.TOPIC).order_by(Delivery.id)
        return list(session.scalars(query))


def test_an_own_write_that_comes_back_asks_for_no_job(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    (delivery,) = told(town)
    assert (delivery.state, delivery.reason) == (DeliveryState.DONE, stock_echo.REASON)
    assert delivery.record == town.variant(MUG)["inventoryItemId"]
    assert [job.record for job in town.jobs("stock_pull")] == [f"stock:{town.locations[0]}"]


def test_a_change_by_somebody_else_has_its_job_and_so_has_its_return_to_our_value(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    for quantity in (60, 64):
        shopify_stock.set(town.stage.store, ALPHA, MUG, available=quantity, location_id=town.locations[0])
        town.rest()
    assert [delivery.reason for delivery in told(town)] == [stock_echo.REASON, "", ""]
    assert [target.seen for target in town.targets() if target.sent] == [64]


def test_an_echo_that_is_faster_than_our_own_commit_is_known(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    (target,) = [each for each in town.targets() if each.sent]
    item, location = (each.rpartition("/")[2] for each in (target.item_gid, target.location_gid))
    body = {"inventory_item_id": int(item), "location_id": int(location), "available": 70}
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        assert stock_echo.own(session, {1: body}) == {}
        stock.mark(session, [target.id], due=stock.BATCH)
        stock.begin(session, {target.id: 70})
        assert stock_echo.own(session, {1: body, 2: {**body, "available": 69}}) == {1: target.item_gid}


def test_a_body_that_says_no_quantity_is_left_to_its_job(open_town: Town) -> None:
    bodies = [
        {},
        {"inventory_item_id": 1, "location_id": 2, "available": None},
        json.loads('{"available": "7"}'),
    ]
    with open_town.stage.plain.transaction(shop_id=open_town.shop_id) as session:
        assert stock_echo.own(session, dict(enumerate(bodies))) == {}


def test_a_batch_is_read_as_one_page(open_town: Town) -> None:
    town = open_town
    goods = [item["sku"] for item in town.stage.store.all(ALPHA, "inventory_item") if item["tracked"]]
    assert len(goods) > shopify.FEW
    for sku in goods:
        town.books.set_stock(town.product(sku), HARBOUR, "33")
    town.rest()
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        costs = {row.operation: row.requested for row in session.scalars(select(OperationCost))}
    assert costs["inventory_levels_found"] < 1.5 * len(goods)
    assert "inventory_levels" not in costs


def test_a_batch_leaves_points_to_what_is_nearly_gone(open_town: Town) -> None:
    town = open_town
    for sku, pieces in ((MUG, "64"), ("ALP-SPORK", "1")):
        town.books.set_stock(town.product(sku), HARBOUR, pieces)
    town.ask("erp_feed", "feed:stock", Lane.STOCK)
    town.stage.engine.run_jobs(limit=1)
    town.clock.move(stock_pull.GATHER.total_seconds())
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        budget = session.scalars(select(Budget)).one()
        budget.available, budget.measured_at = 500.0, clock.now()
    assert Buckets.of(town.stage.store).take(ALPHA, town.stage.settings.client_id, 1500)
    began = clock.now()
    town.stage.engine.run_jobs(limit=1)
    assert sum(target.sent is not None for target in town.targets()) == 1
    assert clock.now() == began
    town.stage.engine.run_jobs(limit=1)
    assert sum(target.sent is not None for target in town.targets()) == 2
    assert clock.now() > began
