"""The clock process: dead workers' jobs are taken back, lost nudges are made up for, and two clocks do no harm."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select, text, update

from kit import clock
from kit.bulkheads import Bulkhead
from kit.clock import SetClock, SystemClock
from kit.config import Settings
from kit.db import Database, all_shops
from kit.http import Door
from oauth.models import Installation, Shop
from sync import schedule
from sync.actors import Engine
from sync.broker import QUEUES, Nudger
from sync.flows import periodic
from sync.gateways import Gateways
from sync.schedule import Clock
from sync.state import claims, jobs, rhythms, slots
from sync.state.jobs import Claimed
from sync.state.models import Attempt, Delivery, Job, JobState, Lane
from sync.state.settings_models import Issue
from tests.state.conftest import make_shop
from tests.state.rows import a_connection

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORDER = "gid://shopify/Order/1"
LEASE_SECONDS = 60
PATIENCE_SECONDS = 30.0


@pytest.fixture
def noon() -> Iterator[SetClock]:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        yield at


def engine_of(database: Database, settings: Settings) -> tuple[Engine, StubBroker]:
    """An engine whose nudges can be counted."""
    broker = StubBroker(middleware=[])
    for queue in QUEUES:
        broker.declare_queue(queue)
    return Engine(Gateways(database, settings, door=Door(), kinds={}), Nudger(broker)), broker


@pytest.fixture
def engine(db: Database, settings: Settings) -> Engine:
    return engine_of(db, settings)[0]


def ask(db: Database, shop: int, record: str = ORDER) -> int:
    with db.transaction(shop_id=shop) as session:
        return jobs.ask(session, shop_id=shop, flow="order_push", record=record, lane=Lane.ORDERS)


def claim(db: Database) -> Claimed:
    with db.transaction() as session:
        (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=LEASE_SECONDS)
    return claimed


def job(db: Database, job_id: int) -> Job:
    found: Job = everything(db, select(Job).where(Job.id == job_id))[0]
    return found


def everything(db: Database, query: Any) -> list[Any]:
    with db.transaction() as session:
        return list(session.execute(all_shops(query)).scalars())


def arrive(db: Database, shop: int, *, number: int = 1) -> None:
    with db.transaction(shop_id=shop) as session:
        session.add(
            Delivery(
                shop_id=shop,
                shop_domain="alpha.myshopify.com",
                webhook_id=f"w{number}",
                topic="orders/create",
                received_at=clock.now(),
                headers={},
                body=b"{}",
            )
        )


def test_a_job_whose_worker_died_is_taken_back_and_counted(
    db: Database, engine: Engine, alpha: int, noon: SetClock
) -> None:
    job_id = ask(db, alpha)
    lost = claim(db)
    noon.move(LEASE_SECONDS + 1)
    assert Clock(engine).reap() == 1
    row = job(db, job_id)
    assert (row.state, row.attempts, row.due_at, row.lease) == (JobState.READY, 1, noon.now(), None)
    (attempt,) = everything(db, select(Attempt))
    assert (attempt.outcome, attempt.fault_code, attempt.job_id) == ("lost", "worker_lost", job_id)
    assert everything(db, select(Issue)) == []
    again = claim(db)
    assert again.lease != lost.lease
    with pytest.raises(jobs.LeaseLost), db.transaction(shop_id=alpha) as session:
        jobs.finish(session, lost, state=JobState.DONE)


def test_a_job_whose_worker_lives_is_left_alone(
    db: Database, engine: Engine, alpha: int, noon: SetClock
) -> None:
    job_id = ask(db, alpha)
    running = claim(db)
    noon.move(LEASE_SECONDS - 1)
    assert Clock(engine).reap() == 0
    with db.transaction() as session:
        jobs.extend(session, [running.lease], lease_seconds=LEASE_SECONDS)
    noon.move(LEASE_SECONDS - 1)
    assert Clock(engine).reap() == 0
    assert job(db, job_id).state == JobState.RUNNING


def test_a_job_that_kills_its_worker_each_time_becomes_a_dead_letter_with_an_issue(
    db: Database, engine: Engine, alpha: int, noon: SetClock
) -> None:
    job_id = ask(db, alpha)
    limit = engine.gateways.settings.attempts_limit
    for _ in range(limit):
        claim(db)
        noon.move(LEASE_SECONDS + 1)
        Clock(engine).reap()
    row = job(db, job_id)
    assert (row.state, row.attempts) == (JobState.DEAD, limit)
    assert [attempt.outcome for attempt in everything(db, select(Attempt))] == ["lost"] * limit
    (issue,) = everything(db, select(Issue))
    assert (issue.state, issue.fault_code, issue.cause) == ("open", "worker_lost", row.cause)


def test_a_lost_job_that_was_asked_for_again_is_carried_on_by_the_newer_one(
    db: Database, engine: Engine, alpha: int, noon: SetClock
) -> None:
    old = ask(db, alpha)
    claim(db)
    newer = ask(db, alpha)
    noon.move(LEASE_SECONDS + 1)
    Clock(engine).reap()
    assert job(db, old).state == JobState.DONE
    assert (job(db, newer).state, job(db, newer).attempts) == (JobState.READY, 1)


def test_lost_jobs_of_every_shop_are_taken_back(
    db: Database, engine: Engine, alpha: int, beta: int, noon: SetClock
) -> None:
    ids = [ask(db, alpha), ask(db, beta)]
    for _ in ids:
        claim(db)
    noon.move(LEASE_SECONDS + 1)
    assert Clock(engine).reap() == 2
    assert {job(db, each).state for each in ids} == {JobState.READY}


def test_a_delivery_whose_nudge_was_lost_is_found_by_the_clock(
    db: Database, settings: Settings, alpha: int, noon: SetClock
) -> None:
    engine, broker = engine_of(db, settings)
    arrive(db, alpha)
    ticking = Clock(engine)
    ticking.sweep_deliveries()
    assert broker.queues["deliveries"].qsize() == 0, "it is young; its own nudge may be on the way"
    noon.move(schedule.SWEEP_AFTER.total_seconds() + 1)
    ticking.sweep_deliveries()
    assert broker.queues["deliveries"].qsize() == 1


def test_jobs_that_are_due_wake_workers_and_those_that_wait_do_not(
    db: Database, settings: Settings, alpha: int, noon: SetClock
) -> None:
    engine, broker = engine_of(db, settings)
    with db.transaction(shop_id=alpha) as session:
        later = clock.now() + timedelta(minutes=1)
        jobs.ask(session, shop_id=alpha, flow="order_push", record=ORDER, lane=Lane.ORDERS, due_at=later)
    Clock(engine).wake()
    assert broker.queues["jobs"].qsize() == 0
    noon.move(61)
    Clock(engine).wake()
    assert broker.queues["jobs"].qsize() == 1
    for number in range(2, 40):
        ask(db, alpha, f"gid://shopify/Order/{number}")
    Clock(engine).wake()
    assert broker.queues["jobs"].qsize() == 1 + settings.worker_threads


def test_rhythms_keep_their_pace_and_a_clock_that_jumps_back_does_not_stop_them(
    engine: Engine, noon: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[datetime] = []
    rhythm = ("a look", timedelta(minutes=1), lambda _gateways: done.append(clock.now()))
    monkeypatch.setattr(periodic, "RHYTHMS", (rhythm,))
    ticking = Clock(engine)
    for _ in range(10):
        ticking.tick()
        noon.move(30)
    assert len(done) == 5
    noon.move(-86_400)
    ticking.tick()
    assert done[-1] == clock.now(), "a day in which nothing happens would be a day lost"
    noon.move(30)
    ticking.tick()
    assert len(done) == 6
    noon.move(30)
    ticking.tick()
    assert len(done) == 7


class WrongClock(SystemClock):
    """The clock of a machine that is so many seconds ahead of the others, or behind."""

    def __init__(self, seconds: float) -> None:
        self.ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.mark.parametrize("ahead", [-3_600, 3_600])
def test_a_machine_whose_clock_is_wrong_loses_no_lease_and_takes_none_away(
    db: Database, settings: Settings, alpha: int, ahead: int
) -> None:
    erp = a_connection(db, alpha, slots=1)
    ticking = Clock(engine_of(db, settings)[0])
    with clock.using(WrongClock(ahead)):
        job_id = ask(db, alpha)
        running = claim(db)
    with slots.taken(db, erp):
        assert ticking.reap() == 0, "the other machine claimed it this moment"
        with pytest.raises(slots.NoPlace), clock.using(WrongClock(ahead)), slots.taken(db, erp):
            pass
    with clock.using(WrongClock(ahead)):
        assert ticking.reap() == 0, "whose clock is wrong reaps nothing either"
        with db.transaction() as session:
            jobs.extend(session, [running.lease], lease_seconds=LEASE_SECONDS)
    assert ticking.reap() == 0
    assert job(db, job_id).state == JobState.RUNNING


def test_a_bug_in_one_rhythm_keeps_no_other_from_its_turn_and_is_loud(
    db: Database, engine: Engine, alpha: int, noon: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[datetime] = []

    def mistake(_gateways: Gateways) -> None:
        raise TypeError("a bug")

    minute = timedelta(minutes=1)
    rhythms = (("one", minute, mistake), ("two", minute, lambda _gateways: done.append(clock.now())))
    monkeypatch.setattr(periodic, "RHYTHMS", rhythms)
    ticking = Clock(engine)
    for _ in range(3):
        with pytest.raises(TypeError, match="a bug"):
            ticking.tick()
        noon.move(60)
    assert len(done) == 3


def test_a_rhythm_that_fails_again_and_again_is_said_until_it_is_well(
    db: Database, engine: Engine, noon: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistakes = [TypeError("a bug"), TypeError("a bug"), KeyError("another")]

    def act(_gateways: Gateways) -> None:
        if mistakes:
            raise mistakes.pop(0)

    monkeypatch.setattr(periodic, "RHYTHMS", (("feeds", timedelta(minutes=1), act),))
    ticking, told = Clock(engine), []
    for _ in range(5):
        with Bulkhead(logging.getLogger(__name__), "as the process does"):
            ticking.tick()
        with db.transaction() as session:
            told.append([(each.name, each.failures, each.error_kind) for each in rhythms.failing(session)])
        if len(told) == 3:
            ticking = Clock(engine)  # a process that knows nothing of it takes over
        noon.move(60)
    assert told == [[], [("feeds", 2, "TypeError")], [("feeds", 3, "KeyError")], [], []]


class Clocks:
    """Clocks on threads, each with a name. Their ticks are counted, and whoever waits for them is told of each."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ticks: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._running: dict[str, tuple[threading.Thread, threading.Event]] = {}

    def start(self, name: str) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=schedule.run, args=(self.engine, stop), name=name)
        self._running[name] = (thread, stop)
        thread.start()

    def stop(self, name: str) -> None:
        thread, stop = self._running.pop(name)
        stop.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    def stop_all(self) -> None:
        for name in list(self._running):
            self.stop(name)

    def count(self) -> int:
        with self._changed:
            name = threading.current_thread().name
            self.ticks[name] += 1
            self._changed.notify_all()
            return self.ticks[name]

    def wait_for(self, name: str, *, more: int) -> None:
        with self._changed:
            wanted = self.ticks[name] + more
            assert self._changed.wait_for(lambda: self.ticks[name] >= wanted, PATIENCE_SECONDS), self.ticks


