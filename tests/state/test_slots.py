"""A connection has so many places, and all processes together take no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from kit import clock
from kit.clock import SetClock
from kit.db import Database
from kit.faults import Misconfigured, Transient
from sync.state import slots
from sync.state.settings_models import Connection
from tests.state.rows import a_connection, a_shop

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def watch() -> Iterator[SetClock]:
    set_clock = SetClock(AT)
    with clock.using(set_clock):
        yield set_clock


@pytest.fixture
def connection(db: Database) -> Connection:
    return a_connection(db, a_shop(db), slots=2)


def test_a_place_is_held_inside_and_free_afterwards(db: Database, connection: Connection) -> None:
    with slots.taken(db, connection):
        assert slots.in_use(db, connection) == 1
    assert slots.in_use(db, connection) == 0


def test_a_place_is_given_back_when_the_call_fails(db: Database, connection: Connection) -> None:
    with pytest.raises(RuntimeError), slots.taken(db, connection):
        raise RuntimeError("the call broke")
    assert slots.in_use(db, connection) == 0


def test_who_finds_no_place_comes_back_soon_and_it_is_no_attempt(
    db: Database, connection: Connection
) -> None:
    with slots.taken(db, connection), slots.taken(db, connection):
        with pytest.raises(Transient) as caught, slots.taken(db, connection):
            pass
        assert caught.value.code == "no_slot"
        assert caught.value.after_seconds is not None
        assert caught.value.after_seconds < 10
        assert getattr(caught.value, "counts", True) is False


def test_places_of_a_killed_process_are_free_when_their_lease_runs_out(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    with ExitStack() as killed:
        killed.enter_context(slots.taken(db, connection))
        killed.enter_context(slots.taken(db, connection))
        watch.move(slots.LEASE_SECONDS + 1)
        with slots.taken(db, connection):
            assert slots.in_use(db, connection) == 1


def test_places_of_a_killed_process_are_free_although_the_clock_jumped_back(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    with ExitStack() as killed:
        killed.enter_context(slots.taken(db, connection))
        killed.enter_context(slots.taken(db, connection))
        watch.move(-7_200)
        with slots.taken(db, connection):
            assert slots.in_use(db, connection) == 1


def test_a_beat_keeps_the_places_of_a_slow_call(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    with slots.taken(db, connection), slots.taken(db, connection):
        watch.move(slots.LEASE_SECONDS - 1)
        slots.beat(db)
        watch.move(slots.LEASE_SECONDS - 1)
        with pytest.raises(slots.NoPlace), slots.taken(db, connection):
            pass


def test_giving_back_late_does_not_free_the_place_of_the_next_one(
    db: Database, connection: Connection, watch: SetClock
) -> None:
    with ExitStack() as late:
        late.enter_context(slots.taken(db, connection))
        watch.move(slots.LEASE_SECONDS + 1)
        with slots.taken(db, connection):
            late.close()
            assert slots.in_use(db, connection) == 1


def test_the_number_of_places_may_change_while_jobs_run(db: Database, connection: Connection) -> None:
    with db.transaction(shop_id=connection.shop_id) as session:
        row = session.get(Connection, connection.id)
        assert row is not None
        row.slots = 1
    with slots.taken(db, connection), pytest.raises(slots.NoPlace), slots.taken(db, connection):
        pass


def test_connections_do_not_share_places(db: Database, connection: Connection) -> None:
    other = a_connection(db, a_shop(db, "beta.myshopify.com"), slots=1)
    with slots.taken(db, connection), slots.taken(db, connection), slots.taken(db, other):
        assert slots.in_use(db, other) == 1


def test_a_removed_connection_holds_the_job(db: Database, connection: Connection) -> None:
    with db.transaction(shop_id=connection.shop_id) as session:
        session.delete(session.get(Connection, connection.id))
    with pytest.raises(Misconfigured), slots.taken(db, connection):
        pass


def test_many_workers_together_never_hold_more_than_there_are(fresh_database: Database) -> None:
    connection = a_connection(fresh_database, a_shop(fresh_database), slots=3)
    inside, most, refused = [0], [0], [0]
    lock, start = threading.Lock(), threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(10):
            try:
                with slots.taken(fresh_database, connection):
                    with lock:
                        inside[0] += 1
                        most[0] = max(most[0], inside[0])
                    with lock:
                        inside[0] -= 1
            except slots.NoPlace:
                with lock:
                    refused[0] += 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most[0] <= 3
    assert slots.in_use(fresh_database, connection) == 0
    assert refused[0] < 80
