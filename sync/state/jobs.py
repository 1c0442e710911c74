"""Jobs: work owed for one record. The only place with attempts, due times, leases, back-off and dead letters.

Ready, held and dead jobs are open, and a record has at most one open job per flow: asking again coalesces. A running
job holds a lease by PostgreSQL's clock; whoever settles must still hold it. All of it is rows: Redis may be emptied
at any time.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kit import clock
from kit.db import all_shops, shared_now
from kit.sql import Sql, as_json
from sync.domain.money import Money
from sync.state.models import Job, JobState, Lane

OPEN = (JobState.READY, JobState.HELD, JobState.DEAD)
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 900.0
JITTER_SHARE = 0.25
LATEST_SECONDS = 3_600.0  # nothing backs off for longer, whatever the remote system wishes
LEASES_AHEAD = (
    10  # no lease ends later than that; a worker of the version before may have been told another length
)
JUMP_SECONDS = 5.0  # two clocks may differ by so much; more means that one of them jumped


_ASK = Sql(
    """
    insert into job (shop_id, flow, record, state, lane, hint, asked_at, due_at)
    values (%(shop_id)s, %(flow)s, %(record)s, 'ready', %(lane)s, %(hint)s, %(asked_at)s, %(due_at)s)
    on conflict (shop_id, flow, record) where state in ('ready', 'held', 'dead') do update set
        state = 'ready', asks = job.asks + 1, hint = job.hint || excluded.hint,
        lane = least(job.lane, excluded.lane), misses = null,
        due_at = case
            when job.state = 'ready' and job.attempts > 0 then job.due_at
            when job.state = 'ready' then least(job.due_at, excluded.due_at)
            else excluded.due_at end,
        attempts = case when job.state = 'dead' then 0 else job.attempts end
    returning id
    """
)
_RELEASE = Sql(
    """
    update job set state = 'ready', due_at = %(now)s, attempts = 0, misses = null
    where state = 'held' and misses = any(%(misses)s) and shop_id = %(shop_id)s
    returning id
    """
)
_CHECK = Sql(
    """
    select 1 from job
    where id = %(id)s and lease = %(lease)s and state = 'running' and shop_id = %(shop_id)s
    for update
    """
)
_FINISH = Sql(
    """
    update job set state = %(state)s, reason = %(reason)s, finished_at = %(now)s, attempts = attempts + 1,
        misses = null, fault_code = null, cause = null, lease = null, lease_until = null
    where id = %(id)s and lease = %(lease)s and state = 'running' and shop_id = %(shop_id)s
    returning 1
    """
)


class LeaseLost(RuntimeError):
    """Somebody else took the job over; whatever this try knows is void."""


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A job that is ours until the lease runs out."""

    id: int
    shop_id: int
    flow: str
    record: str
    lane: int
    hint: Mapping[str, Any]
    attempts: int
    asked_at: datetime
    started_at: datetime
    lease: uuid.UUID


def ask(
    session: Session,
    *,
    shop_id: int,
    flow: str,
    record: str,
    lane: Lane,
    hint: Mapping[str, Any] | None = None,
    due_at: datetime | None = None,
) -> int:
    """Asks for work on a record and returns the job's id. One that is open already takes the question in: a held or
    dead one becomes ready again, one that is backing off keeps its due time."""
    now = clock.now()
    job_id = _ASK.run(
        session,
        shop_id=shop_id,
        flow=flow,
        record=record,
        lane=int(lane),
        hint=as_json(dict(hint or {})),
        asked_at=now,
        due_at=due_at or now,
    ).scalar_one()
    return int(job_id)


def extend(session: Session, leases: Sequence[uuid.UUID], *, lease_seconds: int) -> int:
    """The heartbeat: prolongs the leases that still hold, and says how many."""
    until = shared_now() + timedelta(seconds=lease_seconds)
    return _count(
        session,
        all_shops(
            update(Job).where(Job.lease.in_(leases), Job.state == JobState.RUNNING).values(lease_until=until)
        ),
    )


