"""Snapshots: the newest canonical record that we know of each Shopify record, for its page and for later deltas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from kit import clock
from kit.sql import Sql, as_json

_UPDATED_AT = Sql("select updated_at from snapshot where record = %(record)s and shop_id = %(shop_id)s")
_SAVE = Sql(
    """
    insert into snapshot (shop_id, record, title, body, occurred_at, updated_at, customer_gid, buyer_mark, read_at)
    values (%(shop_id)s, %(record)s, %(title)s, %(body)s, %(occurred_at)s, %(updated_at)s, %(customer_gid)s,
            %(buyer_mark)s, %(read_at)s)
    on conflict (shop_id, record) do update set
        title = excluded.title, body = excluded.body, occurred_at = excluded.occurred_at,
        updated_at = excluded.updated_at, customer_gid = excluded.customer_gid, buyer_mark = excluded.buyer_mark,
        read_at = excluded.read_at
    where snapshot.updated_at is null or snapshot.updated_at <= excluded.updated_at
    """
)
_PROVE = Sql("update snapshot set proof = %(proof)s where record = %(record)s and shop_id = %(shop_id)s")


def updated_at(session: Session, record: str) -> datetime | None:
    """When the record was changed at Shopify, as far as we know of it."""
    moment: datetime | None = _UPDATED_AT.run(session, record=record).scalar()
    return moment


def save(
    session: Session,
    *,
    record: str,
    title: str,
    body: Mapping[str, Any],
    occurred_at: datetime | None,
    updated_at: datetime,
    customer_gid: str | None = None,
    buyer_mark: str | None = None,
) -> None:
    """Keeps the record unless we know a newer one."""
    _SAVE.run(
        session,
        record=record,
        title=title[:255],
        body=as_json(dict(body)),
        occurred_at=occurred_at,
        updated_at=updated_at,
        customer_gid=customer_gid,
        buyer_mark=buyer_mark,
        read_at=clock.now(),
    )


def prove(session: Session, *, record: str, proof: Mapping[str, Any]) -> None:
    """Keeps the cent table of a record."""
    _PROVE.run(session, record=record, proof=as_json(dict(proof)))
