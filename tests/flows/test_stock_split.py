"""Stock that is split: Shopify counts and sells, the ERP tells what comes and goes. Each change crosses once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

import httpx2
import pytest

from oauth.models import Shop
from sandbox.shopify.commands import orders
from sandbox.shopify.commands import stock as shopify_stock
from sync.domain.ownership import Group, Side
from sync.flows import owning, stock_drift, stock_pull
from sync.state import stock
from sync.state.models import IntentState, JobState
from tests.flows import dying
from tests.flows.dying import AFTERWARDS_SECONDS
from tests.flows.refunding import WIDE, mugs, paid_back
from tests.flows.town import ALPHA, HARBOUR, LEASE_SECONDS, Town

MUG, TENT, TORCH = "ALP-MUG", "ALP-TENT-2P", "ALP-TORCH"
ADJUST = "InventoryAdjustQuantities"


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose stock is split, and whose ERP has spoken of 100 mugs, tents and torches."""
    town.set(roads={"stock": "on"}, owners={"stock": "split"})
    town.link_products()
    for sku in (MUG, TENT, TORCH):
        put(town, sku, 100)
    town.rest()
    return town


def put(town: Town, sku: str, on_hand: int, *, sold: int = 0, place: str = HARBOUR) -> None:
    """The ERP has so much, of which our own sales reserve a part."""
    town.books.set_stock(town.product(sku), place, str(on_hand), reserved=str(sold), sold=str(sold))


def available(town: Town, sku: str, place: int = 0) -> int:
    level = shopify_stock.level_of(
        town.stage.store, ALPHA, town.variant(sku)["inventoryItemId"], town.locations[place]
    )
    assert level is not None
    quantity: int = level["stock"]["available"]
    return quantity


def count(town: Town, sku: str, quantity: int) -> None:
    """Somebody counts in Shopify."""
    shopify_stock.set(town.stage.store, ALPHA, sku, available=quantity, location_id=town.locations[0])


def changes(town: Town) -> list[str]:
    """The states of the changes that were begun."""
    return [each.state for each in town.intents("stock_pull") if each.purpose == "stock_change"]


def test_what_shopify_has_is_right_when_it_begins(town: Town) -> None:
    before = available(town, MUG)
    town.set(roads={"stock": "on"}, owners={"stock": "split"})
    town.link_products()
    put(town, MUG, before + 1_000)
    town.rest()
    assert available(town, MUG) == before
    assert town.intents("stock_pull") == []


def test_a_receipt_is_added_to_what_shopify_has_and_its_own_count_stays(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 7)
    town.rest()
    put(town, MUG, 130)
    town.rest()
    assert available(town, MUG) == 37
    town.rest(seconds=stock_drift.GRACE.total_seconds() * 2)
    town.rest(seconds=timedelta(hours=1).total_seconds() + 60)
    assert available(town, MUG) == 37
    assert changes(town) == [IntentState.DONE]


def test_a_sale_that_reaches_the_erp_is_not_taken_off_again(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 100)
    town.order((MUG, 3))
    assert available(town, MUG) == 97
    put(town, MUG, 100, sold=3)  # the ERP reserves them
    town.rest()
    town.books.set_stock(town.product(MUG), HARBOUR, "97", reserved="0", sold="3")  # and ships them
    town.rest()
    assert available(town, MUG) == 97
    assert changes(town) == []


def test_several_changes_travel_in_one_call_and_what_comes_near_zero_goes_alone(open_town: Town) -> None:
    town = open_town
    for sku, there in ((MUG, 50), (TENT, 50), (TORCH, 12)):
        count(town, sku, there)
    town.rest()
    put(town, MUG, 105)
    put(town, TENT, 95)
    put(town, TORCH, 90)
    town.rest()
    assert [available(town, sku) for sku in (MUG, TENT, TORCH)] == [55, 45, 2]
    assert changes(town) == [IntentState.DONE] * 2


def test_it_falls_to_zero_at_most_and_the_rest_is_taken_off_what_comes(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 4)
    town.rest()
    put(town, MUG, 90)
    town.rest()
    assert available(town, MUG) == 0
    put(town, MUG, 100)
    town.rest()
    assert available(town, MUG) == 4
    put(town, MUG, 95)
    town.rest()
    assert available(town, MUG) == 0
    count(town, MUG, 3)  # one that came back in the shop
    town.rest()
    assert available(town, MUG) == 2


