"""What happened to this record: deliveries, jobs, attempts with their calls, writes, documents and people, in order.

Everything that any part of Concord did for one record is on one line of time. Bodies are not in here; a delivery's
own page shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oauth.models import AuditEntry
from sync.insight import erp_documents, names, records
from sync.insight.erp_documents import ErpDocument
from sync.state.models import Attempt, Delivery, Intent, IntentState, Job, JobState, Link
from sync.state.settings_models import Snapshot

ENTRIES_LIMIT = 200


class What(StrEnum):
    """What kind of thing happened."""

    DELIVERY = "delivery"
    JOB = "job"
    ATTEMPT = "attempt"
    WRITE = "write"
    DOCUMENT = "document"
    ACT = "act"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that an attempt made."""

    method: str
    host: str
    path: str
    status: int | None
    took_ms: int
    request_id: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened."""

    at: datetime
    what: What
    title: str
    outcome: str  # a word of the thing's own vocabulary; the page chooses its colour
    sentence: str = ""
    detail: str = ""
    reference: str = ""  # the delivery's id, the intent's key
    took_ms: int | None = None
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that the ERP made for the record, with a page of its own: a credit note, a shipment."""

    name: names.RecordName
    state: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A record's whole story."""

    name: names.RecordName
    title: str
    state: records.Tab
    reason: str
    fault_code: str
    misses: str
    job_id: int | None
    is_open: bool
    due_at: datetime | None
    attempts: int
    summary: Mapping[str, Any]  # total, buyer, payment ... as Shopify last told them
    occurred_at: datetime | None
    proof: dict[str, Any] | None
    latest_delivery_id: int | None
    documents: tuple[ErpDocument, ...]
    parts: tuple[Part, ...]
    entries: tuple[Entry, ...]


def of(session: Session, record: str) -> Timeline | None:
    """The story of a record; None when the shop has no such record."""
    snapshot = session.scalars(select(Snapshot).where(Snapshot.record == record)).first()
    jobs = list(session.scalars(_newest(Job, Job.id, record)))
    links = list(session.scalars(select(Link).where(Link.record == record).order_by(Link.id)))
    deliveries = list(session.scalars(_newest(Delivery, Delivery.id, record)))
    if snapshot is None and not jobs and not links and not deliveries:
        return None
    entries = [
        *_deliveries(deliveries),
        *_jobs(jobs),
        *_attempts(session, record),
        *_writes(session, record),
        *_links(links),
        *_acts(session, record),
    ]
    telling = min(jobs, key=lambda job: (job.state not in records.OPEN, -job.id), default=None)
    is_open = telling is not None and telling.state in records.OPEN
    return Timeline(
        name=names.of(record),
        title=names.titled(record, snapshot.title if snapshot else ""),
        state=records.state_of(telling, is_linked=bool(links)),
        reason=_reason(telling, entries),
        fault_code=(telling.fault_code or "") if telling and is_open else "",
        misses=(telling.misses or "") if telling and is_open else "",
        job_id=telling.id if telling else None,
        is_open=is_open,
        due_at=telling.due_at if telling and telling.state == "ready" else None,
        attempts=telling.attempts if telling else 0,
        summary=snapshot.body or {} if snapshot else {},
        occurred_at=snapshot.occurred_at if snapshot else None,
        proof=snapshot.proof if snapshot else None,
        latest_delivery_id=next((row.id for row in deliveries if row.body is not None), None),
        documents=erp_documents.of(session, links),
        parts=_parts(session, record),
        entries=tuple(sorted(entries, key=lambda entry: entry.at, reverse=True)[:ENTRIES_LIMIT]),
    )


def _parts(session: Session, record: str) -> tuple[Part, ...]:
    rows = session.scalars(
        select(Job)
        .where(Job.record.startswith(f"{record}#", autoescape=True))
        .order_by(Job.id.desc())
        .limit(ENTRIES_LIMIT)
    )
    newest: dict[str, Job] = {}
    for row in rows:
        newest.setdefault(row.record, row)
    return tuple(
        Part(name=names.of(row.record), state=row.state, reason=row.reason) for row in newest.values()
    )


