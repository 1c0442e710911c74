"""Snapshots: the newest canonical record that we know of each Shopify record, for its page and for later deltas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kit import clock
from sync.state.settings_models import Snapshot


def find(session: Session, record: str) -> Snapshot | None:
    """The snapshot of a record."""
    return session.execute(select(Snapshot).where(Snapshot.record == record)).scalar()


def save(
    session: Session,
    *,
    shop_id: int,
    record: str,
    title: str,
    body: Mapping[str, Any],
    occurred_at: datetime | None,
    updated_at: datetime,
    customer_gid: str | None = None,
    buyer_mark: str | None = None,
) -> None:
    """Keeps the record unless we know a newer one."""
    values = {
        "title": title[:255],
        "body": dict(body),
        "occurred_at": occurred_at,
        "updated_at": updated_at,
        "customer_gid": customer_gid,
        "buyer_mark": buyer_mark,
        "read_at": clock.now(),
    }
    session.execute(
        insert(Snapshot)
        .values(shop_id=shop_id, record=record, **values)
        .on_conflict_do_update(
            index_elements=[Snapshot.shop_id, Snapshot.record],
            set_=values,
            where=or_(Snapshot.updated_at.is_(None), Snapshot.updated_at <= updated_at),
        )
    )


def prove(session: Session, *, record: str, proof: Mapping[str, Any]) -> None:
    """Keeps the cent table of a record."""
    session.execute(update(Snapshot).where(Snapshot.record == record).values(proof=dict(proof)))
