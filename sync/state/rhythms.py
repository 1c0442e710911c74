"""What the clock does again and again and cannot do now. A row stands for as long as an act fails.

One failure is no news: the next turn may be well. From the second one on it is said, by the doctor and
on the home page.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kit import clock
from sync.state.settings_models import FailingRhythm

TOLD_AFTER_FAILURES = 2


def failed(session: Session, name: str, error: Exception) -> None:
    """Counts a failure of an act."""
    now = clock.now()
    new = insert(FailingRhythm).values(name=name, error_kind=type(error).__name__, since_at=now, last_at=now)
    session.execute(
        new.on_conflict_do_update(
            index_elements=[FailingRhythm.name],
            set_={
                "failures": FailingRhythm.failures + 1,
                "error_kind": new.excluded.error_kind,
                "last_at": now,
            },
        )
    )


def succeeded(session: Session, names: Collection[str]) -> None:
    """Forgets the failures of these acts."""
    session.execute(delete(FailingRhythm).where(FailingRhythm.name.in_(names)))


def failing(session: Session) -> list[FailingRhythm]:
    """The acts that failed again and again, the longest first."""
    rows = select(FailingRhythm).where(FailingRhythm.failures >= TOLD_AFTER_FAILURES)
    return list(session.scalars(rows.order_by(FailingRhythm.since_at, FailingRhythm.name)))


def failing_since(session: Session) -> datetime | None:
    """Since when the oldest of them fails; None while all is well."""
    return session.scalar(
        select(func.min(FailingRhythm.since_at)).where(FailingRhythm.failures >= TOLD_AFTER_FAILURES)
    )
