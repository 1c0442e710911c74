"""Who did what: the audit log of one shop, the newest first, filtered by person or act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oauth.models import AuditEntry
from sync.insight import names

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that somebody did."""

    at: datetime
    actor: str
    act: str
    subject: str
    record: names.RecordName | None
    address: str
    changes: tuple[tuple[str, str, str], ...]  # (what, before, after)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the audit log."""

    actor: str
    number: int
    acts: tuple[Act, ...]
    actors: tuple[str, ...]
    has_more: bool


def page(session: Session, *, actor: str = "", number: int = 1) -> Page:
    """One page of the audit log of the session's shop."""
    own = AuditEntry.shop_id == session.info["shop_id"]
    wanted = select(AuditEntry).where(own)
    if actor:
        wanted = wanted.where(AuditEntry.actor == actor)
    rows = list(
        session.scalars(
            wanted.order_by(AuditEntry.id.desc()).offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
        )
    )
    actors = session.scalars(
        select(AuditEntry.actor).where(own).distinct().order_by(AuditEntry.actor).limit(50)
    )
    return Page(
        actor=actor,
        number=number,
        acts=tuple(_act(row) for row in rows[:PAGE_SIZE]),
        actors=tuple(actors),
        has_more=len(rows) > PAGE_SIZE,
    )


def _act(row: AuditEntry) -> Act:
    is_record = row.subject.startswith(names.PREFIX)
    return Act(
        at=row.at,
        actor=row.actor,
        act=row.act,
        subject=row.subject,
        record=names.of(row.subject) if is_record else None,
        address=row.address,
        changes=_changes(row.before or {}, row.after or {}),
    )


def _changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return tuple((key, _shown(before.get(key)), _shown(after.get(key))) for key in keys)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)
