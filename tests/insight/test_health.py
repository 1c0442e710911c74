"""Is it well? The figures and the one word on the home page."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kit import clock
from kit.db import Database
from oauth.models import Shop
from sync.domain.money import Money
from sync.insight import health
from sync.insight.health import Health, Mood
from sync.state.settings_models import Breaker, Connection
from tests.insight.rows import MINUTE, Rows, order


def _health(rows: Rows) -> Health:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return health.of(session)


def _change(rows: Rows, model: Any, row_id: int, **values: Any) -> None:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        row = session.get_one(model, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_a_new_shop_is_asked_to_connect(alpha: Rows) -> None:
    found = _health(alpha)
    assert found.mood is Mood.NOT_CONNECTED
    assert (found.synced_orders, found.waiting, found.stuck) == (0, 0, 0)
    assert found.guide.done == 0
    assert found.last_success_at is None


def test_a_connected_shop_without_orders_is_quiet(alpha: Rows, erp: Connection) -> None:
    assert _health(alpha).mood is Mood.QUIET


def test_a_shop_with_everything_synced_is_well(alpha: Rows, erp: Connection) -> None:
    alpha.snapshot(order(1), "#1001", proof={"is_proven": True})
    alpha.attempt(alpha.job(order(1), "done"))
    alpha.link(order(1), erp.id, "SO1")
    alpha.link(order(2), erp.id, "SO2", linked_at=clock.now() - timedelta(days=3))
    found = _health(alpha)
    assert found.mood is Mood.WELL
    assert (found.synced_orders, found.synced_today) == (2, 1)
    assert found.last_success_at == clock.now()
    assert found.last_proof is not None
    assert found.last_proof.title == "#1001"


def test_a_proof_that_differs_is_never_shown_as_a_match(alpha: Rows, erp: Connection) -> None:
    alpha.snapshot(order(1), "#1001", proof={"is_proven": True})
    alpha.snapshot(order(2), "#1002", proof={"is_proven": False})
    found = _health(alpha).last_proof
    assert found is not None
    assert found.title == "#1001"


def test_waiting_work_says_since_when_and_a_long_wait_is_late(alpha: Rows, erp: Connection) -> None:
    alpha.job(order(1), asked_at=clock.now() - 5 * MINUTE)
    assert _health(alpha).mood is Mood.WORKING
    alpha.job(order(2), asked_at=clock.now() - 20 * MINUTE)
    found = _health(alpha)
    assert found.mood is Mood.BEHIND
    assert found.oldest_waiting_at == clock.now() - 20 * MINUTE
    assert found.waiting == 2


def test_work_about_the_whole_shop_is_no_record_that_waits(alpha: Rows, erp: Connection) -> None:
    alpha.job("shop", flow="subscriptions")
    assert _health(alpha).waiting == 0


def test_an_unread_delivery_is_counted_as_waiting(alpha: Rows, erp: Connection) -> None:
    alpha.delivery(state="waiting")
    found = _health(alpha)
    assert found.waiting == 1
    assert found.mood is Mood.WORKING


def test_stuck_records_show_the_money_that_is_not_in_the_erp(alpha: Rows, erp: Connection) -> None:
    alpha.stuck(1, amount="19.99")
    alpha.stuck(2, amount="0.02", state="held", misses="mapping:tax:19%:DE")
    alpha.issue("a")
    found = _health(alpha)
    assert found.mood is Mood.STUCK
    assert (found.held, found.dead, found.stuck, found.open_issues) == (1, 1, 2, 1)
    assert found.at_risk == (Money(Decimal("20.01"), "EUR"),)


def test_what_stops_everything_is_said_before_what_stops_one_record(alpha: Rows, erp: Connection) -> None:
    alpha.stuck(1)
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        session.add(
            Breaker(
                shop_id=alpha.shop_id,
                connection_id=erp.id,
                failures=5,
                opened_at=clock.now(),
                probe_at=clock.now() + MINUTE,
                sentence="No answer.",
            )
        )
    found = _health(alpha)
    assert found.mood is Mood.UNREACHABLE
    assert found.connection is not None
    assert found.connection.probe_at == clock.now() + MINUTE
    _change(alpha, Connection, erp.id, state="broken", reason="The key was refused.")
    assert _health(alpha).mood is Mood.BROKEN
    _change(alpha, Connection, erp.id, state="paused", reason="")
    assert _health(alpha).mood is Mood.PAUSED
    _change(alpha, Shop, alpha.shop_id, state="needs_visit")
    assert _health(alpha).mood is Mood.NEEDS_VISIT


@pytest.mark.parametrize("state", ["needs_visit", "uninstalled"])
def test_a_shop_without_permission_needs_a_visit(alpha: Rows, state: str) -> None:
    _change(alpha, Shop, alpha.shop_id, state=state)
    assert _health(alpha).mood is Mood.NEEDS_VISIT


def test_the_guide_counts_its_steps_and_can_be_put_away(alpha: Rows, erp: Connection) -> None:
    alpha.delivery()
    found = _health(alpha).guide
    assert (found.done, found.steps, found.is_dismissed) == (2, 4, False)
    _change(alpha, Shop, alpha.shop_id, policies={"guide_is_dismissed": True})
    assert _health(alpha).guide.is_dismissed


def test_another_shop_never_counts(db: Database, alpha: Rows, erp: Connection, beta: Rows) -> None:
    alpha.snapshot(order(1), "#1001", proof={"is_proven": True})
    alpha.link(order(1), erp.id, "SO1")
    alpha.attempt(alpha.job(order(1), "done"))
    alpha.stuck(2)
    alpha.issue("a")
    alpha.delivery()
    found = _health(beta)
    assert found.mood is Mood.NOT_CONNECTED
    assert (found.synced_orders, found.stuck, found.open_issues, found.at_risk) == (0, 0, 0, ())
    assert found.last_delivery_at is None
    assert found.last_success_at is None
    assert found.last_proof is None
