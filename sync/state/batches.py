"""Jobs of one flow that another job does together with many: found while they wait, kept back, and settled.

They stay ready all the time, so nothing is lost when whoever does them together dies: kept back they are due later,
and a job that was asked for again meanwhile is not settled, because its newer word has not crossed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from kit import clock
from sync.state import attempts
from sync.state.jobs import Claimed
from sync.state.models import Job, JobState

KEPT_BACK = timedelta(hours=1)  # then they go by themselves, whatever became of the batch


@dataclass(frozen=True)
class Waiting:
    """A job as it stood when it was looked at. `asks` tells whether anybody asked since."""

    id: int
    record: str
    asks: int


def are_more_than(session: Session, limit: int, *, flow: str, like: str, due_by: datetime) -> bool:
    """Whether more jobs than this, of records like that, are due by then and never failed."""
    query = select(Job.id).where(*_due(flow, like, due_by)).limit(limit + 1)
    return len(session.scalars(query).all()) > limit


def waiting(
    session: Session, *, flow: str, like: str, due_by: datetime, after: int, limit: int
) -> list[tuple[Waiting, Any]]:
    """The next of these jobs by id, with their hints."""
    query = select(Job.id, Job.record, Job.asks, Job.hint).where(*_due(flow, like, due_by), Job.id > after)
    rows = session.execute(query.order_by(Job.id).limit(limit))
    return [(Waiting(row.id, row.record, row.asks), row.hint) for row in rows]


def unchanged(session: Session, looked_at: Sequence[Waiting]) -> set[int]:
    """Of these, the jobs that still wait, with no newer word and with nobody working on the record. They are locked,
    so that nobody takes them before the transaction ends."""
    query = select(Job).where(Job.id.in_([each.id for each in looked_at]), Job.state == JobState.READY)
    asks = {each.id: each.asks for each in looked_at}
    rows = session.scalars(query.order_by(Job.id).with_for_update(skip_locked=True)).all()
    running = set(
        session.scalars(
            select(Job.record).where(
                Job.flow.in_({row.flow for row in rows}),
                Job.record.in_([row.record for row in rows]),
                Job.state == JobState.RUNNING,
            )
        )
    )
    return {row.id for row in rows if row.asks == asks[row.id] and row.record not in running}


def keep_back(session: Session, ids: Sequence[int]) -> None:
    """Nobody takes them for a while."""
    _let(session, ids, due_at=clock.now() + KEPT_BACK)


def let_go(session: Session, ids: Sequence[int]) -> None:
    """Those that still wait go by themselves, now."""
    _let(session, ids, due_at=clock.now())


def finish(session: Session, done: Sequence[Waiting], *, of: Claimed, sentence: str) -> None:
    """They are done, as part of another job. Call it with what `unchanged` allowed."""
    now = clock.now()
    session.execute(
        update(Job)
        .where(Job.id.in_([each.id for each in done]), Job.state == JobState.READY)
        .values(
            state=JobState.DONE,
            reason="",
            finished_at=now,
            misses=None,
            fault_code=None,
            attempts=Job.attempts + 1,
        )
    )
    for each in done:
        attempts.write(session, _as_part(each, of), outcome="done", sentence=sentence)


def _as_part(each: Waiting, of: Claimed) -> Claimed:
    return Claimed(
        id=each.id,
        shop_id=of.shop_id,
        flow=of.flow,
        record=each.record,
        lane=of.lane,
        hint={},
        attempts=0,
        asked_at=of.asked_at,
        started_at=of.started_at,
        lease=of.lease,
    )


def _due(flow: str, like: str, due_by: datetime) -> list[ColumnElement[bool]]:
    return [
        Job.flow == flow,
        Job.record.like(like),
        Job.state == JobState.READY,
        Job.due_at <= due_by,
        Job.attempts == 0,
        Job.cause.is_(None),
    ]


def _let(session: Session, ids: Sequence[int], *, due_at: datetime) -> None:
    statement = update(Job).where(Job.id.in_(ids), Job.state == JobState.READY)
    session.execute(statement.values(due_at=due_at))
