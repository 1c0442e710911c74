"""The clock process: dead workers' jobs are taken back, lost nudges are made up for, and two clocks do no harm."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select, text, update

from kit import clock
from kit.clock import SetClock, SystemClock
from kit.config import Settings
from kit.db import Database, all_shops
from kit.http import Door
from oauth.models import Installation, Shop
from sandbox.leashed import wait_until
from sync import schedule
from sync.actors import Engine
from sync.broker import QUEUES, Nudger
from sync.flows import periodic
from sync.gateways import Gateways
from sync.schedule import Clock
from sync.state import claims, jobs, slots
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
    rhythm = (timedelta(minutes=1), lambda _gateways: done.append(clock.now()))
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
    rhythms = ((minute, mistake), (minute, lambda _gateways: done.append(clock.now())))
    monkeypatch.setattr(periodic, "RHYTHMS", rhythms)
    ticking = Clock(engine)
    for _ in range(3):
        with pytest.raises(TypeError, match="a bug"):
            ticking.tick()
        noon.move(60)
    assert len(done) == 3


class Counting(Clock):
    """A clock whose ticks are counted; one of the first has a bug, which must not end the process."""

    ticks: dict[str, int] = {}
    fails_at = 2

    def tick(self) -> None:
        name = threading.current_thread().name
        self.ticks[name] = self.ticks.get(name, 0) + 1
        if self.ticks[name] == self.fails_at:
            raise TypeError("a bug")


def test_of_two_clocks_one_acts_and_the_other_takes_over_when_it_ends(
    fresh_database: Database, fresh_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Counting.ticks = {}
    monkeypatch.setattr(schedule, "Clock", Counting)
    monkeypatch.setattr(schedule, "TICK_SECONDS", 0.02)
    stops = {name: threading.Event() for name in ("one", "two")}
    engine, _ = engine_of(fresh_database, fresh_settings)
    threads = {
        name: threading.Thread(target=schedule.run, args=(engine, stop), name=name)
        for name, stop in stops.items()
    }
    threads["one"].start()
    assert wait_until(lambda: Counting.ticks.get("one", 0) > 2, PATIENCE_SECONDS)
    threads["two"].start()
    reached = Counting.ticks["one"]
    assert wait_until(lambda: Counting.ticks["one"] > reached + 10, PATIENCE_SECONDS)
    assert "two" not in Counting.ticks
    stops["one"].set()
    threads["one"].join(PATIENCE_SECONDS)
    with fresh_database.engine.connect() as connection:
        held = text(
            "select count(*) from pg_locks where locktype = 'advisory' and objid = :key"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        assert connection.execute(held, {"key": schedule.ONE_CLOCK}).scalar_one() <= 1
    stops["two"].set()
    threads["two"].join(PATIENCE_SECONDS)


def test_a_clock_stands_up_again_after_its_database_session_was_ended(
    fresh_database: Database, fresh_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Counting.ticks = {}
    monkeypatch.setattr(schedule, "Clock", Counting)
    monkeypatch.setattr(schedule, "TICK_SECONDS", 0.02)
    stop = threading.Event()
    engine, _ = engine_of(fresh_database, fresh_settings)
    ticking = threading.Thread(target=schedule.run, args=(engine, stop), name="one")
    ticking.start()
    assert wait_until(lambda: Counting.ticks.get("one", 0) > 2, PATIENCE_SECONDS)
    with fresh_database.engine.connect() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_locks"
                " where locktype = 'advisory' and objid = :key and pid <> pg_backend_pid()"
            ),
            {"key": schedule.ONE_CLOCK},
        )
    reached = Counting.ticks["one"]
    assert wait_until(lambda: Counting.ticks["one"] > reached + 3, PATIENCE_SECONDS)
    stop.set()
    ticking.join(PATIENCE_SECONDS)
    make_shop(fresh_database, "alpha.myshopify.com")


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
