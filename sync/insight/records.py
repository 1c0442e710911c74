"""Which records are there, and where does each stand? Lists by state, with search, a page at a time.

First the records of a page are chosen with one small query per tab, then their rows are filled in three queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, or_, select, union
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from sync.domain.money import Money
from sync.insight import names
from sync.state.models import Attempt, Job, JobState, Link
from sync.state.settings_models import Snapshot

PAGE_SIZE = 50
IS_ORDER = Snapshot.record.startswith(f"{names.PREFIX}Order/")
# Jobs about the shop as a whole (its set-up, a comparison) are work, but no records.
IS_RECORD = Job.record.startswith(names.PREFIX)
OPEN = (JobState.READY, JobState.RUNNING, JobState.HELD, JobState.DEAD)


class Tab(StrEnum):
    """The lists."""

    ALL = "all"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    SYNCED = "synced"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record in a list."""

    name: names.RecordName
    title: str
    state: Tab  # every state but ALL
    reason: str
    erp_number: str
    total: str
    at: datetime | None  # when it happened at Shopify; when it was asked for while that is not known


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list."""

    tab: Tab
    search: str
    number: int
    rows: tuple[Row, ...]
    has_more: bool
    waiting: int
    held: int
    failed: int


def page(session: Session, *, tab: Tab, search: str = "", number: int = 1) -> Page:
    """One page of records; a search looks in all of them by order number, Shopify number or ERP number."""
    search = search.strip()
    chosen = _found(search) if search.lstrip("#") else _chosen(tab)
    records = list(session.scalars(chosen.offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)))
    rows = _rows(session, records[:PAGE_SIZE])
    counts = dict(
        session.execute(
            select(Job.state, func.count(Job.record.distinct()))
            .where(Job.state.in_(OPEN), IS_RECORD)
            .group_by(Job.state)
        ).all()
    )
    return Page(
        tab=tab,
        search=search,
        number=number,
        rows=rows,
        has_more=len(records) > PAGE_SIZE,
        waiting=counts.get(JobState.READY, 0) + counts.get(JobState.RUNNING, 0),
        held=counts.get(JobState.HELD, 0),
        failed=counts.get(JobState.DEAD, 0),
    )


def _chosen(tab: Tab) -> Select[str]:
    match tab:
        case Tab.WAITING:
            return _waiting()
        case Tab.HELD:
            return _with_jobs(JobState.HELD)
        case Tab.FAILED:
            return _with_jobs(JobState.DEAD)
        case Tab.SKIPPED:
            later = select(Link.id).where(Link.record == Job.record).correlate(Job).exists()
            return _with_jobs(JobState.IGNORED).where(~later)
        case Tab.SYNCED:
            linked = select(Link.id).where(Link.record == Snapshot.record).correlate(Snapshot).exists()
            jobs = select(Job.id).where(Job.record == Snapshot.record).correlate(Snapshot)
            is_done = or_(linked, ~IS_ORDER & jobs.where(Job.state == JobState.DONE).exists())
            is_open = jobs.where(Job.state.in_(OPEN)).exists()
            return select(Snapshot.record).where(is_done, ~is_open).order_by(Snapshot.id.desc())
        case Tab.ALL:
            return _everything()


def _waiting() -> Select[str]:
    # An order whose work is done without a document waits for Shopify: to be paid, for money that is on its way.
    linked = select(Link.id).where(Link.record == Snapshot.record).correlate(Snapshot).exists()
    newest = (
        select(Job.state)
        .where(Job.record == Snapshot.record)
        .order_by(Job.id.desc())
        .limit(1)
        .correlate(Snapshot)
        .scalar_subquery()
    )
    orders = select(Snapshot.record, Snapshot.read_at.label("at")).where(
        IS_ORDER, ~linked, newest == JobState.DONE
    )
    jobs = select(Job.record, Job.asked_at.label("at")).where(
        Job.state.in_((JobState.READY, JobState.RUNNING)), IS_RECORD
    )
    both = union(jobs, orders).subquery()
    return (
        select(both.c.record)
        .group_by(both.c.record)
        .order_by(func.max(both.c.at).desc(), both.c.record.desc())
    )


def _with_jobs(*states: JobState) -> Select[str]:
    return (
        select(Job.record)
        .where(Job.state.in_(states), IS_RECORD)
        .group_by(Job.record)
        .order_by(func.max(Job.id).desc())
    )


def _everything() -> Select[str]:
    # A record is known by its snapshot; before the first read of it there is only a job.
    is_known = select(Snapshot.id).where(Snapshot.record == Job.record).correlate(Job).exists()
    jobs = select(Job.record.label("record"), Job.asked_at.label("at")).where(
        Job.state.in_(OPEN), IS_RECORD, ~is_known
    )
    snapshots = select(Snapshot.record, func.coalesce(Snapshot.occurred_at, Snapshot.read_at).label("at"))
    both = union(jobs, snapshots).subquery()
    return (
        select(both.c.record)
        .group_by(both.c.record)
        .order_by(func.min(both.c.at).desc(), both.c.record.desc())
    )


def _found(search: str) -> Select[str]:
    number = search.strip().lstrip("#").replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    found = union(
        select(Snapshot.record).where(
            or_(Snapshot.title.ilike(f"{number}%"), Snapshot.title.ilike(f"#{number}%"))
        ),
        select(Link.record).where(Link.erp_number.ilike(f"{number}%")),
        select(Job.record).where(Job.record.like(f"{names.PREFIX}%/{number}")),
    ).subquery()
    return select(found.c.record).order_by(found.c.record.desc())


def _rows(session: Session, records: Sequence[str]) -> tuple[Row, ...]:
    snapshots = {
        row.record: row
        for row in session.execute(
            select(Snapshot.record, Snapshot.title, Snapshot.occurred_at, Snapshot.body).where(
                Snapshot.record.in_(records)
            )
        )
    }
    jobs = {
        job.record: job
        for job in session.scalars(
            select(Job)
            .ext(distinct_on(Job.record))
            .where(Job.record.in_(records))
            .order_by(Job.record, Job.state.in_(OPEN).desc(), Job.id.desc())
        )
    }
    linked = {
        row.record: row.erp_number
        for row in session.execute(
            select(Link.record, Link.erp_number)
            .ext(distinct_on(Link.record))
            .where(Link.record.in_(records))
            .order_by(Link.record, Link.id)
        )
    }
    waits = _sentences(
        session, [record for record in records if _waits(jobs.get(record), linked.get(record))]
    )
    return tuple(
        _row(record, snapshots.get(record), jobs.get(record), linked.get(record), waits.get(record, ""))
        for record in records
    )


def _waits(job: Job | None, erp_number: str | None) -> bool:
    return job is not None and job.state == JobState.DONE and erp_number is None and "/Order/" in job.record


def _sentences(session: Session, records: Sequence[str]) -> dict[str, str]:
    """What the newest try of each record said."""
    found = session.execute(
        select(Attempt.record, Attempt.sentence)
        .ext(distinct_on(Attempt.record))
        .where(Attempt.record.in_(records))
        .order_by(Attempt.record, Attempt.id.desc())
    )
    return dict(found.all())


def _row(record: str, snapshot: Any, job: Job | None, erp_number: str | None, waits_for: str) -> Row:
    total = (getattr(snapshot, "body", None) or {}).get("total", "")
    if not total and job is not None and job.money is not None and job.currency:
        total = str(Money(Decimal(job.money), job.currency))
    occurred_at = getattr(snapshot, "occurred_at", None)
    reason = job.reason if job is not None and job.state != JobState.DONE else ""
    return Row(
        name=names.of(record),
        title=names.titled(record, getattr(snapshot, "title", "")),
        state=state_of(job, is_linked=erp_number is not None),
        reason=reason or waits_for,
        erp_number=erp_number or "",
        total=total,
        at=occurred_at or (job.asked_at if job else None),
    )


def state_of(job: Job | None, *, is_linked: bool) -> Tab:
    """Where a record stands, by its most telling job."""
    match job.state if job else "":
        case JobState.READY | JobState.RUNNING:
            return Tab.WAITING
        case JobState.HELD:
            return Tab.HELD
        case JobState.DEAD:
            return Tab.FAILED
        case JobState.DONE if not is_linked and job is not None and "/Order/" in job.record:
            return Tab.WAITING
        case JobState.DONE:
            return Tab.SYNCED
        case _:
            return Tab.SYNCED if is_linked else Tab.SKIPPED
