"""Many prices travel by one bulk operation: none is lost, none that may not be is set, and the newest comes last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kit import clock
from sandbox.shopify.bulk import ENDS_AFTER
from sync.domain.money import Money
from sync.flows import price_times
from sync.state.models import IntentState, JobState
from tests.flows import dying
from tests.flows.town import ALPHA, Town

MUG, TORCH, STOVE, POLES = "ALP-MUG", "ALP-TORCH", "ALP-STOVE", "ALP-POLES"
SKUS = (MUG, TORCH, STOVE, POLES)
POLL = 20
OPEN = (JobState.READY, JobState.HELD, JobState.DEAD)


@pytest.fixture
def open_town(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A town in which two prices are many, whose products are linked and whose road of prices is open."""
    town.set(roads={"prices": "on"})
    town.link_products()
    monkeypatch.setattr(price_times, "ABOVE", 1)
    return town


def shown(town: Town) -> list[str]:
    return [town.variant(sku)["price"] for sku in SKUS]


def more(town: Town, sku: str, by: int) -> str:
    """The price of now and some."""
    return f"{Decimal(town.variant(sku)['price']) + by:.2f}"


def reprice(town: Town, by: int = 1) -> list[str]:
    """The ERP's prices of all rise. Returns what they are to be."""
    wanted = [more(town, sku, by) for sku in SKUS]
    for sku, amount in zip(SKUS, wanted, strict=True):
        town.price(sku, amount)
    return wanted


def operations(town: Town) -> list[dict[str, Any]]:
    return [each for each in town.stage.store.all(ALPHA, "bulk_operation") if each["type"] == "MUTATION"]


def alone(town: Town) -> list[str]:
    """The prices that were set one by one."""
    return [each for each in town.sentences("price_pull") if each.endswith("prices set.")]


def begin(town: Town) -> None:
    """Until Shopify has begun, and not ended."""
    town.clock.move(65)
    town.stage.clockwork.tick()
    town.stage.engine.run_jobs(limit=500)
    town.clock.move(price_times.GATHER.total_seconds())
    town.stage.engine.run_jobs(limit=500)
    assert [each["status"] for each in operations(town)] == ["CREATED"]


def at_peace(town: Town) -> None:
    """Every price is settled, and nothing was begun and left."""
    assert {each.state for each in town.intents("price_pull")} <= {IntentState.DONE, IntentState.DROPPED}
    assert [(each.record, each.reason) for each in town.jobs("price_pull", *OPEN)] == []


def test_many_prices_are_one_operation_with_a_line_for_each_product(open_town: Town) -> None:
    town = open_town
    wanted = reprice(town)
    begin(town)
    assert shown(town) != wanted
    town.rest()
    assert shown(town) == wanted
    (operation,) = operations(town)
    products = {town.variant(sku)["productId"] for sku in SKUS}
    assert operation["objectCount"] == len(products)
    assert alone(town) == []
    assert f"{len(SKUS)} prices set together." in town.sentences("price_pull")
    assert [each.state for each in town.intents("price_pull")] == [IntentState.DONE] * len(SKUS)
    at_peace(town)
    told = {link.facts.get("sku"): link.facts.get("price") for link in town.links("product")}
    assert [told[sku] for sku in SKUS] == wanted


def test_prices_that_are_there_already_start_no_operation(open_town: Town) -> None:
    town = open_town
    before = reprice(town, by=0)
    town.rest()
    assert shown(town) == before
    assert operations(town) == []
    assert town.intents("price_pull") == []
    at_peace(town)


def test_one_price_alone_goes_by_itself(open_town: Town) -> None:
    town = open_town
    town.price(MUG, more(town, MUG, 1))
    town.rest()
    assert operations(town) == []
    assert len(alone(town)) == 1


@pytest.mark.parametrize(
    ("roads", "owners"), [({"prices": "off"}, {}), ({"prices": "on"}, {"product_price": "shopify"})]
)
def test_a_shut_road_sets_none_of_many(
    open_town: Town, roads: dict[str, str], owners: dict[str, str]
) -> None:
    town = open_town
    before = shown(town)
    wanted = reprice(town)
    town.clock.move(65)
    town.stage.clockwork.tick()
    town.set(roads=roads, owners=owners)
    town.rest()
    assert shown(town) == before != wanted
    assert operations(town) == []


def test_what_may_not_be_set_waits_alone_and_the_others_go_on(open_town: Town) -> None:
    town = open_town
    before = shown(town)
    town.price(MUG, "0.10")
    torch = {"product": town.product(TORCH), "price": "30.00", "currency": "CHF", "price_list": ""}
    town.books.note("prices", town.product(TORCH), torch)
    town.price(STOVE, "-1")
    poles = more(town, POLES, 1)
    town.price(POLES, poles)
    town.rest()
    assert len(operations(town)) == 1
    assert shown(town) == [*before[:3], poles]
    left = {each.record: (each.state, each.fault_code) for each in town.jobs("price_pull", *OPEN)}
    assert left == {
        price_times.record_of(town.product(MUG)): (JobState.HELD, "price_held"),
        price_times.record_of(town.product(TORCH)): (JobState.DEAD, "price_currency"),
        price_times.record_of(town.product(STOVE)): (JobState.DEAD, "price_negative"),
    }


