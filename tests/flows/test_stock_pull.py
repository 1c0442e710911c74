"""The ERP's stock reaches Shopify: exactly, in batches, and without a fight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from sandbox.shopify.commands import stock as shopify_stock
from sync.flows import stock_drift, stock_pull
from sync.state import jobs
from sync.state.models import IntentState, JobState
from tests.flows import dying
from tests.flows.town import ALPHA, HARBOUR, HILL, Town

TENT, MUG, SPORK = "ALP-TENT-2P", "ALP-MUG", "ALP-SPORK"


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose products are linked and whose stock road is open."""
    town.set(roads={"stock": "on"})
    town.link_products()
    return town


def available(town: Town, sku: str, place: int = 0) -> int:
    level = shopify_stock.level_of(
        town.stage.store, ALPHA, town.variant(sku)["inventoryItemId"], town.locations[place]
    )
    assert level is not None
    quantity: int = level["stock"]["available"]
    return quantity


def sends(town: Town) -> int:
    return len([each for each in town.intents("stock_pull") if each.purpose == "stock"])


def test_a_new_count_in_the_erp_is_what_shopify_sells(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "75", reserved="5")
    town.books.set_stock(town.product(MUG), HILL, "12")
    town.rest()
    assert available(town, MUG) == 70
    assert available(town, MUG, place=1) == 12
    assert all(each.state == IntentState.DONE for each in town.intents("stock_pull"))


def test_nothing_is_written_while_the_road_is_shut(town: Town) -> None:
    town.link_products()
    before = available(town, MUG)
    town.books.set_stock(town.product(MUG), HARBOUR, "1")
    town.rest()
    assert available(town, MUG) == before
    assert town.intents("stock_pull") == []


def test_nothing_is_written_when_shopify_owns_stock(open_town: Town) -> None:
    town = open_town
    town.set(owners={"stock": "shopify"})
    before = available(town, MUG)
    town.books.set_stock(town.product(MUG), HARBOUR, "50")
    town.rest()
    assert available(town, MUG) == before


def test_many_values_travel_in_one_call_and_near_zero_goes_alone(open_town: Town) -> None:
    town = open_town
    for sku in (TENT, MUG, SPORK, "ALP-TORCH"):
        town.books.set_stock(town.product(sku), HARBOUR, "33")
    town.books.set_stock(town.product("ALP-STOVE"), HARBOUR, "1")
    town.rest()
    assert [available(town, sku) for sku in (TENT, MUG, SPORK, "ALP-TORCH", "ALP-STOVE")] == [33] * 4 + [1]
    assert sends(town) == 2
    assert len([job for job in town.jobs("stock_pull") if job.record.startswith("stock:")]) == 1


def test_the_newest_word_wins_in_a_burst(open_town: Town) -> None:
    town = open_town
    for quantity in range(40, 60):
        town.books.set_stock(town.product(MUG), HARBOUR, str(quantity))
    town.rest()
    assert available(town, MUG) == 59
    assert sends(town) == 1


def test_a_value_that_shopify_has_already_is_not_sent(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, str(available(town, MUG)))
    town.rest()
    assert sends(town) == 0
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    town.books.set_stock(town.product(MUG), HARBOUR, "64", reserved="0")
    town.rest()
    assert sends(town) == 1


