"""What is wrong, by cause: how many records, how much money, since when, one sample, and what would fix it.

An issue's records are the jobs that are not done and whose newest try had its cause; a job that went on to fail for
another reason belongs to that reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sync.domain.money import Money
from sync.insight import names
from sync.state.attempts import INTAKE
from sync.state.models import Attempt, Delivery, DeliveryState, Job, JobState
from sync.state.settings_models import Issue, Snapshot

RECORDS_LIMIT = 200
LIST_LIMIT = 100
AFFECTED = (JobState.READY, JobState.RUNNING, JobState.HELD, JobState.DEAD)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One cause, in a list."""

    issue_id: int
    state: str
    kind: str  # of fault: transient, rejected, misconfigured, unknown
    code: str
    sentence: str
    flow: str
    misses: str
    sample: names.RecordName
    sample_title: str
    records: int
    at_risk: tuple[Money, ...]
    first_at: datetime
    last_at: datetime
    reason: str

    @property
    def retries_itself(self) -> bool:
        """Whether nobody has to do anything."""
        return self.kind in ("transient", "unknown")


@dataclass(frozen=True, kw_only=True)
class Affected:
    """One record of an issue."""

    job_id: int
    name: names.RecordName
    title: str
    state: str
    attempts: int
    money: Money | None
    asked_at: datetime
    due_at: datetime | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class IssueList:
    """The list of causes."""

    state: str
    issues: tuple[Summary, ...]
    open_count: int
    ignored_count: int


@dataclass(frozen=True, kw_only=True)
class IssuePage:
    """One cause with its records."""

    cause: str
    summary: Summary
    attempts: int
    field: str
    detail: str
    closed_by: str
    closed_at: datetime | None
    records: tuple[Affected, ...]


def listed(session: Session, *, state: str = "open") -> IssueList:
    """The issues of one state, the one with the most records first."""
    rows = list(
        session.scalars(
            select(Issue).where(Issue.state == state).order_by(Issue.last_at.desc()).limit(LIST_LIMIT)
        )
    )
    weights = _weights(session)
    titles = _titles(session, [row.sample_record for row in rows])
    counts = dict(session.execute(select(Issue.state, func.count()).group_by(Issue.state)).all())
    found = [_summary(row, weights, titles) for row in rows]
    return IssueList(
        state=state,
        issues=tuple(sorted(found, key=lambda one: (-one.records, one.first_at))),
        open_count=counts.get("open", 0),
        ignored_count=counts.get("ignored", 0),
    )


def one(session: Session, issue_id: int) -> IssuePage | None:
    """One issue with the records it holds up; None when the shop has no such issue."""
    row = session.scalars(select(Issue).where(Issue.id == issue_id)).first()
    if row is None:
        return None
    affected = _affected(session, row.cause)
    titles = _titles(session, [row.sample_record, *(job.record for job in affected)])
    newest = session.scalars(
        select(Attempt.detail).where(Attempt.cause == row.cause).order_by(Attempt.id.desc()).limit(1)
    ).first()
    return IssuePage(
        cause=row.cause,
        summary=_summary(row, _weights(session), titles),
        attempts=row.attempts,
        field=row.field,
        detail=newest or "",
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        records=tuple(
            Affected(
                job_id=job.id,
                name=names.of(job.record),
                title=names.titled(job.record, titles.get(job.record, "")),
                state=job.state,
                attempts=job.attempts,
                money=Money(Decimal(job.money), job.currency)
                if job.money is not None and job.currency
                else None,
                asked_at=job.asked_at,
                due_at=job.due_at if job.state == JobState.READY else None,
                sentence=job.reason,
            )
            for job in affected
        ),
    )


def _weights(session: Session) -> dict[str, tuple[int, tuple[Money, ...]]]:
    found = session.execute(
        select(Job.cause, Job.currency, func.count(), func.sum(Job.money))
        .where(Job.cause.is_not(None), Job.state.in_(AFFECTED))
        .group_by(Job.cause, Job.currency)
        .order_by(Job.cause, Job.currency)
    )
    weights: dict[str, tuple[int, tuple[Money, ...]]] = _failed_deliveries(session)
    for cause, currency, count, amount in found:
        records, at_risk = weights.get(str(cause), (0, ()))
        money = (Money(Decimal(amount), currency),) if amount is not None and currency else ()
        weights[str(cause)] = (records + count, at_risk + money)
    return weights


def _failed_deliveries(session: Session) -> dict[str, tuple[int, tuple[Money, ...]]]:
    """How many deliveries an issue about deliveries holds up; what they are worth is not known."""
    failed = Delivery.state == DeliveryState.FAILED
    found = session.execute(
        select(Issue.cause, func.count())
        .join(Delivery, (Delivery.shop_id == Issue.shop_id) & (Delivery.topic == Issue.field))
        .where(Issue.flow == INTAKE, Issue.state != "resolved", failed)
        .group_by(Issue.cause)
    )
    return {cause: (count, ()) for cause, count in found}


def _affected(session: Session, cause: str) -> list[Job]:
    return list(
        session.scalars(
            select(Job)
            .where(Job.cause == cause, Job.state.in_(AFFECTED))
            .order_by(Job.asked_at)
            .limit(RECORDS_LIMIT)
        )
    )


def _titles(session: Session, records: list[str]) -> dict[str, str]:
    found = session.execute(select(Snapshot.record, Snapshot.title).where(Snapshot.record.in_(records)))
    return dict(found.all())


def _summary(
    row: Issue, weights: dict[str, tuple[int, tuple[Money, ...]]], titles: dict[str, Any]
) -> Summary:
    records, at_risk = weights.get(row.cause, (0, ()))
    return Summary(
        issue_id=row.id,
        state=row.state,
        kind=row.fault_kind,
        code=row.fault_code,
        sentence=row.sentence,
        flow=names.flow(row.flow),
        misses=row.misses or "",
        sample=names.of(row.sample_record),
        sample_title=names.titled(row.sample_record, titles.get(row.sample_record, "")),
        records=records,
        at_risk=at_risk,
        first_at=row.first_at,
        last_at=row.last_at,
        reason=row.reason,
    )
