"""A worker process: what it takes, when it lets go, and that its heart beats until its last job has ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from dramatiq.middleware import Shutdown
from sqlalchemy import select
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import Database, all_shops
from sandbox.leashed import wait_until
from sync.actors import WAKE_SECONDS, Engine
from sync.flows import catalogue
from sync.flows.road import Done, Outcome, Work
from sync.flows.turn import Flow
from sync.state import jobs
from sync.state.models import Attempt, Job, JobState, Lane
from tests.state.conftest import make_shop
from tests.state.test_schedule import engine_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PATIENCE_SECONDS = 30.0
FLOW = "order_push"


@pytest.fixture
def noon() -> Iterator[SetClock]:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        yield at


def ask(database: Database, shop: int, *, flow: str = FLOW, records: int = 1) -> list[int]:
    with database.transaction(shop_id=shop) as session:
        return [
            jobs.ask(session, shop_id=shop, flow=flow, record=f"gid://shopify/Order/{n}", lane=Lane.ORDERS)
            for n in range(records)
        ]


def states(database: Database) -> list[tuple[str, int]]:
    with database.transaction() as session:
        rows = session.execute(all_shops(select(Job).order_by(Job.id))).scalars()
        return [(row.state, row.attempts) for row in rows]


def works(monkeypatch: pytest.MonkeyPatch, flow: Flow) -> None:
    monkeypatch.setattr(catalogue, "FLOWS", {FLOW: flow})


def test_a_job_of_a_flow_that_this_version_does_not_know_is_left_to_a_newer_one(
    db: Database, settings: Settings, alpha: int
) -> None:
    engine, _ = engine_of(db, settings)
    ask(db, alpha, flow="invoice_push")
    assert engine.run_jobs() == 0
    assert states(db) == [(JobState.READY, 0)]


def test_a_wake_up_ends_after_a_while_and_asks_for_another_one(
    db: Database, settings: Settings, alpha: int, noon: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(_work: Work) -> Outcome:
        noon.move(WAKE_SECONDS / 2)
        return Done()

    works(monkeypatch, slow)
    engine, broker = engine_of(db, settings)
    ask(db, alpha, records=5)
    assert engine.run_jobs() == 2
    assert broker.queues["jobs"].qsize() == 1
    assert [state for state, _ in states(db)].count(JobState.READY) == 3


class Worker:
    """An engine whose one job runs until the test lets it end."""

    def __init__(self, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database = database
        self.may_end = threading.Event()
        self.has_begun = threading.Event()
        works(monkeypatch, self._run)
        self.engine, _ = engine_of(database, settings)
        ask(database, make_shop(database, "alpha.myshopify.com"))
        self.thread = threading.Thread(target=self._run_jobs)
        self.thread.start()
        assert self.has_begun.wait(PATIENCE_SECONDS)

    def _run(self, _work: Work) -> Outcome:
        self.has_begun.set()
        while not self.may_end.wait(0.01):
            pass
        return Done()

    def _run_jobs(self) -> None:
        try:
            self.engine.run_jobs()
        except Shutdown:
            return


def test_what_still_runs_when_the_time_to_drain_is_over_is_put_back_at_once(
    fresh_database: Database, fresh_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(fresh_database, fresh_settings, monkeypatch)
    worker.engine.is_stopping.set()
    worker.engine.hand_over()
    worker.thread.join(PATIENCE_SECONDS)
    assert states(fresh_database) == [(JobState.READY, 0)]
    with fresh_database.transaction() as session:
        assert session.scalars(all_shops(select(Attempt))).all() == []


class Beating(Engine):
    """An engine whose beats are counted; the first ones fail."""

    failures: list[Exception] = []
    beats = 0

    def beat(self) -> None:
        self.beats += 1
        if self.failures:
            raise self.failures.pop(0)
        super().beat()


def test_the_heart_beats_on_after_a_beat_that_failed_and_until_the_last_job_has_ended(
    fresh_database: Database, fresh_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(fresh_database, fresh_settings, monkeypatch)
    beating = Beating(worker.engine.gateways, worker.engine.nudger)
    beating.failures = [PoolTimeout("no connection was free"), TypeError("a bug")]
    beating._leases = worker.engine._leases
    beating.is_stopping.set()
    heart = threading.Thread(target=beating.beat_forever)
    heart.start()
    assert wait_until(lambda: beating.beats > 3, PATIENCE_SECONDS)
    worker.may_end.set()
    heart.join(PATIENCE_SECONDS)
    worker.thread.join(PATIENCE_SECONDS)
    assert not heart.is_alive()
    assert [state for state, _ in states(fresh_database)] == [JobState.DONE]