def _reason(job: Job | None, entries: Sequence[Entry]) -> str:
    """Why it stands where it stands: the job's own reason, else what the newest try said."""
    if job is not None and job.state != JobState.DONE and job.reason:
        return job.reason
    tries = [entry for entry in entries if entry.what is What.ATTEMPT]
    return max(tries, key=lambda entry: entry.at).sentence if tries else ""


def _newest(model: Any, order: Any, record: str) -> Any:
    return select(model).where(model.record == record).order_by(order.desc()).limit(ENTRIES_LIMIT)


def _deliveries(rows: list[Delivery]) -> Iterator[Entry]:
    for row in rows:
        again = f"Shopify sent it {row.copies} times." if row.copies > 1 else ""
        yield Entry(
            at=row.received_at,
            what=What.DELIVERY,
            title=row.topic,
            outcome=row.state,
            sentence=row.reason or again,
            reference=str(row.id),
        )


def _jobs(rows: list[Job]) -> Iterator[Entry]:
    for row in rows:
        asks = f"Asked for {row.asks} times while it waited." if row.asks > 1 else ""
        yield Entry(
            at=row.asked_at,
            what=What.JOB,
            title=names.flow(row.flow),
            outcome=row.state,
            sentence=asks,
            reference=str(row.id),
        )


def _attempts(session: Session, record: str) -> Iterator[Entry]:
    for row in session.scalars(_newest(Attempt, Attempt.id, record)):
        yield Entry(
            at=row.ended_at,
            what=What.ATTEMPT,
            title=names.flow(row.flow),
            outcome=row.outcome,
            sentence=row.sentence,
            detail=row.detail,
            reference=row.fault_code or "",
            took_ms=round((row.ended_at - row.started_at).total_seconds() * 1000),
            calls=tuple(_call(exchange) for exchange in row.exchanges),
        )


def _call(exchange: dict[str, Any]) -> Call:
    return Call(
        method=str(exchange.get("method", "")),
        host=str(exchange.get("host", "")),
        path=str(exchange.get("path", "")),
        status=exchange.get("status"),
        took_ms=int(exchange.get("took_ms", 0)),
        request_id=str(exchange.get("request_id", "")),
        note=str(exchange.get("note", "")),
    )


def _writes(session: Session, record: str) -> Iterator[Entry]:
    rows = session.scalars(
        select(Intent).where(Intent.record == record).order_by(Intent.intended_at.desc()).limit(ENTRIES_LIMIT)
    )
    for row in rows:
        unclear = (IntentState.UNKNOWN, IntentState.REFUSED)
        yield Entry(
            at=row.closed_at or row.intended_at,
            what=What.WRITE,
            title=row.purpose.partition(":")[0].replace("_", " ").capitalize(),
            outcome=row.state,
            sentence="No answer came; the other side is asked before anything is sent again."
            if row.state == IntentState.UNKNOWN
            else str(row.outcome.get("sentence", ""))
            if row.state in unclear
            else "",
            reference=str(row.key),
        )


def _links(rows: list[Link]) -> Iterator[Entry]:
    for row in rows:
        yield Entry(
            at=row.linked_at,
            what=What.DOCUMENT,
            title=f"It is {row.erp_number or row.erp_id} in the ERP",
            outcome="linked",
            reference=row.erp_id,
        )


def _acts(session: Session, record: str) -> Iterator[Entry]:
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.shop_id == session.info["shop_id"], AuditEntry.subject == record)
        .order_by(AuditEntry.id.desc())
        .limit(ENTRIES_LIMIT)
    )
    for row in rows:
        reason = (row.after or {}).get("reason", "")
        yield Entry(
            at=row.at, what=What.ACT, title=row.act, outcome="act", sentence=str(reason), reference=row.actor
        )
