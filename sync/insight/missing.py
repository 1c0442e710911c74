"""What records are held for: each missing mapping with its waiting records, and how much of trade is covered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sync.insight import names
from sync.state.models import Job, JobState
from sync.state.settings_models import Snapshot

FAMILY = "mapping:"
RECENT = 100
SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Missing:
    """One thing that is not mapped yet."""

    misses: str
    kind: str  # product, tax, ...
    value: str  # the SKU, the rate ...
    records: int
    sample: names.RecordName
    sentence: str
    since_at: datetime


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How many of the most recent orders found everything mapped."""

    orders: int
    covered: int

    @property
    def percent(self) -> int | None:
        """Whole per cent, rounded down: 100 means all of them. None without orders."""
        return self.covered * 100 // self.orders if self.orders else None


def listed(session: Session) -> tuple[Missing, ...]:
    """Everything that held records wait for, what most records wait for first."""
    rows = session.execute(
        select(
            Job.misses,
            func.count(Job.record.distinct()).label("records"),
            func.min(Job.record).label("sample"),
            func.max(Job.reason).label("sentence"),
            func.min(Job.asked_at).label("since_at"),
        )
        .where(Job.state == JobState.HELD, Job.misses.startswith(FAMILY))
        .group_by(Job.misses)
        .order_by(func.count(Job.record.distinct()).desc(), Job.misses)
        .limit(SHOWN)
    )
    return tuple(
        Missing(
            misses=row.misses,
            kind=row.misses.removeprefix(FAMILY).partition(":")[0],
            value=row.misses.removeprefix(FAMILY).partition(":")[2],
            records=row.records,
            sample=names.of(row.sample),
            sentence=row.sentence,
            since_at=row.since_at,
        )
        for row in rows
    )


def coverage(session: Session) -> Coverage:
    """The coverage of the newest orders."""
    newest = (
        select(Snapshot.record)
        .where(Snapshot.record.startswith(f"{names.PREFIX}Order/"))
        .order_by(Snapshot.id.desc())
        .limit(RECENT)
        .subquery()
    )
    is_held = (
        select(Job.id)
        .where(Job.record == newest.c.record, Job.state == JobState.HELD, Job.misses.startswith("mapping"))
        .correlate(newest)
        .exists()
    )
    orders, held = session.execute(
        select(func.count(), func.count().filter(is_held)).select_from(newest)
    ).one()
    return Coverage(orders=orders, covered=orders - held)
