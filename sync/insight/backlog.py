"""What waits, and for what: jobs that are due, that run, that are held, and dead letters. Oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sync.domain.money import Money
from sync.insight import names
from sync.state.models import Job, JobState
from sync.state.settings_models import Snapshot

PAGE_SIZE = 50
OPEN = (JobState.READY, JobState.RUNNING, JobState.HELD, JobState.DEAD)


class Queue(StrEnum):
    """The lists of work that is owed."""

    WAITING = "waiting"
    HELD = "held"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One job that is not done."""

    job_id: int
    name: names.RecordName
    title: str
    flow: str
    state: str
    attempts: int
    reason: str
    misses: str
    money: Money | None
    asked_at: datetime
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """One page of owed work."""

    queue: Queue
    number: int
    jobs: tuple[Owed, ...]
    has_more: bool
    waiting: int
    held: int
    dead: int


def page(session: Session, *, queue: Queue, number: int = 1) -> Backlog:
    """One page of a list of owed work."""
    found = list(
        session.execute(
            select(Job, Snapshot.title)
            .outerjoin(Snapshot, (Snapshot.record == Job.record) & (Snapshot.shop_id == Job.shop_id))
            .where(Job.state.in_(_states(queue)))
            .order_by(Job.asked_at, Job.id)
            .offset((number - 1) * PAGE_SIZE)
            .limit(PAGE_SIZE + 1)
        )
    )
    counts = dict(
        session.execute(select(Job.state, func.count()).where(Job.state.in_(OPEN)).group_by(Job.state)).all()
    )
    return Backlog(
        queue=queue,
        number=number,
        jobs=tuple(_owed(job, title or "") for job, title in found[:PAGE_SIZE]),
        has_more=len(found) > PAGE_SIZE,
        waiting=counts.get(JobState.READY, 0) + counts.get(JobState.RUNNING, 0),
        held=counts.get(JobState.HELD, 0),
        dead=counts.get(JobState.DEAD, 0),
    )


def _states(queue: Queue) -> tuple[JobState, ...]:
    match queue:
        case Queue.WAITING:
            return (JobState.READY, JobState.RUNNING)
        case Queue.HELD:
            return (JobState.HELD,)
        case Queue.DEAD:
            return (JobState.DEAD,)
        case _:
            assert_never(queue)


def _owed(job: Job, title: str) -> Owed:
    return Owed(
        job_id=job.id,
        name=names.of(job.record),
        title=names.titled(job.record, title),
        flow=names.flow(job.flow),
        state=job.state,
        attempts=job.attempts,
        reason=job.reason,
        misses=job.misses or "",
        money=Money(Decimal(job.money), job.currency) if job.money is not None and job.currency else None,
        asked_at=job.asked_at,
        due_at=job.due_at,
    )
