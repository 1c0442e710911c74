"""Where personal data lies in our tables, and how it is taken out of them. What accounting needs stays: numbers,
amounts, dates, links between ids.

Every act here may be done twice. Statements are scoped to the session's shop; the caller decides when to commit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Delete, Update, delete, or_, select, update
from sqlalchemy.orm import Session

from kit.db import all_shops
from oauth.models import Credential, Grant, PrivacyRequest, Shop, Staff
from sync.state.models import Attempt, Delivery, DeliveryState, Intent, Job, JobState, Link
from sync.state.settings_models import (
    Breaker,
    Budget,
    Connection,
    Cursor,
    Issue,
    MappingVersion,
    OperationCost,
    Slot,
    Snapshot,
)
from sync.state.stock_models import ErpLevel, StockTarget
from sync.state.timed_prices import TimedPrice

ROWS_PER_STEP = 500
REMOVED = "Removed by a privacy request."
# What the summary of a record keeps; everything else in it goes, also what a later version adds.
SUMMARY_KEEPS = frozenset(
    {
        "total",
        "presentment_total",
        "financial_status",
        "lines",
        "cancelled_at",
        "currency",
        "status",
        "quantity",
    }
)
# Facts of these links are keys, amounts and states, which decide what is still owed to the ERP.
# A shop that leaves: what goes in steps because it may be much, what goes at once, and what stays. Every table of a
# shop is in exactly one of them.
EMPTIED_IN_STEPS: Mapping[type[Any], Any] = {
    Snapshot: Snapshot.id,
    Attempt: Attempt.id,
    Issue: Issue.id,
    Intent: Intent.key,
    Job: Job.id,
    ErpLevel: ErpLevel.id,
    StockTarget: StockTarget.id,
    TimedPrice: TimedPrice.id,
}
EMPTIED = (MappingVersion, Cursor, Budget, OperationCost, Slot, Breaker, Credential, Staff, Grant)
STAYS = {
    Delivery: "its number, so that a second copy is known; no body",
    Link: "numbers of documents, for accounting; no names",
    Connection: "an empty row that links point to",
    PrivacyRequest: "the proof of the answer; no file",
}
_IS_PERSONAL = or_(Snapshot.customer_gid.is_not(None), Snapshot.buyer_mark.is_not(None))
FACTS_KEPT_OF = ("order", "delta", "shipment", "payment", "refund", "payout")
FACTS_KEEP = frozenset({"code", "because"})


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The person a request is about, as far as it says: a number, the orders, and words to look for."""

    customer_gid: str | None = None
    orders: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=(), repr=False)
    marks: tuple[str, ...] = ()  # of the addresses among the words

    @property
    def needles(self) -> tuple[bytes, ...]:
        """What a stored body about this person contains: an id, an email address, a phone number."""
        ids = [gid.rpartition("/")[2] for gid in (self.customer_gid, *self.orders) if gid]
        words = [
            json.dumps(word, ensure_ascii=escaped)[1:-1] for word in self.words for escaped in (True, False)
        ]
        return tuple(dict.fromkeys(text.lower().encode() for text in [*ids, *words]))

    def is_in(self, body: bytes) -> bool:
        """Whether a body speaks of this person; an id counts only as a whole number, letters in any case."""
        low = body.lower()
        return any(
            re.search(rb"(?<![0-9])" + re.escape(needle) + rb"(?![0-9])", low) for needle in self.needles
        )


def records_of(session: Session, subject: Subject) -> list[str]:
    """Every record of the person: the named orders, the customer and what we know by it or by the mark of an address,
    and whatever a stored body that speaks of the person is about (a guest has nothing but an address)."""
    found = set(subject.orders)
    if subject.customer_gid:
        found.add(subject.customer_gid)
        query = select(Snapshot.record).where(Snapshot.customer_gid == subject.customer_gid)
        found.update(session.scalars(query))
    if subject.marks:
        found.update(session.scalars(select(Snapshot.record).where(Snapshot.buyer_mark.in_(subject.marks))))
    after, is_first = 0, True
    while is_first or after:
        rows, after = deliveries_of(session, subject, sorted(found), after=after)
        found.update(row.record for row in rows if row.record)
        is_first = False
    return sorted(found)


def deliveries_of(
    session: Session, subject: Subject, records: Sequence[str], *, after: int
) -> tuple[list[Delivery], int]:
    """Those of the next deliveries with a body that are about the person, and the id to go on after; 0 at the end."""
    # Bodies are packed, so each is looked into here.
    query = (
        select(Delivery)
        .where(Delivery.id > after, Delivery.body.is_not(None))
        .order_by(Delivery.id)
        .limit(ROWS_PER_STEP)
    )
    rows, theirs = list(session.scalars(query)), set(records)
    found = [row for row in rows if row.record in theirs or subject.is_in(row.body or b"")]
    return found, rows[-1].id if len(rows) == ROWS_PER_STEP else 0


def erase_bodies(session: Session, delivery_ids: Sequence[int]) -> int:
    """Takes the bodies out of deliveries that are through; the rows stay, so that a second copy is known again."""
    return _changed(
        session,
        update(Delivery)
        .where(Delivery.id.in_(delivery_ids), Delivery.state != DeliveryState.WAITING)
        .values(body=None, reason=REMOVED),
    )