def check(session: Session, job: Claimed) -> None:
    """Locks the job's row and makes sure that it is still ours. Raises LeaseLost."""
    if _CHECK.run(session, id=job.id, lease=job.lease).first() is None:
        raise LeaseLost(f"job {job.id} was taken over")


def finish(session: Session, job: Claimed, *, state: JobState, reason: str = "") -> None:
    """Closes a job for good (done or ignored). Raises LeaseLost."""
    now = clock.now()
    row = _FINISH.run(session, id=job.id, lease=job.lease, state=state.value, reason=reason, now=now).first()
    if row is None:
        raise LeaseLost(f"job {job.id} was taken over")


def put_back(
    session: Session,
    job: Claimed,
    *,
    state: JobState,
    due_at: datetime,
    reason: str,
    fault_code: str,
    cause: str | None,
    misses: str | None = None,
    counts: bool = True,
) -> int:
    """Opens a job again after a try that failed: ready (later), held (for `misses`) or dead. Returns the id of the
    open job: when the record was asked for again meanwhile, that question carries on and this job is closed."""
    attempts = job.attempts + 1 if counts else job.attempts
    values: dict[str, Any] = {
        "state": state,
        "due_at": due_at,
        "reason": reason,
        "fault_code": fault_code,
        "cause": cause,
        "misses": misses,
        "attempts": attempts,
    }
    newer = _asked_meanwhile(session, job)
    if newer is None:
        try:
            with session.begin_nested():
                _settle(session, job, **values)
            return job.id
        except IntegrityError:  # the question was not committed yet when we looked
            newer = _asked_meanwhile(session, job)
    _settle(
        session,
        job,
        state=JobState.DONE,
        reason=f"carried on by job {newer}",
        finished_at=clock.now(),
        cause=None,
    )
    session.execute(update(Job).where(Job.id == newer).values(values))
    return job.id if newer is None else newer


def _asked_meanwhile(session: Session, job: Claimed) -> int | None:
    """The open job of a record whose job is running: somebody asked for it again."""
    return session.execute(
        select(Job.id)
        .where(Job.flow == job.flow, Job.record == job.record, Job.state.in_(OPEN))
        .with_for_update()
    ).scalar()


def note_money(session: Session, *, flow: str, record: str, money: Money) -> None:
    """Notes on the record's open job how much money waits with it."""
    session.execute(
        update(Job)
        .where(Job.flow == flow, Job.record == record, Job.state.in_(OPEN))
        .values(money=money.amount, currency=money.currency)
    )


def back_off_seconds(job_id: int, tries: int, *, first_seconds: float = FIRST_WAIT_SECONDS) -> float:
    """1, 2, 4 ... seconds, capped, spread by a jitter that depends on the job alone (so that a run can be repeated)."""
    wait = min(first_seconds * 2.0 ** min(tries, 20), LONGEST_WAIT_SECONDS)
    spread = int.from_bytes(hashlib.sha256(f"{job_id}:{tries}".encode()).digest()[:4]) / 2**32
    return wait * (1 - JITTER_SHARE + 2 * JITTER_SHARE * spread)


def release(session: Session, *, misses: Sequence[str]) -> list[int]:
    """Makes exactly the held jobs ready that wait for one of these things, and returns their ids."""
    return list(_RELEASE.run(session, misses=list(misses), now=clock.now()).scalars())


def held_for(session: Session) -> list[str]:
    """Everything that held jobs of this shop wait for."""
    found = session.execute(
        select(Job.misses).where(Job.state == JobState.HELD, Job.misses.is_not(None)).distinct()
    )
    return sorted(row for row in found.scalars() if row)


def retry(session: Session, *, job_ids: Sequence[int] = (), cause: str | None = None) -> list[int]:
    """A person says: try again, now. Held, dead and backing-off jobs, by id or by cause."""
    chosen = Job.cause == cause if cause is not None else Job.id.in_(job_ids)
    return _reopen(session, chosen & Job.state.in_(OPEN))


