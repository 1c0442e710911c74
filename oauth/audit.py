"""The audit log: who did what to which thing, from where, before and after.

Entries are only ever added; the database refuses to change them. They hold no secret and no customer's data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from oauth.models import AuditEntry

SHOPIFY = "shopify"
CLOCK = "clock"
OPERATOR = "operator"
LONGEST_SUBJECT = 255
READ = "personal_data_read"
READ_AGAIN_AFTER = timedelta(hours=1)
LOOKED_BACK = 500  # entries; an older read is written down once more


def staff_actor(staff_id: int) -> str:
    """How a person of a shop is written down."""
    return f"staff:{staff_id}"


def write(
    session: Session,
    *,
    shop_id: int | None,
    actor: str,
    act: str,
    subject: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Adds an entry in the transaction of the act itself: both are stored, or neither."""
    session.add(
        AuditEntry(
            shop_id=shop_id,
            at=clock.now(),
            actor=actor[:64],
            act=act,
            subject=subject[:LONGEST_SUBJECT],
            address=address[:64],
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
        )
    )


def read(session: Session, *, shop_id: int, actor: str, subject: str, address: str = "") -> None:
    """Adds that somebody was shown personal data; a page that refreshes itself is one read an hour."""
    recent = select(AuditEntry.id).where(AuditEntry.shop_id == shop_id).order_by(AuditEntry.id.desc())
    is_known = select(AuditEntry.id).where(
        AuditEntry.id.in_(recent.limit(LOOKED_BACK)),
        AuditEntry.actor == actor[:64],
        AuditEntry.act == READ,
        AuditEntry.subject == subject[:LONGEST_SUBJECT],
        AuditEntry.at > clock.now() - READ_AGAIN_AFTER,
    )
    if session.scalar(is_known.limit(1)) is None:
        write(session, shop_id=shop_id, actor=actor, act=READ, subject=subject, address=address)


def newest(
    session: Session, *, shop_id: int, limit: int, before_id: int | None = None
) -> Sequence[AuditEntry]:
    """The shop's entries, newest first. The table also holds operators' entries, so the shop is named here."""
    query = select(AuditEntry).where(AuditEntry.shop_id == shop_id)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)).all()
