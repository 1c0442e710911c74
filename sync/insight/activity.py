"""What is going on: attempts by hour and by flow, the Admin API budget, the ERP's breaker and places, the feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit import clock
from sync.insight import names
from sync.state.models import Attempt, Job, JobState
from sync.state.settings_models import Breaker, Budget, Connection, Cursor, OperationCost, Slot

HOURS = 24
COSTS_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Hour:
    """Attempts that ended within one hour."""

    starts_at: datetime
    done: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class FlowRun:
    """One flow over the last day, and what it still owes."""

    flow: str
    done: int
    failed: int
    waiting: int
    stuck: int
    median_ms: int | None
    last_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ApiBudget:
    """The Admin API points of the shop, as of now: what was measured plus what came back since."""

    available: int
    maximum: int
    restore_per_second: int
    measured_at: datetime


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one kind of Admin API call costs."""

    operation: str
    actual: int
    calls: int


@dataclass(frozen=True, kw_only=True)
class ErpDoor:
    """One connection: how many calls run, whether calls are stopped, and what waits behind that."""

    name: str
    state: str
    slots: int
    taken: int
    failures: int
    opened_at: datetime | None
    probe_at: datetime | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class FeedRun:
    """One feed of the ERP that is polled."""

    feed: str
    polled_at: datetime | None
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What is going on."""

    hours: tuple[Hour, ...]
    flows: tuple[FlowRun, ...]
    budget: ApiBudget | None
    costs: tuple[Cost, ...]
    doors: tuple[ErpDoor, ...]
    feeds: tuple[FeedRun, ...]
    waiting: int
    running: int

    @property
    def busiest(self) -> int:
        """Attempts in the busiest hour, at least one: the height of the chart."""
        return max([1, *(hour.done + hour.failed for hour in self.hours)])

    @property
    def done(self) -> int:
        """Attempts that succeeded over the day."""
        return sum(hour.done for hour in self.hours)

    @property
    def failed(self) -> int:
        """Attempts that did not."""
        return sum(hour.failed for hour in self.hours)


def of(session: Session, *, now: datetime | None = None) -> Activity:
    """The activity of the session's shop."""
    now = now or clock.now()
    counts = dict(
        session.execute(
            select(Job.state, func.count())
            .where(Job.state.in_((JobState.READY, JobState.RUNNING)))
            .group_by(Job.state)
        ).all()
    )
    return Activity(
        hours=_hours(session, now),
        flows=_flows(session, now),
        budget=_budget(session, now),
        costs=_costs(session),
        doors=_doors(session, now),
        feeds=tuple(
            FeedRun(feed=row.feed, polled_at=row.polled_at, due_at=row.due_at)
            for row in session.scalars(select(Cursor).order_by(Cursor.feed))
        ),
        waiting=counts.get(JobState.READY, 0),
        running=counts.get(JobState.RUNNING, 0),
    )


def _hours(session: Session, now: datetime) -> tuple[Hour, ...]:
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    hour = func.date_trunc("hour", Attempt.ended_at).label("hour")
    is_done = Attempt.outcome.in_(("done", "skipped"))
    found = {
        at: (done, total - done)
        for at, done, total in session.execute(
            select(hour, func.count().filter(is_done), func.count())
            .where(Attempt.ended_at >= first)
            .group_by(hour)
        )
    }
    starts = [first + timedelta(hours=number) for number in range(HOURS)]
    return tuple(
        Hour(starts_at=at, done=found.get(at, (0, 0))[0], failed=found.get(at, (0, 0))[1]) for at in starts
    )


def _flows(session: Session, now: datetime) -> tuple[FlowRun, ...]:
    is_done = Attempt.outcome.in_(("done", "skipped"))
    took = func.extract("epoch", Attempt.ended_at - Attempt.started_at)
    ran = {
        row.flow: row
        for row in session.execute(
            select(
                Attempt.flow,
                func.count().filter(is_done).label("done"),
                func.count().filter(~is_done).label("failed"),
                func.percentile_cont(0.5).within_group(took).label("median"),
                func.max(Attempt.ended_at).label("last_at"),
            )
            .where(Attempt.ended_at > now - timedelta(hours=HOURS))
            .group_by(Attempt.flow)
        )
    }
    open_states = Job.state.in_((JobState.READY, JobState.RUNNING))
    owed = {
        row.flow: row
        for row in session.execute(
            select(
                Job.flow,
                func.count().filter(open_states).label("waiting"),
                func.count().filter(~open_states).label("stuck"),
            )
            .where(Job.state.in_((JobState.READY, JobState.RUNNING, JobState.HELD, JobState.DEAD)))
            .group_by(Job.flow)
        )
    }
    return tuple(
        FlowRun(
            flow=names.flow(flow),
            done=ran[flow].done if flow in ran else 0,
            failed=ran[flow].failed if flow in ran else 0,
            waiting=owed[flow].waiting if flow in owed else 0,
            stuck=owed[flow].stuck if flow in owed else 0,
            median_ms=round(float(ran[flow].median) * 1000) if flow in ran else None,
            last_at=ran[flow].last_at if flow in ran else None,
        )
        for flow in sorted({*ran, *owed})
    )


def _budget(session: Session, now: datetime) -> ApiBudget | None:
    row = session.scalars(select(Budget)).first()
    if row is None:
        return None
    since = max(0.0, (now - row.measured_at).total_seconds())
    return ApiBudget(
        available=round(min(row.maximum, row.available + since * row.restore_per_second)),
        maximum=round(row.maximum),
        restore_per_second=round(row.restore_per_second),
        measured_at=row.measured_at,
    )


def _costs(session: Session) -> tuple[Cost, ...]:
    rows = session.scalars(select(OperationCost).order_by(OperationCost.calls.desc()).limit(COSTS_SHOWN))
    return tuple(Cost(operation=row.operation, actual=round(row.actual), calls=row.calls) for row in rows)


def _doors(session: Session, now: datetime) -> tuple[ErpDoor, ...]:
    breakers = {row.connection_id: row for row in session.scalars(select(Breaker))}
    taken = dict(
        session.execute(
            select(Slot.connection_id, func.count())
            .where(Slot.lease_until > now)
            .group_by(Slot.connection_id)
        ).all()
    )
    return tuple(
        _door(row, breakers.get(row.id), taken.get(row.id, 0))
        for row in session.scalars(select(Connection).order_by(Connection.id))
    )


def _door(row: Connection, breaker: Breaker | None, taken: int) -> ErpDoor:
    return ErpDoor(
        name=row.name,
        state=row.state,
        slots=row.slots,
        taken=taken,
        failures=breaker.failures if breaker else 0,
        opened_at=breaker.opened_at if breaker else None,
        probe_at=breaker.probe_at if breaker else None,
        sentence=breaker.sentence if breaker else "",
    )
