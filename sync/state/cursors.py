"""Cursors: how far a feed was read. A cursor moves only in the transaction that keeps what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kit import clock
from sync.state.settings_models import Cursor


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a feed stands: {} before the first read."""

    position: Mapping[str, Any]
    polled_at: datetime | None
    quiet_polls: int


def read(session: Session, feed: str) -> Place:
    """The place of a feed in the session's shop."""
    row = session.execute(select(Cursor).where(Cursor.feed == feed)).scalar()
    if row is None:
        return Place(position={}, polled_at=None, quiet_polls=0)
    return Place(position=row.position, polled_at=row.polled_at, quiet_polls=row.quiet_polls)


def move(
    session: Session,
    feed: str,
    *,
    shop_id: int,
    position: Mapping[str, Any],
    due_at: datetime,
    was_quiet: bool = False,
) -> None:
    """Moves a feed on, in the transaction that keeps what was read up to there."""
    values = {"position": dict(position), "polled_at": clock.now(), "due_at": due_at}
    session.execute(
        insert(Cursor)
        .values(shop_id=shop_id, feed=feed, quiet_polls=int(was_quiet), **values)
        .on_conflict_do_update(
            index_elements=[Cursor.shop_id, Cursor.feed],
            set_={**values, "quiet_polls": Cursor.quiet_polls + 1 if was_quiet else 0},
        )
    )


def forget(session: Session, feed: str) -> None:
    """The feed begins anew, with the present state."""
    session.execute(delete(Cursor).where(Cursor.feed == feed))
