"""An ERP that keeps failing is left in peace, and work goes on by itself once it answers again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kit import clock
from kit.clock import SetClock
from kit.db import Database
from kit.faults import Fault, Misconfigured, OutcomeUnknown, Rejected, Transient
from sync.shopify.client import OutOfBudget
from sync.state import breakers, jobs
from sync.state.breakers import BreakerOpen
from sync.state.models import Lane
from sync.state.settings_models import Connection
from sync.state.slots import NoPlace
from tests.state.rows import a_connection, a_shop

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DOWN = Transient("unreachable", "The ERP could not be reached.")


@pytest.fixture(autouse=True)
def watch() -> Iterator[SetClock]:
    set_clock = SetClock(AT)
    with clock.using(set_clock):
        yield set_clock


@pytest.fixture
def connection(db: Database) -> Connection:
    return a_connection(db, a_shop(db))


def call(db: Database, connection: Connection, fault: Fault | None = None) -> None:
    with breakers.guarded(db, connection):
        if fault:
            raise fault


def fail(db: Database, connection: Connection, times: int, fault: Fault = DOWN) -> None:
    for _ in range(times):
        with pytest.raises(type(fault)):
            call(db, connection, fault)


def test_it_opens_after_sustained_failures_and_says_when_to_come_back(
    db: Database, connection: Connection
) -> None:
    fail(db, connection, 4)
    call(db, connection)
    fail(db, connection, 5)
    with pytest.raises(BreakerOpen) as caught:
        call(db, connection)
    assert caught.value.after_seconds == breakers.FIRST_PROBE_SECONDS
    assert caught.value.counts is False


@pytest.mark.parametrize(
    "verdict",
    [
        Rejected("bad_tax", "The ERP refuses the tax."),
        Misconfigured("login", "The password is wrong.", misses="credential:1"),
        NoPlace(1),
        OutOfBudget(after_seconds=30),
    ],
    ids=["refused", "misconfigured", "no place", "no points at Shopify"],
)
def test_a_verdict_is_not_a_failure(db: Database, connection: Connection, verdict: Fault) -> None:
    fail(db, connection, 20, verdict)
    call(db, connection)


def test_lost_answers_count_like_no_answers(db: Database, connection: Connection) -> None:
    fail(db, connection, 5, OutcomeUnknown("no_answer", "The answer was lost."))
    with pytest.raises(BreakerOpen):
        call(db, connection)


def test_one_probe_goes_through_and_its_success_closes_it(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    fail(db, connection, 5)
    watch.move(breakers.FIRST_PROBE_SECONDS)
    with breakers.guarded(db, connection), pytest.raises(BreakerOpen):
        call(db, connection)
    for _ in range(3):
        call(db, connection)


def test_a_refusal_is_proof_of_life_and_closes_it(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    fail(db, connection, 5)
    watch.move(breakers.FIRST_PROBE_SECONDS)
    fail(db, connection, 1, Rejected("bad_tax", "The ERP refuses the tax."))
    call(db, connection)


def test_a_failed_probe_waits_longer_each_time_but_not_for_ever(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    fail(db, connection, 5)
    waits = []
    for _ in range(8):
        with pytest.raises(BreakerOpen) as caught:
            call(db, connection)
        waits.append(caught.value.after_seconds or 0)
        watch.move(waits[-1])
        fail(db, connection, 1)
    assert waits[:4] == [15, 30, 60, 120]
    assert waits[-1] == breakers.LONGEST_PROBE_SECONDS


def test_a_clock_that_jumps_back_does_not_put_the_probe_off(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    fail(db, connection, 5)
    watch.move(-7_200)
    call(db, connection)
    call(db, connection)


def test_calls_under_way_when_it_opened_do_not_lengthen_the_rest(
    db: Database, connection: Connection
) -> None:
    fail(db, connection, 5)
    for _ in range(20):
        breakers.failed(db, connection, DOWN)
    with pytest.raises(BreakerOpen) as caught:
        call(db, connection)
    assert caught.value.after_seconds == breakers.FIRST_PROBE_SECONDS


def test_it_tells_since_when_it_is_open_why_and_what_waits_behind_it(
    db: Database, connection: Connection
) -> None:
    with db.transaction(shop_id=connection.shop_id) as session:
        assert breakers.resting(session) == []
        for number in range(3):
            jobs.ask(
                session, shop_id=connection.shop_id, flow="order_push", record=f"o{number}", lane=Lane.ORDERS
            )
        jobs.ask(session, shop_id=connection.shop_id, flow="stock_pull", record="s", lane=Lane.STOCK)
    fail(db, connection, 5)
    with db.transaction(shop_id=connection.shop_id) as session:
        (rest,) = breakers.resting(session)
    assert rest.opened_at == AT
    assert rest.sentence == DOWN.sentence
    assert rest.waiting_jobs == 3
    assert rest.oldest_asked_at == AT