def ignore(
    session: Session, *, job_ids: Sequence[int] = (), cause: str | None = None, reason: str
) -> list[int]:
    """A person says: let it be. The reason is kept; a later change of the record asks anew."""
    chosen = Job.cause == cause if cause is not None else Job.id.in_(job_ids)
    rows = session.execute(
        update(Job)
        .where(chosen, Job.state.in_(OPEN))
        .values(state=JobState.IGNORED, reason=reason, finished_at=clock.now(), misses=None, cause=None)
        .returning(Job.id)
    )
    return list(rows.scalars())


def bring_forward(session: Session) -> int:
    """After a clock jumped back, due times that it wrote lie in a future that nobody meant: jobs that were to run at
    once, and those that are backing off, become due. What was asked for a later time keeps it. Returns how many."""
    now = clock.now()
    was_for_now = Job.due_at <= Job.asked_at
    is_backing_off = Job.fault_code.is_not(None) & (Job.due_at > now + timedelta(seconds=LATEST_SECONDS))
    return _count(
        session,
        all_shops(
            update(Job)
            .where(
                Job.state == JobState.READY,
                Job.due_at > now + timedelta(seconds=JUMP_SECONDS),
                or_(was_for_now, is_backing_off),
            )
            .values(due_at=now)
        ),
    )


def shorten_leases(session: Session, *, lease_seconds: int) -> int:
    """After PostgreSQL's clock jumped back, a lease may end in a future that nobody meant: it ends as if it had been
    taken now. A worker that lives prolongs it in time, and one that died is noticed. Returns how many."""
    from_now = timedelta(seconds=lease_seconds)
    return _count(
        session,
        all_shops(
            update(Job)
            .where(Job.state == JobState.RUNNING, Job.lease_until > shared_now() + LEASES_AHEAD * from_now)
            .values(lease_until=shared_now() + from_now)
        ),
    )


def due(session: Session, *, limit: int) -> int:
    """How many ready jobs are due over all shops, up to a limit."""
    rows = (
        select(Job.id).where(Job.state == JobState.READY, Job.due_at <= clock.now()).limit(limit).subquery()
    )
    return int(session.execute(all_shops(select(func.count()).select_from(rows))).scalar_one())


def expired(session: Session, *, limit: int) -> list[Claimed]:
    """Running jobs whose lease has run out (their worker died), locked for whoever reaps them."""
    rows = session.execute(
        all_shops(
            select(Job)
            .where(
                Job.state == JobState.RUNNING, or_(Job.lease_until < shared_now(), Job.lease_until.is_(None))
            )
            .order_by(Job.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).scalars()
    return [
        Claimed(
            id=row.id,
            shop_id=row.shop_id,
            flow=row.flow,
            record=row.record,
            lane=row.lane,
            hint=row.hint,
            attempts=row.attempts,
            asked_at=row.asked_at,
            started_at=row.lease_until or row.asked_at,
            lease=row.lease or uuid.UUID(int=0),
        )
        for row in rows
    ]


def _reopen(session: Session, chosen: ColumnElement[bool]) -> list[int]:
    rows = session.execute(
        update(Job)
        .where(chosen)
        .values(state=JobState.READY, due_at=clock.now(), attempts=0, misses=None)
        .returning(Job.id)
    )
    return list(rows.scalars())


def _settle(session: Session, job: Claimed, **values: Any) -> None:
    changed = _count(
        session,
        update(Job)
        .where(Job.id == job.id, Job.lease == job.lease, Job.state == JobState.RUNNING)
        .values(lease=None, lease_until=None, **values),
    )
    if changed == 0:
        raise LeaseLost(f"job {job.id} was taken over")


def _count(session: Session, statement: Any) -> int:
    return len(session.execute(statement.returning(literal_column("1"))).all())
