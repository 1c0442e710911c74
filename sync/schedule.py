"""The clock process: under an advisory lock it wakes workers for due work, reaps dead leases, and starts what is
periodic. Two clocks may run: the lock lets one act, and everything it does is safe to do twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from kit import clock, outages
from kit.bulkheads import Bulkhead
from kit.db import all_shops
from sync.actors import Engine
from sync.flows import periodic
from sync.gateways import Gateways
from sync.state import attempts, jobs, rhythms
from sync.state.attempts import Trouble
from sync.state.models import Delivery, DeliveryState, JobState

log = logging.getLogger(__name__)

ONE_CLOCK = 7_261_002  # advisory lock
TICK_SECONDS = 0.5
SWEEP_AFTER = timedelta(seconds=2)  # a delivery that waits longer than this lost its nudge
REAP_BATCH = 50
DUE_LIMIT = 64


@dataclass
class _Rhythm:
    """Something to do every so often, and when it was done last."""

    name: str
    every: timedelta
    act: Callable[[Gateways], None]
    last_at: datetime | None = None


class Clock:
    """What the clock process does at each tick. The simulator calls `tick` itself."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._rhythms = [_Rhythm(*rhythm) for rhythm in periodic.RHYTHMS]
        self._doubtful: set[str] | None = None  # what may be written down as failing; at first nobody knows

    def tick(self) -> None:
        """Everything that is due now. A bug in one act keeps no other from its turn; then it is raised."""
        now = clock.now()
        acts: dict[str, Callable[[], object]] = {
            "lost nudges": self.sweep_deliveries,
            "dead workers": self.reap,
            "due jobs": self.wake,
        }
        for rhythm in self._rhythms:
            # A clock that jumped back must not stop the rhythm until it has caught up.
            if rhythm.last_at is None or now - rhythm.last_at >= rhythm.every or now < rhythm.last_at:
                rhythm.last_at = now
                acts[rhythm.name] = partial(rhythm.act, self.engine.gateways)
        failures = {}
        for name, act in acts.items():
            with Bulkhead(log, "clock.act_failed", letting=(DBAPIError,)) as part:
                act()
            if part.failure is not None:
                failures[name] = part.failure
        self._write_down(failures, well=acts.keys() - failures.keys())
        if failures:
            raise next(iter(failures.values()))

    def _write_down(self, failures: Mapping[str, Exception], *, well: Set[str]) -> None:
        """Lets people see which act fails again and again. While all is well nothing is written."""
        better = well if self._doubtful is None else well & self._doubtful
        if failures or better:
            with self.engine.gateways.database.transaction() as session:
                rhythms.succeeded(session, better)
                for name, failure in failures.items():
                    rhythms.failed(session, name, failure)
        # Acts whose first turn is still to come may have failed under the process before this one.
        first = {rhythm.name for rhythm in self._rhythms} if self._doubtful is None else self._doubtful
        self._doubtful = (first - better) | failures.keys()

    def sweep_deliveries(self) -> None:
        """Wakes workers for deliveries whose nudge was lost."""
        with self.engine.gateways.database.transaction() as session:
            oldest = session.execute(
                all_shops(
                    select(func.min(Delivery.id)).where(
                        Delivery.state == DeliveryState.WAITING,
                        Delivery.received_at < clock.now() - SWEEP_AFTER,
                    )
                )
            ).scalar()
        if oldest is not None:
            self.engine.nudge_deliveries(oldest)

    def wake(self) -> None:
        """Wakes workers for jobs whose time has come."""
        with self.engine.gateways.database.transaction() as session:
            count = jobs.due(session, limit=DUE_LIMIT)
        if count:
            self.engine.nudge_jobs(0, count)

    def reap(self) -> int:
        """Takes jobs back whose worker died, shop by shop, and returns how many."""
        database = self.engine.gateways.database
        limit = self.engine.gateways.settings.attempts_limit
        with database.transaction() as session:
            found = jobs.expired(session, limit=REAP_BATCH)
        for job in found:
            trouble = Trouble(
                kind="lost",
                code="worker_lost",
                sentence="The worker that ran this job was stopped. Another one takes it over.",
            )
            is_last = job.attempts + 1 >= limit
            with database.transaction(shop_id=job.shop_id) as session:
                try:
                    jobs.put_back(
                        session,
                        job,
                        state=JobState.DEAD if is_last else JobState.READY,
                        due_at=clock.now(),
                        reason=trouble.sentence,
                        fault_code=trouble.code,
                        cause=trouble.cause(job.flow) if is_last else attempts.cause_of(session, job.id),
                    )
                except jobs.LeaseLost:
                    continue  # it came back to life, or another clock was faster
                attempts.write(session, job, outcome="lost", trouble=trouble)
                if is_last:
                    attempts.open_issue(session, job, trouble)
        return len(found)


def run(engine: Engine, stop: threading.Event) -> None:
    """Ticks until told to stop. Stands by while another clock holds the lock; waits while PostgreSQL is away. A bug in
    one act is in the log with its trace each time; the clock goes on."""
    ticking = Clock(engine)
    while not stop.is_set():
        try:
            with engine.gateways.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                while not stop.is_set():
                    if _is_ours(connection):
                        with Bulkhead(log, "clock.tick_failed", letting=(DBAPIError,)):
                            ticking.tick()
                    stop.wait(TICK_SECONDS)
                connection.execute(text("select pg_advisory_unlock_all()"))  # the pool may keep the session
        except DBAPIError as error:
            told = {"error_kind": type(error.orig).__name__, "why": outages.told(error)}
            log.warning("clock.database_away", extra=told)
            stop.wait(TICK_SECONDS * 4)


def _is_ours(connection: Connection) -> bool:
    # The lock belongs to this database session: it ends with the connection, so it is asked for at each tick and
    # taken only when this session does not hold it yet.
    held = connection.execute(
        text(
            "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and objid = :key"
        ),
        {"key": ONE_CLOCK},
    ).scalar_one()
    if held:
        return True
    return bool(
        connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": ONE_CLOCK}).scalar_one()
    )
