"""Stops calls to an ERP that keeps failing, so that a day of downtime costs no attempts and floods nobody afterwards.

Only faults without a verdict count (Transient, OutcomeUnknown): a refusal is proof of life, and who only waits for
something has tried nothing. While it is open one call at a time goes through as a probe; the first success closes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, or_, select, update
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database, insert
from kit.faults import Fault, OutcomeUnknown, Rejected, Transient
from kit.sql import Sql
from sync.state.models import Job, JobState
from sync.state.settings_models import Breaker, Connection

OPENS_AFTER_FAILURES = 5
FIRST_PROBE_SECONDS = 15.0
LONGEST_PROBE_SECONDS = 300.0
ROADS_TO_THE_ERP = "%\\_push"
_LOOK = Sql(
    """
    select id, failures, opened_at, probe_at, sentence from breaker
    where connection_id = %(connection_id)s and shop_id = %(shop_id)s
    """
)


class BreakerOpen(Transient):
    """The ERP is resting. Nothing was tried, so it is no attempt."""

    counts = False

    def __init__(self, connection_id: int, *, after_seconds: float, why: str) -> None:
        super().__init__(
            "breaker_open",
            "The ERP does not answer. Concord tries again by itself and catches up.",
            detail=f"breaker of connection {connection_id}: {why}",
            after_seconds=after_seconds,
        )


@dataclass(frozen=True)
class Rest:
    """An open breaker, for people: since when, why, when the next probe goes, and what waits behind it."""

    connection_id: int
    opened_at: datetime
    probe_at: datetime | None
    sentence: str
    waiting_jobs: int
    oldest_asked_at: datetime | None


@contextmanager
def guarded(database: Database, connection: Connection) -> Iterator[None]:
    """Lets the calls inside through, or raises BreakerOpen. What they raise decides whether it opens or closes."""
    is_probe, has_failed = admit(database, connection)
    try:
        yield
    except (Transient, OutcomeUnknown) as fault:
        if fault.counts:  # else nothing was tried: it waits for a place, for points, or for a write of ours
            failed(database, connection, fault, is_probe=is_probe)
        raise
    except Rejected:
        if has_failed:
            succeeded(database, connection)
        raise
    if (
        has_failed
    ):  # else there is nothing to forget; a failure meanwhile is forgotten by the next one that saw it
        succeeded(database, connection)


def admit(database: Database, connection: Connection) -> tuple[bool, bool]:
    """Whether this call is the probe, and whether calls before it failed. Raises BreakerOpen while it rests."""
    now = clock.now()
    with database.transaction(shop_id=connection.shop_id) as session:
        row = _LOOK.run(session, connection_id=connection.id).first()
        if row is None or row.opened_at is None:
            return False, row is not None and row.failures > 0
        # Later than the longest rest: a clock wrote it that has jumped back since.
        latest = now + timedelta(seconds=2 * LONGEST_PROBE_SECONDS)
        is_time = or_(Breaker.probe_at <= now, Breaker.probe_at > latest)
        probing = update(Breaker).where(Breaker.id == row.id, Breaker.opened_at.is_not(None), is_time)
        pause = timedelta(seconds=_pause(row.failures))
        if session.scalar(probing.values(probe_at=now + pause).returning(Breaker.id)) is not None:
            return True, True
        wait = ((row.probe_at or now) - now).total_seconds()
    raise BreakerOpen(connection.id, after_seconds=max(1.0, wait), why=row.sentence)


def failed(database: Database, connection: Connection, fault: Fault, *, is_probe: bool = False) -> None:
    """Counts a failure without a verdict; opens the breaker at the last one too many. While it is open only the
    probe counts: calls that were under way when it opened say nothing new."""
    now = clock.now()
    with database.transaction(shop_id=connection.shop_id) as session:
        failures = session.scalar(
            insert(Breaker)
            .values(shop_id=connection.shop_id, connection_id=connection.id, failures=1)
            .on_conflict_do_update(
                index_elements=[Breaker.connection_id],
                set_={"failures": Breaker.failures + 1},
                where=or_(Breaker.opened_at.is_(None), literal(is_probe)),
            )
            .returning(Breaker.failures)
        )
        if failures is not None and failures >= OPENS_AFTER_FAILURES:
            session.execute(
                update(Breaker)
                .where(Breaker.connection_id == connection.id)
                .values(
                    opened_at=func.coalesce(Breaker.opened_at, now),
                    probe_at=now + timedelta(seconds=_pause(failures)),
                    sentence=fault.sentence,
                )
            )


def succeeded(database: Database, connection: Connection) -> None:
    """Closes the breaker and forgets its failures. Writes nothing when there are none."""
    with database.transaction(shop_id=connection.shop_id) as session:
        session.execute(
            update(Breaker)
            .where(
                Breaker.connection_id == connection.id,
                or_(Breaker.failures > 0, Breaker.opened_at.is_not(None)),
            )
            .values(failures=0, opened_at=None, probe_at=None, sentence="")
        )


def resting(session: Session) -> list[Rest]:
    """The open breakers of the session's shop and what waits behind them."""
    rows = session.scalars(select(Breaker).where(Breaker.opened_at.is_not(None))).all()
    if not rows:
        return []
    behind = select(func.count(), func.min(Job.asked_at)).where(
        Job.state == JobState.READY, Job.flow.like(ROADS_TO_THE_ERP)
    )
    jobs, oldest = session.execute(behind).one()
    return [
        Rest(row.connection_id, row.opened_at, row.probe_at, row.sentence, jobs, oldest)
        for row in rows
        if row.opened_at is not None
    ]


def _pause(failures: int) -> float:
    """Seconds to the next probe: doubling, with an end."""
    doublings = min(max(0, failures - OPENS_AFTER_FAILURES), 10)
    return min(FIRST_PROBE_SECONDS * 2.0**doublings, LONGEST_PROBE_SECONDS)