@pytest.fixture
def clocks(
    fresh_database: Database, fresh_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Clocks]:
    made = Clocks(engine_of(fresh_database, fresh_settings)[0])

    class Counting(Clock):
        """One of the first ticks has a bug, which must not end the process."""

        def tick(self) -> None:
            if made.count() == 2:
                raise TypeError("a bug")

    monkeypatch.setattr(schedule, "Clock", Counting)
    monkeypatch.setattr(schedule, "TICK_SECONDS", 0.02)
    try:
        yield made
    finally:
        made.stop_all()


def test_of_two_clocks_one_acts_and_the_other_takes_over_when_it_ends(clocks: Clocks) -> None:
    clocks.start("one")
    clocks.wait_for("one", more=3)
    clocks.start("two")
    clocks.wait_for("one", more=10)
    assert clocks.ticks["two"] == 0
    clocks.stop("one")
    reached = clocks.ticks["one"]
    clocks.wait_for("two", more=3)
    assert clocks.ticks["one"] == reached


def test_a_clock_stands_up_again_after_its_database_session_was_ended(
    clocks: Clocks, fresh_database: Database
) -> None:
    clocks.start("one")
    clocks.wait_for("one", more=3)
    ended = text(
        "select pg_terminate_backend(pid) from pg_locks"
        " where locktype = 'advisory' and objid = :key and pid <> pg_backend_pid()"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    with fresh_database.engine.connect() as connection:
        assert connection.execute(ended, {"key": schedule.ONE_CLOCK}).scalars().all() == [True]
    clocks.wait_for("one", more=4)


def test_held_jobs_are_looked_at_again_except_those_of_shops_that_have_left(
    engine: Engine, db: Database, noon: SetClock
) -> None:
    ids = {}
    for number, state in enumerate(Installation):
        shop_id = make_shop(db, f"shop-{number}.myshopify.com")
        ids[shop_id] = state
        ask(db, shop_id)
        with db.transaction(shop_id=shop_id) as session:
            session.execute(update(Job).values(state=JobState.HELD, misses="grant"))
            session.get_one(Shop, shop_id).state = state
    noon.move(31 * 60)
    periodic.look_at_held_again(engine.gateways)
    with db.transaction() as session:
        rows = session.execute(all_shops(select(Job.shop_id, Job.state)))
        asleep = {ids[shop_id] for shop_id, state in rows if state == JobState.HELD}
    assert asleep == {Installation.UNINSTALLED, Installation.REDACTED}
