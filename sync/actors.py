"""Every actor on one screen: take an id, claim, call, settle. The id is a wake-up; the claim takes the fairest work.

An actor works until nothing is ready for it, so a lost message costs nothing and a flood needs few.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Shutdown
from dramatiq.middleware.threading import raise_thread_exception

from kit import clock, outages
from kit.bulkheads import Bulkhead
from sync.broker import Nudger
from sync.flows import catalogue, intake, notices, turn
from sync.gateways import Gateways
from sync.state import claims, jobs, slots
from sync.state.jobs import Claimed

log = logging.getLogger(__name__)

TURNS_PER_WAKE = 50  # then the thread goes back to the queue, so that a stop is never far away
WAKE_SECONDS = (
    60.0  # and after so long, so that Dramatiq's time limit is left to the one job that is too slow
)
TROUBLE_PAUSE_SECONDS = 2.0


class Engine:
    """What the actors work with: the gateways, the wake-up call and the leases that this process holds."""

    def __init__(self, gateways: Gateways, nudger: Nudger) -> None:
        self.gateways = gateways
        self.nudger = nudger
        self.is_stopping = threading.Event()
        self._leases: dict[uuid.UUID, int] = {}  # and the thread that works under each
        self._lock = threading.Lock()
        self._claiming = threading.Lock()

    def process_deliveries(self, limit: int = TURNS_PER_WAKE) -> int:
        """Turns waiting deliveries into jobs, shop by shop, until none waits. Returns how many."""
        done = 0
        for _ in self._turns(limit):
            finished = intake.process_round(self.gateways.database, notices.HANDLERS, catalogue.FLOWS)
            done += finished.deliveries
            if finished.job_ids:
                self.nudge_jobs(finished.job_ids[0], len(finished.job_ids))
            if finished.is_last or self.is_stopping.is_set():
                break
        return done

    def run_jobs(self, limit: int = TURNS_PER_WAKE) -> int:
        """Runs ready jobs, the fairest first, until none is due. Returns how many."""
        settings = self.gateways.settings
        done = 0
        for _ in self._turns(limit):
            if self.is_stopping.is_set():
                return done
            # Claims of the same moment do not see each other and would all take a shop's last place. In one process
            # they go one after the other, so that a shop whose ERP is slow never holds all threads of a single worker.
            with self._claiming, self.gateways.database.transaction() as session:
                claimed = claims.claim(
                    session,
                    count=1,
                    per_shop=settings.jobs_of_one_shop,
                    lease_seconds=settings.lease_seconds,
                    flows=catalogue.FLOWS,
                )
            if not claimed:
                return done
            self.run(claimed[0])
            done += 1
        self.nudge_jobs(0, 1)
        return done

    def run(self, job: Claimed) -> None:
        """One turn of one claimed job."""
        with self._holding(job.lease):
            turn.take(self.gateways, job, catalogue.FLOWS[job.flow])

    def nudge_jobs(self, job_id: int, count: int) -> None:
        """Wakes as many workers as there is work for."""
        times = min(count, self.gateways.settings.worker_threads)
        self.nudger.nudge("run_job", "jobs", number=job_id, times=times)

    def nudge_deliveries(self, delivery_id: int) -> None:
        """Wakes a worker for deliveries that wait."""
        self.nudger.nudge("process_delivery", "deliveries", number=delivery_id)

    def beat(self) -> None:
        """The heartbeat: prolongs the leases of all jobs that run here, and of the places they hold at ERPs."""
        with self._lock:
            leases = list(self._leases)
        slots.beat(self.gateways.database)
        if leases:
            with self.gateways.database.transaction() as session:
                jobs.extend(session, leases, lease_seconds=self.gateways.settings.lease_seconds)

    def beat_forever(self) -> None:
        """Beats until the process is told to stop and its last job has ended. Whatever goes wrong with one beat, the
        next one is tried: without it other workers would take over what runs here."""
        pause = self.gateways.settings.lease_seconds / 4
        while not self.is_stopping.wait(pause) or self._leases:
            with Bulkhead(log, "heartbeat.missed"):
                self.beat()
            if self.is_stopping.is_set():
                clock.sleep(min(pause, 1.0))

    def hand_over(self) -> None:
        """The time to drain is over: what still runs is put back, and another worker takes it at once."""
        with self._lock:
            for thread in self._leases.values():
                raise_thread_exception(thread, Shutdown)  # type: ignore[no-untyped-call]

    @staticmethod
    def _turns(limit: int) -> Iterator[int]:
        """Counts turns while this wake-up may take another one."""
        started = clock.monotonic()
        for count in range(limit):
            if count and clock.monotonic() - started >= WAKE_SECONDS:
                return
            yield count

    @contextmanager
    def _holding(self, lease: uuid.UUID) -> Iterator[None]:
        with self._lock:
            self._leases[lease] = threading.get_ident()
        try:
            yield
        finally:
            with self._lock:
                self._leases.pop(lease, None)


class _Waking:
    """A wake-up that finds the database away or in trouble ends early and says so in one line. The clock wakes anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        why = outages.told(error)
        if not why and not outages.is_away(error):
            return False
        log.error(
            "worker.database_in_trouble" if why else "worker.database_away",
            extra={"error_kind": type(error).__name__, "why": why},
        )
        self._engine.is_stopping.wait(TROUBLE_PAUSE_SECONDS)
        return True


def declare(broker: RedisBroker, engine: Engine) -> None:
    """Declares the actors on a broker. `jobs` owns retries; the broker has no middleware that would retry."""

    @dramatiq.actor(broker=broker, queue_name="deliveries")
    def process_delivery(_delivery_id: int) -> None:
        with _Waking(engine):
            engine.process_deliveries()

    @dramatiq.actor(broker=broker, queue_name="jobs")
    def run_job(_job_id: int) -> None:
        with _Waking(engine):
            engine.run_jobs()
