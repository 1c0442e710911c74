"""Everything is read by one bulk operation where there is much: once, across deaths, and again when it failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.shopify.commands import stock as shopify_stock
from sandbox.simulator.fuse import Killed
from sync.flows import bulk_read, stock_drift
from sync.state.models import JobState
from tests.flows.town import ALPHA, HARBOUR, LEASE_SECONDS, Town

MUG, TENT = "ALP-MUG", "ALP-TENT-2P"
AFTER_GRACE = stock_drift.GRACE.total_seconds() + 60


@pytest.fixture
def large_town(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A town that counts as large, with stock in step."""
    town.set(roads={"stock": "on"})
    town.link_products()
    for sku in (MUG, TENT):
        town.books.set_stock(town.product(sku), HARBOUR, "64")
    town.rest()
    monkeypatch.setattr(bulk_read, "ABOVE", 1)
    return town


def available(town: Town, sku: str) -> int:
    item = town.variant(sku)["inventoryItemId"]
    level = shopify_stock.level_of(town.stage.store, ALPHA, item, town.locations[0])
    assert level is not None
    quantity: int = level["stock"]["available"]
    return quantity


def dark_change(town: Town) -> None:
    """Somebody counts in Shopify, and its word is lost."""
    town.stage.world.faults.add({"kind": "drop", "times": 1, "match": "inventory_levels/update"})
    shopify_stock.set(town.stage.store, ALPHA, MUG, available=99, location_id=town.locations[0])
    town.rest()


def operations(town: Town) -> list[str]:
    return [each["status"] for each in town.stage.store.all(ALPHA, "bulk_operation")]


def test_a_dark_change_is_found_by_one_operation_and_its_look(large_town: Town) -> None:
    town = large_town
    dark_change(town)
    town.ask("stock_check", "shop")
    town.rest()
    assert operations(town) == ["COMPLETED"]
    assert "differ" in town.sentences("stock_check")[-1]
    town.rest(seconds=AFTER_GRACE)
    assert available(town, MUG) == 64
    assert available(town, TENT) == 64


def test_while_it_runs_the_job_waits_without_an_attempt(large_town: Town) -> None:
    town = large_town
    town.ask("stock_check", "shop")
    town.stage.engine.run_jobs(limit=500)
    (waiting,) = town.jobs("stock_check", JobState.READY)
    assert (waiting.fault_code, waiting.attempts) == ("bulk_running", 0)
    for _ in range(3):  # asked again meanwhile: it is the same operation
        town.ask("stock_check", "shop")
        town.stage.engine.run_jobs(limit=500)
    assert len(operations(town)) == 1


def fail(town: Town) -> None:
    """Shopify gives up half-way."""
    (row,) = town.stage.store.all(ALPHA, "bulk_operation")
    failed = {**row, "status": "FAILED", "errorCode": "INTERNAL_SERVER_ERROR"}
    town.stage.store.put(ALPHA, "bulk_operation", row["id"], failed)


def lose(town: Town) -> None:
    """Shopify deletes the result before it is read."""
    town.clock.move(3)
    town.stage.world.move_bulk_operations()
    for each in town.stage.store.all(ALPHA, "bulk_file"):
        town.stage.store.delete(ALPHA, "bulk_file", each["name"])


@pytest.mark.parametrize("harm", [fail, lose])
def test_an_operation_that_came_to_nothing_is_asked_again(
    large_town: Town, harm: Callable[[Town], None]
) -> None:
    town = large_town
    dark_change(town)
    town.ask("stock_check", "shop")
    town.stage.engine.run_jobs(limit=500)
    harm(town)
    town.rest()
    assert operations(town)[1:] == ["COMPLETED"]
    town.rest(seconds=AFTER_GRACE)
    assert available(town, MUG) == 64


def test_a_lost_answer_starts_no_second_operation(large_town: Town) -> None:
    town = large_town
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "BulkOperationRunQuery"})
    town.ask("stock_check", "shop")
    town.rest()
    assert operations(town) == ["COMPLETED"]
    assert town.jobs("stock_check")[0].state == JobState.DONE


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["stock_check", "product_pull"])
def test_a_process_that_dies_at_any_moment_goes_on_with_the_same_operation(
    large_town: Town, flow: str
) -> None:
    town = large_town
    links = len(town.links("product"))
    for moment in range(1, 80):
        before = len(operations(town))
        town.ask(flow, "shop")
        died = not works(town, moment)
        for _ in range(4):
            town.stage.engine.run_jobs(limit=500)
            town.clock.move(20)
        what = f"it died {town.stage.fuse.last_moment}, at its {moment}. moment"
        assert len(operations(town)) == before + 1, what
        assert len(town.links("product")) == links, what
        assert town.jobs(flow, JobState.READY, JobState.DEAD, JobState.HELD) == [], what
        if not died:
            assert moment > 10
            return
    raise AssertionError("there is no end to the moments")


def works(town: Town, moment: int) -> bool:
    """Does what is due while Shopify gathers. False when the process died at that moment; another one is there."""
    town.stage.fuse.arm(moment)
    try:
        for _ in range(4):
            town.stage.engine.run_jobs(limit=500)
            town.clock.move(20)
    except Killed:
        town.stage.start()
        town.clock.move(LEASE_SECONDS)
        town.stage.clockwork.reap()
        town.clock.move(5)
        return False
    town.stage.fuse.renew()
    return True


def test_a_walk_over_many_variants_is_one_operation(large_town: Town) -> None:
    town = large_town
    mug = town.product(MUG)
    town.books.products[mug] |= {"code": "OTHER", "barcodes": []}
    town.clock.move(120)
    town.link_products()
    assert operations(town) == ["COMPLETED"]
    assert "variants are linked" in town.sentences("product_pull")[-1]
    assert mug not in {each.erp_id for each in town.links("product")}
    assert len(town.links("product")) > 1
