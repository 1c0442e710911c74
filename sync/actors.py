"""Every actor on one screen: take an id, claim, call, settle. The id is a wake-up; the claim takes the fairest work.

An actor works until nothing is ready for it, so a lost message costs nothing and a flood needs few.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy.exc import OperationalError

from sync.broker import Nudger
from sync.flows import catalogue, intake, notices, turn
from sync.gateways import Gateways
from sync.state import jobs, slots
from sync.state.jobs import Claimed

log = logging.getLogger(__name__)

TURNS_PER_WAKE = 50  # then the thread goes back to the queue, so that a stop is never far away


class Engine:
    """What the actors work with: the gateways, the wake-up call and the leases that this process holds."""

    def __init__(self, gateways: Gateways, nudger: Nudger) -> None:
        self.gateways = gateways
        self.nudger = nudger
        self.is_stopping = threading.Event()
        self._leases: set[uuid.UUID] = set()
        self._lock = threading.Lock()

    def process_deliveries(self, limit: int = TURNS_PER_WAKE) -> int:
        """Turns waiting deliveries into jobs, shop by shop, until none waits. Returns how many."""
        done = 0
        for _ in range(limit):
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
        for count in range(limit):
            if self.is_stopping.is_set():
                return count
            with self.gateways.database.transaction() as session:
                claimed = jobs.claim(
                    session, count=1, per_shop=settings.shop_jobs_limit, lease_seconds=settings.lease_seconds
                )
            if not claimed:
                return count
            self.run(claimed[0])
        self.nudge_jobs(0, 1)
        return limit

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
        """Beats until the process ends. A database that is away is tried again; nothing is lost by a missed beat."""
        while not self.is_stopping.wait(self.gateways.settings.lease_seconds / 4):
            try:
                self.beat()
            except OperationalError as error:
                log.warning("heartbeat.missed", extra={"error_kind": type(error.orig).__name__})

    @contextmanager
    def _holding(self, lease: uuid.UUID) -> Iterator[None]:
        with self._lock:
            self._leases.add(lease)
        try:
            yield
        finally:
            with self._lock:
                self._leases.discard(lease)


def declare(broker: RedisBroker, engine: Engine) -> None:
    """Declares the actors on a broker. `jobs` owns retries; the broker has no middleware that would retry."""

    @dramatiq.actor(broker=broker, queue_name="deliveries")
    def process_delivery(_delivery_id: int) -> None:
        engine.process_deliveries()

    @dramatiq.actor(broker=broker, queue_name="jobs")
    def run_job(_job_id: int) -> None:
        engine.run_jobs()