def test_a_quantity_that_moved_under_us_is_read_again(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 50)
    town.rest()
    put(town, MUG, 110)
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "InventoryLevels"})
    town.stage.world.faults.add({"kind": "fail", "target": "graphql", "match": ADJUST})
    town.rest()
    assert available(town, MUG) == 60


class Seller:
    """Sells a piece in Shopify at the moment at which the change is on its way."""

    def __init__(self, town: Town) -> None:
        self.town, self.sold = town, 0
        self.way = town.stage.shopify
        self.inner = self.way.handle_request
        self.way.handle_request = self.handle_request  # type: ignore[method-assign]

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if ADJUST.encode() in request.content and not self.sold:
            self.sold = 1
            sell(self.town, 1)
        return self.inner(request)


def sell(town: Town, pieces: int) -> None:
    """A buyer in Shopify; the ERP does not count what is sold there."""
    orders.create(
        town.stage.store,
        ALPHA,
        {
            "lines": [{"sku": MUG, "quantity": pieces}],
            "email": "bo@example.com",
            "financial_state": "paid",
        },
    )


def test_a_sale_between_looking_and_changing_is_seen(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 50)
    town.rest()
    put(town, MUG, 110)
    seller = Seller(town)
    town.rest()
    assert seller.sold == 1
    assert available(town, MUG) == 59
    assert sorted(changes(town)) == [IntentState.DONE, IntentState.REFUSED]


def lose_the_answer(town: Town) -> None:
    """The next change is sent and its answer lost; then nobody works."""
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": ADJUST})
    town.stage.clockwork.tick()
    while not changes(town):
        town.clock.move(5)
        town.stage.clockwork.tick()
        town.stage.engine.run_jobs(limit=500)


def test_a_lost_answer_and_a_sale_meanwhile_double_nothing(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 50)
    town.rest()
    put(town, MUG, 110)
    lose_the_answer(town)
    assert changes(town) == [IntentState.UNKNOWN]
    assert available(town, MUG) == 60
    sell(town, 2)
    put(town, MUG, 115)
    town.rest()
    assert available(town, MUG) == 63
    assert changes(town) == [IntentState.DONE] * 2


def test_an_answer_that_stays_lost_for_a_day_is_told_and_never_guessed(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 50)
    town.rest()
    put(town, MUG, 110)
    lose_the_answer(town)
    town.rest(seconds=timedelta(hours=24).total_seconds())
    assert available(town, MUG) == 60
    (dead,) = town.jobs("stock_pull", JobState.DEAD)
    assert "+10 ALP-MUG" in dead.reason
    put(town, MUG, 111)
    town.rest()
    assert available(town, MUG) == 61
    assert town.jobs("stock_pull", JobState.DEAD) == []


def test_an_item_that_is_gone_does_not_stop_its_batch(open_town: Town) -> None:
    town = open_town
    before = available(town, MUG)
    put(town, MUG, 110)
    gone = town.variant(TORCH)["inventoryItemId"]
    put(town, TORCH, 101)
    town.stage.store.delete(ALPHA, "inventory_item", gone)
    town.rest()
    assert available(town, MUG) == before + 10


def test_a_change_is_never_begun_by_two_jobs_at_once(open_town: Town) -> None:
    town = open_town
    for sku in (MUG, TENT):
        count(town, sku, 50)
    town.rest()
    put(town, MUG, 110)
    put(town, TENT, 110)
    plan = town.stage.shopify.plan
    town.clock.move(65)
    town.stage.clockwork.tick()
    while not changes(town):
        town.clock.move(5)
        plan[:] = ["ok", "cut"]
        town.stage.engine.run_jobs(limit=500)
    plan.clear()
    assert changes(town) == [IntentState.UNKNOWN]
    put(town, MUG, 70)  # near zero now: this one wants to go alone
    town.rest()
    assert (available(town, MUG), available(town, TENT)) == (20, 60)


def test_goods_that_the_erp_takes_back_are_added_once_although_it_credits_them(open_town: Town) -> None:
    town = open_town
    town.set(roads={"stock": "on", "refunds": "on"}, owners={"stock": "split", "refund": "erp"}, refunds=WIDE)
    count(town, MUG, 50)
    order = town.order((MUG, 2))
    town.books.set_stock(town.product(MUG), HARBOUR, "98", sold="2")
    town.rest()
    assert available(town, MUG) == 48
    town.credit("C1", order, "33.33", lines=mugs(town, 1, "33.33", is_restocked=True))
    town.books.set_stock(town.product(MUG), HARBOUR, "99", sold="2")
    town.rest()
    town.rest()
    assert paid_back(town, order) == ["33.33"]
    assert available(town, MUG) == 49