def erase_records(session: Session, records: Sequence[str]) -> dict[str, int]:
    """Takes the person out of everything we keep about their records. Amounts, numbers and links stay."""
    customers_link = Link.kind.not_in(FACTS_KEPT_OF)
    return {
        "snapshots": _erase_snapshots(session, Snapshot.record.in_(records)),
        "attempts": _changed(
            session,
            update(Attempt)
            .where(
                Attempt.record.in_(records),
                or_(Attempt.sentence.not_in(["", REMOVED]), Attempt.detail != ""),
            )
            .values(sentence=REMOVED, detail=""),
        ),
        "jobs": _changed(
            session,
            update(Job)
            .where(Job.record.in_(records), Job.reason.not_in(["", REMOVED]))
            .values(reason=REMOVED),
        ),
        "issues": _changed(
            session,
            update(Issue)
            .where(Issue.sample_record.in_(records), Issue.sentence != REMOVED)
            .values(sentence=REMOVED),
        ),
        "links": _erase_facts(session, Link.record.in_(records) & customers_link),
    }


def running(session: Session, records: Sequence[str]) -> bool:
    """Whether a job is at work on one of the records right now, and could write what was just taken out."""
    query = select(Job.id).where(Job.record.in_(records), Job.state == JobState.RUNNING).limit(1)
    return session.scalar(query) is not None


def erase_old_summaries(session: Session, before: datetime, *, limit: int) -> int:
    """Takes names out of the summaries of records that nothing has happened to since."""
    old = (
        select(Snapshot.id).where(Snapshot.read_at < before, _IS_PERSONAL).order_by(Snapshot.id).limit(limit)
    )
    return _erase_snapshots(session, Snapshot.id.in_(list(session.scalars(all_shops(old)))), crossing=True)


def erase_shop_step(session: Session, *, spare_job: int) -> dict[str, int]:
    """Takes out the next rows of everything that belongs to the session's shop. Nothing counted: it is done."""
    is_through = Delivery.body.is_not(None) & (Delivery.state != DeliveryState.WAITING)
    spared = {
        Attempt: Attempt.job_id != spare_job,
        Job: (Job.id != spare_job) & (Job.flow != "privacy"),
    }
    return {
        "deliveries": erase_bodies(session, _some(session, Delivery.id, is_through)),
        **{
            f"{table.__tablename__}s": _removed(session, table, key, spared.get(table))
            for table, key in EMPTIED_IN_STEPS.items()
        },
        "links": _erase_facts(
            session,
            Link.id.in_(_some(session, Link.id, Link.kind.not_in(FACTS_KEPT_OF) & (Link.facts != {}))),
            keep=frozenset(),
        ),
    }


def has_bodies(session: Session) -> bool:
    """Whether the shop still has bodies, because intake has not been through them yet."""
    return session.scalar(select(Delivery.id).where(Delivery.body.is_not(None)).limit(1)) is not None


def erase_settings(session: Session) -> dict[str, int]:
    """Takes out the shop's settings, secrets and people. Its connections stay as empty rows that links point to."""
    session.execute(update(Connection).values(credential_id=None, address={}, state="paused", reason=REMOVED))
    removed = {}
    for table in EMPTIED:
        removed[table.__tablename__] = _changed(session, delete(table))
    shop = session.get_one(Shop, session.info["shop_id"])
    shop.policies, shop.sealed_mark_key = {}, None
    removed["privacy_file"] = _changed(
        session,
        update(PrivacyRequest)
        .where(PrivacyRequest.sealed_file.is_not(None))
        .values(sealed_file=None, file_expires_at=None),
    )
    return removed


def _erase_snapshots(session: Session, which: ColumnElement[bool], *, crossing: bool = False) -> int:
    query = select(Snapshot).where(which, or_(_IS_PERSONAL, Snapshot.body.is_not(None)))
    rows = list(session.scalars(all_shops(query) if crossing else query))
    changed = 0
    for row in rows:
        body = {name: value for name, value in (row.body or {}).items() if name in SUMMARY_KEEPS}
        if body != row.body or row.customer_gid is not None or row.buyer_mark is not None:
            statement = (
                update(Snapshot)
                .where(Snapshot.id == row.id)
                .values(body=body, customer_gid=None, buyer_mark=None)
            )
            changed += _changed(session, all_shops(statement) if crossing else statement)
    return changed


def _erase_facts(session: Session, which: ColumnElement[bool], *, keep: frozenset[str] = FACTS_KEEP) -> int:
    changed = 0
    for row in list(session.scalars(select(Link).where(which))):
        facts = {name: value for name, value in row.facts.items() if name in keep}
        if facts != row.facts:
            row.facts = facts
            changed += 1
    session.flush()
    return changed


def _some(session: Session, key: Any, which: ColumnElement[bool]) -> list[Any]:
    return list(session.scalars(select(key).where(which).limit(ROWS_PER_STEP)))


def _removed(session: Session, table: type[Any], key: Any, which: ColumnElement[bool] | None = None) -> int:
    query = select(key).limit(ROWS_PER_STEP)
    ids = list(session.scalars(query if which is None else query.where(which)))
    return _changed(session, delete(table).where(key.in_(ids))) if ids else 0


def _changed(session: Session, statement: Update | Delete) -> int:
    result = session.execute(statement)
    return int(getattr(result, "rowcount", 0))