def test_what_shopify_refuses_is_an_issue_of_its_own_and_the_others_go_on(open_town: Town) -> None:
    town = open_town
    town.set(prices={"factor": "10000"})
    before = shown(town)
    reprice(town)
    town.price(STOVE, before[2], compare_at=Money(Decimal(10) ** 14, "USD"))
    town.rest()
    assert len(operations(town)) == 1
    assert town.variant(STOVE)["price"] == before[2]
    others = [(Decimal(each) + 1) * 10_000 for each in (*before[:2], before[3])]
    assert [Decimal(town.variant(sku)["price"]) for sku in (MUG, TORCH, POLES)] == others
    (dead,) = town.jobs("price_pull", *OPEN)
    assert (dead.record, dead.fault_code) == (price_times.record_of(town.product(STOVE)), "price_refused")
    assert "must be less than" in dead.reason


def test_two_systems_that_overrule_each_other_are_stopped_in_bulk_too(open_town: Town) -> None:
    town = open_town
    before = shown(town)
    wanted = reprice(town)
    for _ in range(4):
        town.rest(seconds=20)
        for sku, amount in zip(SKUS, before, strict=True):
            change = {
                "id": town.variant(sku)["productId"],
                "variantId": town.variant(sku)["id"],
                "price": amount,
            }
            town.admin(
                """mutation($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
                  productVariantsBulkUpdate(productId: $product, variants: $variants) { userErrors { message } }
                }""",
                product=change["id"],
                variants=[{"id": change["variantId"], "price": amount}],
            )
        for sku, amount in zip(SKUS, wanted, strict=True):
            town.price(sku, amount)
    town.rest(seconds=20)
    assert shown(town) == before
    assert {each.fault_code for each in town.jobs("price_pull", JobState.DEAD)} == {"price_fight"}


def test_a_newer_price_that_comes_meanwhile_comes_last(open_town: Town) -> None:
    town = open_town
    wanted = reprice(town)
    begin(town)
    newest = more(town, MUG, 5)
    town.price(MUG, newest)
    town.stage.clockwork.tick()
    town.clock.move(10)
    town.stage.clockwork.tick()
    town.stage.engine.run_jobs(limit=500)
    assert town.variant(MUG)["price"] != newest  # it would be overwritten by the operation
    town.rest()
    assert shown(town) == [newest, *wanted[1:]]
    at_peace(town)


def test_a_sale_of_many_starts_and_ends_by_two_operations(open_town: Town) -> None:
    town = open_town
    before = shown(town)
    starts_at = clock.now() + timedelta(hours=1)
    for sku in SKUS:
        times = {"schedule": "SALE", "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
        town.price(sku, more(town, sku, 3), **times)
    on_sale = [more(town, sku, 3) for sku in SKUS]
    town.rest()
    assert shown(town) == before
    town.rest(seconds=3_600)
    assert shown(town) == on_sale
    town.rest(seconds=3_600)
    assert shown(town) == before
    assert len(operations(town)) == 2
    assert alone(town) == []
    at_peace(town)


def fail(town: Town) -> None:
    """Shopify gives up before it has set any."""
    (row,) = operations(town)
    failed = {**row, "status": "FAILED", "errorCode": "INTERNAL_SERVER_ERROR"}
    town.stage.store.put(ALPHA, "bulk_operation", row["id"], failed)


def lose(town: Town) -> None:
    """Shopify deletes the result before it is read."""
    town.clock.move(ENDS_AFTER.total_seconds() + 1)
    town.stage.world.move_bulk_operations()
    for each in town.stage.store.all(ALPHA, "bulk_file"):
        town.stage.store.delete(ALPHA, "bulk_file", each["name"])


@pytest.mark.parametrize("harm", [fail, lose])
def test_an_operation_of_which_nothing_is_known_leaves_each_price_to_itself(
    open_town: Town, harm: Callable[[Town], None]
) -> None:
    town = open_town
    wanted = reprice(town)
    begin(town)
    harm(town)
    town.rest()
    assert shown(town) == wanted
    at_peace(town)


def test_a_lost_answer_starts_no_second_operation(open_town: Town) -> None:
    town = open_town
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "BulkOperationRunMutation"})
    wanted = reprice(town)
    town.rest()
    assert town.stage.world.faults.waiting() == []
    assert shown(town) == wanted
    assert len(operations(town)) == 1


def test_an_earlier_operation_is_not_taken_for_the_new_one(open_town: Town) -> None:
    town = open_town
    reprice(town)
    town.rest(seconds=10)
    town.stage.world.faults.add({"kind": "drop", "target": "graphql", "match": "BulkOperationRunMutation"})
    wanted = reprice(town)
    town.rest(seconds=10)
    assert shown(town) == wanted
    assert len(operations(town)) == 2
    assert alone(town) == []


@dataclass(frozen=True)
class Repriced:
    """Prices of the ERP that are to be Shopify's in the end."""

    town: Town
    wanted: list[str]
    before: int

    def check(self, what: str) -> None:
        """Shopify has them, by one operation at most, and nothing was begun and left."""
        assert shown(self.town) == self.wanted, what
        assert len(operations(self.town)) <= self.before + 1, what
        at_peace(self.town)


def repriced(town: Town) -> Repriced:
    """The ERP's prices of all rise once more."""
    before = len(operations(town))
    return Repriced(town, reprice(town), before)


@pytest.mark.slow
def test_a_process_that_dies_at_any_moment_leaves_the_right_prices(open_town: Town) -> None:
    assert dying.at_every_moment(open_town, lambda _turn: repriced(open_town)) > 10
    assert len(operations(open_town)) > 10


@pytest.mark.slow
def test_losing_any_single_answer_leaves_the_right_prices(open_town: Town) -> None:
    assert dying.losing_every_answer(open_town, "shopify", lambda _turn: repriced(open_town)) > 4
    assert len(operations(open_town)) > 4
