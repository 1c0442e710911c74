"""The file that answers a customer's question: everything that Concord keeps about them, as JSON for people.

It is made from what is stored, nothing is asked from outside. It is sealed, ends after a month, and only staff who
may read personal data can open it; each opening is written down.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import Sealer, place
from kit.faults import Rejected
from oauth import audit
from oauth.models import PrivacyRequest
from sync.shopify import bodies
from sync.state import personal
from sync.state.models import Attempt, Delivery, Link
from sync.state.personal import Subject
from sync.state.settings_models import Snapshot

LONGEST_BYTES = 20_000_000
LIST_LIMIT = 100
REQUESTS = (
    "customers/data_request",
    "customers/redact",
    "shop/redact",
)  # the questions are no part of the answer


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as its page shows it."""

    request_id: int
    kind: str
    asked_at: datetime
    due_at: datetime
    done_at: datetime | None
    counts: dict[str, int]
    has_file: bool
    file_expires_at: datetime | None
    downloaded_at: datetime | None


def requests(session: Session) -> list[Request]:
    """The shop's newest requests."""
    rows = session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id.desc()).limit(LIST_LIMIT))
    return [
        Request(
            request_id=row.id,
            kind=row.kind,
            asked_at=row.asked_at,
            due_at=row.due_at,
            done_at=row.done_at,
            counts=row.counts,
            has_file=row.sealed_file is not None,
            file_expires_at=row.file_expires_at,
            downloaded_at=row.downloaded_at,
        )
        for row in rows
    ]


def opened(session: Session, sealer: Sealer, *, request_id: int, actor: str, address: str) -> str | None:
    """The file's JSON, and an audit entry for its opening. None when there is none (any more) in this shop."""
    row = session.scalar(select(PrivacyRequest).where(PrivacyRequest.id == request_id))
    if row is None or row.sealed_file is None or (row.file_expires_at or clock.now()) <= clock.now():
        return None
    text = sealer.open(row.sealed_file, place("privacy_request", "sealed_file", row.id)).reveal()
    row.downloaded_at = clock.now()
    audit.write(
        session,
        shop_id=row.shop_id,
        actor=actor,
        act="privacy_file_opened",
        subject=f"privacy_request:{row.id}",
        address=address,
    )
    return text


def compiled(session: Session, subject: Subject, *, shop_domain: str) -> dict[str, Any]:
    """All that is stored about the person, record by record."""
    records = personal.records_of(session, subject)
    deliveries = _deliveries(session, subject, records)
    return {
        "about": "Everything that Concord keeps about this customer. The documents in the ERP are the merchant's own.",
        "shop": shop_domain,
        "made_at": clock.now().isoformat(timespec="seconds"),
        "customer": subject.customer_gid,
        "summaries": _summaries(session, records),
        "erp_documents": _links(session, records),
        "events": _events(session, records),
        "received": deliveries,
    }


def _summaries(session: Session, records: Sequence[str]) -> list[dict[str, Any]]:
    rows = session.scalars(select(Snapshot).where(Snapshot.record.in_(records)).order_by(Snapshot.id))
    return [
        {"record": row.record, "title": row.title, "at": _at(row.occurred_at), "summary": row.body}
        for row in rows
    ]


def _links(session: Session, records: Sequence[str]) -> list[dict[str, Any]]:
    rows = session.scalars(select(Link).where(Link.record.in_(records)).order_by(Link.id))
    return [
        {
            "record": row.record,
            "kind": row.kind,
            "document": row.erp_model,
            "number": row.erp_number or row.erp_id,
            "linked_at": _at(row.linked_at),
        }
        for row in rows
    ]


def _events(session: Session, records: Sequence[str]) -> list[dict[str, Any]]:
    rows = session.scalars(select(Attempt).where(Attempt.record.in_(records)).order_by(Attempt.id))
    return [
        {"record": row.record, "at": _at(row.ended_at), "what": row.flow, "sentence": row.sentence}
        for row in rows
    ]


def _deliveries(session: Session, subject: Subject, records: Sequence[str]) -> list[dict[str, Any]]:
    """What Shopify sent about the person, as it was sent; without bodies once the file would become too large."""
    made: list[dict[str, Any]] = []
    after, size, is_first = 0, 0, True
    while is_first or after:
        found, after = personal.deliveries_of(session, subject, records, after=after)
        is_first = False
        for row in found:
            if row.topic in REQUESTS:
                continue
            size += len(row.body or b"")
            made.append(
                {"topic": row.topic, "received_at": _at(row.received_at), "content": _content(row, size)}
            )
        session.expunge_all()
    return made


def _content(row: Delivery, size: int) -> Any:
    if size > LONGEST_BYTES:
        return "Left out because of the size; Shopify holds the same content."
    try:
        body = bodies.parse(row.body or b"null")
    except Rejected as fault:
        return fault.sentence
    return json.loads(json.dumps(body, default=str))


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment is not None else None