def test_our_own_writes_do_not_come_back(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    town.rest(seconds=stock_drift.GRACE.total_seconds() * 2)
    assert sends(town) == 1
    assert available(town, MUG) == 64


def test_a_value_that_moved_under_us_is_read_and_decided_again(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.stage.world.faults.add({"kind": "fail", "target": "graphql", "match": "InventorySetQuantities"})
    town.rest()
    assert available(town, MUG) == 64
    assert len({each.key for each in town.intents("stock_pull")}) == 1


def test_a_lost_answer_is_settled_by_looking(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "InventorySetQuantities"})
    town.rest(seconds=30)
    assert available(town, MUG) == 64
    assert [each.state for each in town.intents("stock_pull")] == [IntentState.DONE]


def test_pieces_that_were_sold_but_are_not_in_the_erp_yet_are_not_sold_twice(open_town: Town) -> None:
    town = open_town
    town.stage.erps[ALPHA].books.refuse = lambda verb, _values: (
        "closed for stocktaking" if verb == "write_document" else None
    )
    town.order((MUG, 3))
    town.books.set_stock(town.product(MUG), HARBOUR, "50")
    town.rest()
    assert available(town, MUG) == 47


def test_a_bad_item_is_split_off_and_its_batch_goes_on(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.books.set_stock(town.product(TENT), HARBOUR, "999999999", reserved="-999999999")
    town.books.set_stock(town.product("ALP-TORCH"), HARBOUR, "65")
    town.rest()
    assert available(town, MUG) == 64
    assert available(town, "ALP-TORCH") == 65
    (dead,) = town.jobs("stock_pull", JobState.DEAD)
    assert dead.record == town.variant(TENT)["inventoryItemId"]
    assert TENT in dead.reason
    town.books.set_stock(town.product(TENT), HARBOUR, "9")
    town.rest()
    assert available(town, TENT) == 9
    assert town.jobs("stock_pull", JobState.DEAD) == []


def test_an_item_is_stocked_at_a_location_before_it_is_counted_there(open_town: Town) -> None:
    town = open_town
    item = town.variant(MUG)["inventoryItemId"]
    store = town.stage.store
    level = shopify_stock.level_of(store, ALPHA, item, town.locations[1])
    assert level is not None
    store.put(ALPHA, "inventory_level", level["id"], {**level, "isActive": False})
    town.books.set_stock(town.product(MUG), HILL, "8")
    town.rest()
    assert available(town, MUG, place=1) == 8
    assert sorted(each.purpose.split(":")[0] for each in town.intents("stock_pull")) == ["stock", "stocked"]


def test_a_product_that_is_linked_later_gets_what_the_erp_had_said(town: Town) -> None:
    town.set(roads={"stock": "on"})
    mug = town.books.products[town.product(MUG)]
    known = {name: mug[name] for name in ("code", "barcodes")}
    mug.update(code="OTHER", barcodes=[])
    town.clock.move(3_600)
    town.link_products()
    town.books.set_stock(mug["erp_id"], HARBOUR, "64")
    town.rest()
    assert town.targets() == []
    mug.update(known)
    town.clock.move(3_600)
    town.link_products()
    assert available(town, MUG) == 64


def test_safety_stock_and_kits_are_kept_back(open_town: Town) -> None:
    town = open_town
    kit, member = town.product(TENT), town.product(MUG)
    town.set(stock={"safety": {member: 4}, "kits": {kit: {member: "3"}}})
    town.books.set_stock(member, HARBOUR, "34")
    town.rest()
    assert available(town, MUG) == 30
    assert available(town, TENT) == 10


def test_a_location_sells_what_all_its_warehouses_have(open_town: Town) -> None:
    town = open_town
    town.publish(warehouses={town.locations[0]: (HARBOUR, HILL)})
    town.books.set_stock(town.product(MUG), HARBOUR, "50")
    town.books.set_stock(town.product(MUG), HILL, "12")
    town.rest()
    assert available(town, MUG) == 62


@pytest.mark.parametrize(("shares", "expected"), [((), [25, 25]), ((70, 30), [35, 15])])
def test_a_warehouse_of_two_locations_is_never_sold_twice(
    open_town: Town, shares: tuple[int, ...], expected: list[int]
) -> None:
    town = open_town
    town.publish(
        warehouses=dict.fromkeys(town.locations, (HARBOUR,)),
        warehouse_shares=dict(zip(town.locations, shares, strict=False)),
    )
    town.books.set_stock(town.product(MUG), HARBOUR, "50")
    town.rest()
    assert [available(town, MUG, place) for place in range(2)] == expected


def waiting(town: Town) -> dict[str, str]:
    """The sentences of what does not reach Shopify, by record."""
    found = (*town.jobs("stock_pull", *jobs.OPEN), *town.jobs("erp_feed", JobState.DEAD))
    return {job.record: job.reason for job in found}


def test_a_product_that_is_not_in_shopify_is_told_once_and_reaches_it_when_it_is_linked(town: Town) -> None:
    mug = town.product(MUG)
    town.books.products[mug] |= {"code": "OTHER", "barcodes": []}
    town.set(roads={"stock": "on"})
    town.link_products()
    for quantity in ("50", "51"):
        town.books.set_stock(mug, HARBOUR, quantity)
        town.books.set_stock(town.product(TENT), HARBOUR, quantity)
        town.rest()
    assert available(town, TENT) == 51
    assert waiting(town) == {
        f"unlinked:{mug}": f"The ERP has stock of {mug}, which no variant in Shopify is linked to."
    }
    town.books.products[mug]["code"] = MUG
    town.link_products()
    assert available(town, MUG) == 51
    assert waiting(town) == {}


def test_a_warehouse_without_a_location_is_told_once_and_counts_when_it_gets_one(open_town: Town) -> None:
    town = open_town
    for quantity in ("50", "51"):
        town.books.set_stock(town.product(MUG), "W9", quantity)
        town.books.set_stock(town.product(TENT), HARBOUR, quantity)
        town.rest()
    assert available(town, TENT) == 51
    assert list(waiting(town)) == ["unmapped:W9"]
    assert "W9" in waiting(town)["unmapped:W9"]
    town.publish(warehouses={town.locations[0]: ("W9",)})
    assert available(town, MUG) == 51
    assert waiting(town) == {}


def test_stock_below_zero_sells_nothing_and_is_told_until_it_is_counted_again(open_town: Town) -> None:
    town = open_town
    mug = town.product(MUG)
    town.books.set_stock(mug, HARBOUR, "-50")
    town.rest()
    assert available(town, MUG) == 0
    assert f"The ERP counts -50 of {mug}" in waiting(town)[f"negative:{mug}@{HARBOUR}"]
    town.books.set_stock(mug, HARBOUR, "5")
    town.rest()
    assert available(town, MUG) == 5
    assert waiting(town) == {}


def test_a_quantity_that_cannot_be_true_changes_nothing_and_is_told_until_the_next_sound_one(
    open_town: Town,
) -> None:
    town = open_town
    before = available(town, MUG)
    town.books.set_stock(town.product(MUG), HARBOUR, "10000000000000000")
    town.books.set_stock(town.product(TENT), HARBOUR, "9")
    town.rest()
    assert (available(town, MUG), available(town, TENT)) == (before, 9)
    assert list(waiting(town)) == [f"feed:stock#{town.product(MUG)}"]
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    assert available(town, MUG) == 64
    assert waiting(town) == {}


def test_a_change_by_hand_is_set_back_after_a_while(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    shopify_stock.set(town.stage.store, ALPHA, MUG, available=99, location_id=town.locations[0])
    town.rest()
    assert available(town, MUG) == 99
    town.rest(seconds=stock_drift.GRACE.total_seconds())
    assert available(town, MUG) == 64


def test_a_fight_with_another_app_is_stopped_and_told(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    for _ in range(stock_drift.REPAIRS_LIMIT + 1):
        shopify_stock.set(town.stage.store, ALPHA, MUG, available=99, location_id=town.locations[0])
        town.rest()
        town.rest(seconds=stock_drift.GRACE.total_seconds() + 5)
    assert available(town, MUG) == 99
    (dead,) = town.jobs("stock_pull", JobState.DEAD)
    assert "Somebody else" in dead.reason


def test_a_dark_change_is_found_by_the_compare(open_town: Town) -> None:
    town = open_town
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.rest()
    town.stage.world.faults.add({"kind": "drop", "times": 1, "match": "inventory_levels/update"})
    shopify_stock.set(town.stage.store, ALPHA, MUG, available=99, location_id=town.locations[0])
    town.rest()
    town.rest(seconds=timedelta(hours=1).total_seconds() + 60)
    town.rest(seconds=stock_drift.GRACE.total_seconds() + 60)
    assert available(town, MUG) == 64


def test_more_values_than_one_call_takes_travel_in_several(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = open_town
    monkeypatch.setattr(stock_pull, "ROWS_LIMIT", 3)
    skus = [MUG, TENT, SPORK, "ALP-TORCH", "ALP-STOVE", "ALP-POLES", "ALP-BARS"]
    for number, sku in enumerate(skus):
        town.books.set_stock(town.product(sku), HARBOUR, str(40 + number))
    town.rest()
    assert [available(town, sku) for sku in skus] == list(range(40, 47))
    assert sends(town) == 3


@dataclass(frozen=True)
class Counted:
    """A value of the ERP that is to be Shopify's in the end."""

    town: Town
    value: int

    def check(self, what: str) -> None:
        """Shopify has it, and nothing was begun and left."""
        assert available(self.town, MUG) == self.value, what
        dying.nothing_open(self.town, what)


def counted(town: Town, turn: int) -> Counted:
    """The ERP counts anew."""
    town.books.set_stock(town.product(MUG), HARBOUR, str(200 + turn))
    return Counted(town, 200 + turn)


@pytest.mark.slow
def test_a_process_that_dies_at_any_moment_leaves_the_right_stock(open_town: Town) -> None:
    assert dying.at_every_moment(open_town, lambda turn: counted(open_town, turn)) > 10


@pytest.mark.slow
@pytest.mark.parametrize("way", ["shopify", "erp"])
def test_losing_any_single_answer_leaves_the_right_stock(open_town: Town, way: str) -> None:
    assert dying.losing_every_answer(open_town, way, lambda turn: counted(open_town, turn)) > 0