def test_who_owns_stock_may_change_and_it_begins_from_what_is_there(open_town: Town) -> None:
    town = open_town
    count(town, MUG, 50)
    own(town, Side.ERP)
    town.rest()
    put(town, MUG, 64)
    town.rest()
    assert available(town, MUG) == 64
    count(town, MUG, 30)
    own(town, Side.SPLIT)
    town.rest()
    put(town, MUG, 65)
    town.rest()
    assert available(town, MUG) == 31


def own(town: Town, side: Side) -> None:
    """Ada changes the owner of stock."""
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        owning.change(session, town.shop_id, {Group.STOCK: side}, actor="staff:1")


def test_kits_and_an_erp_that_cannot_say_what_was_sold_need_one_owner(open_town: Town) -> None:
    town = open_town
    wanted = {Group.STOCK: Side.SPLIT}
    kinds = town.stage.engine.gateways.kinds
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        assert owning.why_not(session, town.shop_id, wanted, kinds=kinds) == ""
        session.get_one(Shop, town.shop_id).policies = {"stock": {"kits": {"K": {"I1": "2"}}}}
        assert "Kits" in owning.why_not(session, town.shop_id, wanted, kinds=kinds)


@dataclass(frozen=True)
class Received:
    """Pieces that came into the ERP's warehouse and are to be added once."""

    town: Town
    wanted: int

    def check(self, what: str) -> None:
        """They were added, and nothing was begun and left."""
        assert available(self.town, MUG) == self.wanted, what
        dying.nothing_open(self.town, what)
        assert [each.change for each in self.town.targets()] == [None] * len(self.town.targets()), what


class Warehouse:
    """Ten mugs come in at each turn, and Shopify has one less for a reason of its own."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.on_hand, self.expected = 100, available(town, MUG)

    def begin(self, _turn: int) -> Received:
        self.on_hand += 10
        count(self.town, MUG, self.expected - 1)
        self.expected += 9
        put(self.town, MUG, self.on_hand)
        return Received(self.town, self.expected)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["alone", "batch"])
def test_a_process_that_dies_at_any_moment_adds_each_change_once(open_town: Town, way: str) -> None:
    town = open_town
    town.set(stock={"guard_below": 0})
    warehouse = Warehouse(town)
    for moment in range(1, 60):
        begun = warehouse.begin(moment)
        town.clock.move(AFTERWARDS_SECONDS)
        town.ask("erp_feed", "feed:stock")
        town.stage.engine.run_jobs(limit=500)
        record = f"stock:{town.locations[0]}"
        if way == "alone":
            with town.stage.plain.transaction(shop_id=town.shop_id) as session:
                stock.mark(session, [each.id for each in town.targets() if each.due], due=stock.ALONE)
            record = town.variant(MUG)["inventoryItemId"]
        died = town.work("stock_pull", record, dying_after=moment)
        town.rest()
        begun.check(f"it died {town.stage.fuse.last_moment}, at its {moment}. moment")
        if not died:
            assert moment > 10
            return
    raise AssertionError("there is no end to the moments")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["shopify", "erp"])
def test_losing_any_single_answer_adds_each_change_once(open_town: Town, way: str) -> None:
    assert dying.losing_every_answer(open_town, way, Warehouse(open_town).begin) > 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sales_receipts_deaths_and_lost_answers_in_any_order_add_up(open_town: Town, seed: int) -> None:
    town, random = open_town, Random(seed)
    on_hand, expected = 100, available(town, MUG)
    for _ in range(12):
        match random.choice(("sell", "receive", "lose", "rest", "die")):
            case "sell":
                pieces = random.randint(1, 3)
                sell(town, pieces)
                expected -= pieces
            case "receive":
                pieces = random.randint(-4, 30)
                on_hand, expected = on_hand + pieces, expected + pieces
                put(town, MUG, on_hand)
            case "lose":
                kind = random.choice(("cut", "fail"))
                town.stage.world.faults.add({"kind": kind, "target": "graphql", "match": ADJUST, "times": 1})
            case "rest":
                town.rest(seconds=random.choice((3, 65)))
            case "die":
                town.live(dying_after=random.randint(1, 40))
    town.stage.world.faults.clear()
    town.rest(seconds=LEASE_SECONDS)
    assert available(town, MUG) == expected
    assert stock_pull.FLOW in {job.flow for job in town.jobs("stock_pull")}
