"""What is going on: hours, flows, budgets, doors."""

from __future__ import annotations

from datetime import timedelta

from kit import clock
from kit.db import Database
from sync.insight import activity
from sync.insight.activity import HOURS, Activity
from sync.state.settings_models import Breaker, Budget, Connection, Slot
from tests.insight.rows import MINUTE, Rows, order


def _activity(rows: Rows) -> Activity:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return activity.of(session)


def test_tries_are_counted_by_hour_and_by_kind_of_work(alpha: Rows) -> None:
    job = alpha.job(order(1), "done")
    alpha.attempt(job)
    alpha.attempt(job, "transient", ended_at=clock.now() - timedelta(hours=2))
    alpha.attempt(job, "done", ended_at=clock.now() - timedelta(hours=30))
    alpha.job(order(2))
    alpha.stuck(3)
    found = _activity(alpha)
    assert len(found.hours) == HOURS
    assert (found.hours[-1].done, found.hours[-1].failed) == (1, 1)
    assert found.hours[-3].failed == 1
    assert (found.done, found.failed) == (1, 2)
    (flow,) = found.flows
    assert (flow.flow, flow.done, flow.failed, flow.waiting, flow.stuck) == ("Order to ERP", 1, 2, 1, 1)
    assert flow.median_ms == 120


def test_a_budget_is_shown_as_it_is_now_not_as_it_was_measured(alpha: Rows) -> None:
    assert _activity(alpha).budget is None
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        session.add(
            Budget(
                shop_id=alpha.shop_id,
                available=500.0,
                maximum=2000.0,
                restore_per_second=100.0,
                measured_at=clock.now() - timedelta(seconds=5),
            )
        )
    found = _activity(alpha).budget
    assert found is not None
    assert (found.available, found.maximum, found.restore_per_second) == (1000, 2000, 100)


def test_the_erps_door_shows_calls_that_run_and_calls_that_are_stopped(alpha: Rows, erp: Connection) -> None:
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        for number, until in ((1, clock.now() + MINUTE), (2, clock.now() - MINUTE)):
            session.add(Slot(shop_id=alpha.shop_id, connection_id=erp.id, number=number, lease_until=until))
        session.add(
            Breaker(
                shop_id=alpha.shop_id,
                connection_id=erp.id,
                failures=5,
                opened_at=clock.now(),
                probe_at=clock.now() + MINUTE,
                sentence="It did not answer.",
            )
        )
    (door,) = _activity(alpha).doors
    assert (door.slots, door.taken, door.sentence) == (4, 1, "It did not answer.")
    assert door.opened_at == clock.now()


def test_another_shops_activity_is_its_own(db: Database, alpha: Rows, erp: Connection, beta: Rows) -> None:
    alpha.attempt(alpha.job(order(1), "done"))
    found = _activity(beta)
    assert (found.done, found.flows, found.doors) == (0, (), ())
