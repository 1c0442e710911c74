"""One cost bucket per shop, shared by all processes, and orders go first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kit import clock
from kit.clock import SetClock
from kit.db import Database
from sync.shopify.answers import Cost, Throttle
from sync.shopify.budget import Claim
from sync.state import budgets
from sync.state.budgets import FIRST_ESTIMATE, SharedBudget
from sync.state.models import Lane
from tests.state.rows import a_shop

READ = "OrderRead"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def watch() -> Iterator[SetClock]:
    set_clock = SetClock(AT)
    with clock.using(set_clock):
        yield set_clock


def told(
    available: float,
    *,
    requested: float = 100,
    actual: float | None = 100,
    maximum: float = 2000,
    rate: float = 100,
) -> Cost:
    return Cost(requested, actual, Throttle(maximum, available, rate))


@pytest.fixture
def budget(db: Database) -> SharedBudget:
    """A budget that has heard of a bucket of 2000 points, all of them free, and of a read of 100."""
    budget = SharedBudget(db, shop_id=a_shop(db))
    budget.settle(READ, claim=budget.claim(READ, lane=Lane.ORDERS), cost=told(2000))
    return budget


def available(db: Database, budget: SharedBudget) -> float:
    with db.transaction(shop_id=budget._shop_id) as session:
        level = budgets.level(session)
        assert level is not None
        return level.available


def test_the_first_call_of_a_shop_goes_at_once_because_nothing_is_known_of_its_plan(db: Database) -> None:
    budget = SharedBudget(db, shop_id=a_shop(db))
    assert budget.claim(READ, lane=Lane.BACKFILL) == Claim(FIRST_ESTIMATE)
    with db.transaction(shop_id=budget._shop_id) as session:
        assert budgets.level(session) is None


def test_a_clock_that_jumps_back_does_not_stop_the_bucket_from_filling(
    db: Database, budget: SharedBudget, watch: SetClock
) -> None:
    budget.settle(READ, claim=budget.claim(READ, lane=Lane.ORDERS), cost=told(50))
    watch.move(-3_600)
    waited = 0.0
    while (claim := budget.claim(READ, lane=Lane.ORDERS)).wait_seconds and waited < 60:
        watch.move(claim.wait_seconds)
        waited += claim.wait_seconds
    assert claim.points == 100
    assert waited < 2, "100 points a second come back"


def test_a_claim_is_taken_off_and_what_was_not_used_comes_back(db: Database, budget: SharedBudget) -> None:
    claim = budget.claim(READ, lane=Lane.ORDERS)
    assert claim == Claim(100)
    assert available(db, budget) == 1900
    budget.settle(READ, claim=claim, cost=told(1990, actual=10))
    assert available(db, budget) == 1990


def test_the_bucket_fills_up_by_the_restore_rate_and_no_further(
    db: Database, budget: SharedBudget, watch: SetClock
) -> None:
    for _ in range(10):
        budget.claim(READ, lane=Lane.ORDERS)
    assert available(db, budget) == 1000
    watch.move(4)
    assert available(db, budget) == 1400
    watch.move(3600)
    assert available(db, budget) == 2000


def test_lower_lanes_leave_a_share_for_those_who_go_first(db: Database, budget: SharedBudget) -> None:
    for lane, left in ((Lane.BACKFILL, 1000), (Lane.CATALOGUE, 700), (Lane.STOCK, 300), (Lane.ORDERS, 0)):
        while not (claim := budget.claim(READ, lane=lane)).wait_seconds:
            pass
        assert available(db, budget) == left, lane
        assert claim.wait_seconds == pytest.approx(1.0)


def test_who_finds_too_little_is_told_how_long_it_takes(budget: SharedBudget, watch: SetClock) -> None:
    for _ in range(20):
        budget.claim(READ, lane=Lane.ORDERS)
    wait = budget.claim(READ, lane=Lane.STOCK).wait_seconds
    assert wait == pytest.approx(4.0)
    watch.move(wait)
    assert budget.claim(READ, lane=Lane.STOCK).wait_seconds == 0


def test_a_bucket_smaller_than_the_estimate_still_lets_a_call_through_when_it_is_full(db: Database) -> None:
    budget = SharedBudget(db, shop_id=a_shop(db))
    claim = budget.claim(READ, lane=Lane.BACKFILL)
    budget.settle(READ, claim=claim, cost=told(40, requested=60, actual=30, maximum=40, rate=2))
    assert budget.claim(READ, lane=Lane.BACKFILL).wait_seconds == 0


def test_shopifys_lower_figure_is_believed_at_once_and_a_higher_one_bit_by_bit(
    db: Database, budget: SharedBudget
) -> None:
    budget.settle(READ, claim=Claim(0), cost=told(500, actual=0))
    assert available(db, budget) == 500
    budget.settle(READ, claim=Claim(0), cost=told(900, actual=0))
    assert available(db, budget) == 600


def test_points_of_a_call_without_an_answer_stay_spent_until_they_grow_back(
    db: Database, budget: SharedBudget
) -> None:
    budget.settle(READ, claim=budget.claim(READ, lane=Lane.ORDERS), cost=None)
    assert available(db, budget) == 1900


def test_a_throttled_call_teaches_the_level_and_costs_nothing(db: Database, budget: SharedBudget) -> None:
    claim = budget.claim(READ, lane=Lane.ORDERS)
    budget.settle(READ, claim=claim, cost=told(30, requested=100, actual=None))
    assert available(db, budget) == 30
    assert budget.claim(READ, lane=Lane.ORDERS).wait_seconds == pytest.approx(0.7)


def test_the_estimate_follows_what_the_operation_asks_for(db: Database, budget: SharedBudget) -> None:
    budget.settle(READ, claim=Claim(0), cost=told(2000, requested=180, actual=40))
    assert budget.claim(READ, lane=Lane.ORDERS).points == 180
    assert budget.claim("ShopRead", lane=Lane.ORDERS).points == FIRST_ESTIMATE


def test_a_change_of_plan_is_learnt_from_the_next_answer(db: Database, budget: SharedBudget) -> None:
    budget.settle(READ, claim=Claim(0), cost=told(20_000, actual=0, maximum=20_000, rate=1000))
    with db.transaction(shop_id=budget._shop_id) as session:
        level = budgets.level(session)
    assert level is not None
    assert (level.maximum, level.restore_per_second) == (20_000, 1000)


def test_shops_do_not_share_points(db: Database, budget: SharedBudget) -> None:
    other = SharedBudget(db, shop_id=a_shop(db, "beta.myshopify.com"))
    other.settle(READ, claim=Claim(0), cost=told(10, actual=0))
    assert available(db, budget) == 2000
    assert available(db, other) == 10


def test_many_workers_together_never_claim_more_than_there_is(fresh_database: Database) -> None:
    shop_id = a_shop(fresh_database)
    SharedBudget(fresh_database, shop_id=shop_id).settle(
        READ, claim=Claim(0), cost=told(1000, actual=0, maximum=1000)
    )
    claimed: list[float] = []

    def work() -> None:
        budget = SharedBudget(fresh_database, shop_id=shop_id)
        for _ in range(5):
            claimed.append(budget.claim(READ, lane=Lane.ORDERS).points)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(claimed) == 1000
    assert len(claimed) == 40
