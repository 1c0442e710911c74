"""What Shopify sent us: each delivery with its headers, its body and what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from sync.insight import names
from sync.state.models import Delivery, DeliveryState
from sync.state.settings_models import Snapshot

PAGE_SIZE = 50
BODY_SHOWN_BYTES = 200_000
_SECRET_HEADERS = ("hmac", "authorization", "cookie", "token")
_SPELT = re.compile(r'"\\u0000([-+0-9.eE]+)"')


@dataclass(frozen=True, kw_only=True)
class Row:
    """One delivery in a list."""

    delivery_id: int
    topic: str
    state: str
    reason: str
    copies: int
    record: names.RecordName | None
    title: str
    received_at: datetime
    took_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of deliveries."""

    state: str
    topic: str
    number: int
    rows: tuple[Row, ...]
    topics: tuple[str, ...]
    has_more: bool
    failed: int


@dataclass(frozen=True, kw_only=True)
class DeliveryPage:
    """One delivery, whole."""

    row: Row
    webhook_id: str
    event_id: str
    api_version: str
    triggered_at: datetime | None
    processed_at: datetime | None
    headers: tuple[tuple[str, str], ...]
    body: str
    size_bytes: int | None  # none: the body was removed by retention or a privacy request
    is_cut: bool


def page(session: Session, *, state: str = "", topic: str = "", number: int = 1) -> Page:
    """One page of deliveries, the newest first."""
    wanted = select(Delivery).options(defer(Delivery.body), defer(Delivery.headers))
    if state:
        wanted = wanted.where(Delivery.state == state)
    if topic:
        wanted = wanted.where(Delivery.topic == topic)
    rows = list(
        session.scalars(
            wanted.order_by(Delivery.id.desc()).offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
        )
    )
    titles = _titles(session, rows)
    failed = session.scalar(
        select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.FAILED)
    )
    return Page(
        state=state,
        topic=topic,
        number=number,
        rows=tuple(_row(row, titles) for row in rows[:PAGE_SIZE]),
        topics=tuple(session.scalars(select(Delivery.topic).distinct().order_by(Delivery.topic))),
        has_more=len(rows) > PAGE_SIZE,
        failed=failed or 0,
    )


def one(session: Session, delivery_id: int) -> DeliveryPage | None:
    """One delivery; None when the shop has no such delivery."""
    row = session.scalars(select(Delivery).where(Delivery.id == delivery_id)).first()
    if row is None:
        return None
    body = row.body or b""
    return DeliveryPage(
        row=_row(row, _titles(session, [row])),
        webhook_id=row.webhook_id,
        event_id=row.event_id,
        api_version=row.api_version,
        triggered_at=row.triggered_at,
        processed_at=row.processed_at,
        headers=tuple(
            (name, value)
            for name, value in sorted(row.headers.items())
            if not any(secret in name.lower() for secret in _SECRET_HEADERS)
        ),
        body=_pretty(body[:BODY_SHOWN_BYTES]) if len(body) <= BODY_SHOWN_BYTES else _text(body),
        size_bytes=len(row.body) if row.body is not None else None,
        is_cut=len(body) > BODY_SHOWN_BYTES,
    )


def _titles(session: Session, rows: Sequence[Delivery]) -> dict[str, str]:
    wanted = [row.record for row in rows if row.record]
    found = session.execute(select(Snapshot.record, Snapshot.title).where(Snapshot.record.in_(wanted)))
    return dict(found.all())


def _row(row: Delivery, titles: Mapping[str, str]) -> Row:
    took_ms = None
    if row.processed_at is not None:
        took_ms = round((row.processed_at - row.received_at).total_seconds() * 1000)
    return Row(
        delivery_id=row.id,
        topic=row.topic,
        state=row.state,
        reason=row.reason,
        copies=row.copies,
        record=names.of(row.record) if row.record else None,
        title=names.titled(row.record, titles.get(row.record, "")) if row.record else "",
        received_at=row.received_at,
        took_ms=took_ms,
    )


def _text(body: bytes) -> str:
    return body[:BODY_SHOWN_BYTES].decode("utf-8", errors="replace")


def _pretty(body: bytes) -> str:
    # Numbers keep their spelling: a float would show another amount than the one Shopify signed.
    try:
        value = json.loads(body, parse_float=lambda spelling: f"\0{spelling}")
        shown = json.dumps(value, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):  # no JSON, or nested so deeply that nobody could read it
        return _text(body)
    # Half of a surrogate pair is valid JSON and no valid text.
    return _SPELT.sub(r"\1", shown).encode("utf-8", "backslashreplace").decode()
