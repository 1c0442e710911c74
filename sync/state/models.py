"""Rows of the engine: delivery, job, attempt, intent, link. PostgreSQL is the queue of record.

States are text with a check; every partial index here is named in the query that lives on it.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, ShopOwned
from kit.packing import Packed

Moment = TIMESTAMP(timezone=True)


class DeliveryState(StrEnum):
    """What became of one POST to us."""

    WAITING = "waiting"
    DONE = "done"  # it asked for a job, or needed none
    IGNORED = "ignored"  # a topic or shop that we do not serve; the reason is stored
    FAILED = "failed"  # the body breaks the contract; a person looks


class JobState(StrEnum):
    """Where a job stands. Ready, held and dead are open: at most one of them per record."""

    READY = "ready"
    RUNNING = "running"
    HELD = "held"  # waits for a setting, mapping or credential
    DEAD = "dead"  # gave up, waits for a person
    DONE = "done"
    IGNORED = "ignored"  # a person closed it with a reason, or a rule skipped the record


class Lane(IntEnum):
    """Who goes first: the lower number."""

    ORDERS = 10
    STOCK = 20
    CATALOGUE = 30
    BACKFILL = 40


class IntentState(StrEnum):
    """What we know of one outward write."""

    INTENDED = "intended"  # saved, perhaps sent
    UNKNOWN = "unknown"  # sent, no answer: ask first
    DONE = "done"
    REFUSED = "refused"  # the remote system said no; nothing happened there
    DROPPED = "dropped"  # not needed any more


class Delivery(ShopOwned, Base):
    """One signed POST of Shopify, with its raw bytes. `shop_id` is empty for a shop that we do not know."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("shop_domain", "webhook_id"),
        CheckConstraint("state in ('waiting','done','ignored','failed')", name="state"),
        Index(
            "ix_delivery_waiting",
            text("coalesce(shop_id, 0)"),
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_delivery_shop", "shop_id", "id"),
        Index("ix_delivery_failed", "shop_id", "topic", postgresql_where=text("state = 'failed'")),
        Index("ix_delivery_record", "shop_id", "record", postgresql_where=text("record is not null")),
        Index("ix_delivery_received", "received_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shop_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shop.id"))  # type: ignore[assignment]
    shop_domain: Mapped[str] = mapped_column(String(255))
    webhook_id: Mapped[str] = mapped_column(String(128))
    event_id: Mapped[str] = mapped_column(String(128), server_default="")
    topic: Mapped[str] = mapped_column(String(64))
    api_version: Mapped[str] = mapped_column(String(16), server_default="")
    triggered_at: Mapped[datetime | None] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(Packed)  # none once pruned or redacted
    copies: Mapped[int] = mapped_column(Integer, server_default="1")
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    record: Mapped[str | None] = mapped_column(String(255))  # the record it speaks of, once read
    processed_at: Mapped[datetime | None] = mapped_column(Moment)


class Job(ShopOwned, Base):
    """Work owed for one record of one shop by one flow."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state in ('ready','running','held','dead','done','ignored')", name="state"),
        Index(
            "uq_job_open",
            "shop_id",
            "flow",
            "record",
            unique=True,
            postgresql_where=text("state in ('ready','held','dead')"),
        ),
        Index(
            "uq_job_running",
            "shop_id",
            "flow",
            "record",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
        Index("ix_job_ready", "shop_id", "lane", "due_at", "id", postgresql_where=text("state = 'ready'")),
        Index(
            "ix_job_flow",
            "shop_id",
            "flow",
            "lane",
            "due_at",
            "id",
            postgresql_where=text("state = 'ready'"),
        ),
        Index("ix_job_lease", "lease_until", postgresql_where=text("state = 'running'")),
        Index("ix_job_held", "shop_id", "misses", postgresql_where=text("state = 'held'")),
        Index(
            "ix_job_cause",
            "shop_id",
            "cause",
            postgresql_where=text("cause is not null and state in ('ready','running','held','dead')"),
        ),
        Index("ix_job_record", "shop_id", "record", "id"),
        Index("ix_job_finished", "finished_at", postgresql_where=text("state in ('done','ignored')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    flow: Mapped[str] = mapped_column(String(32))
    record: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(10))
    lane: Mapped[int] = mapped_column(SmallInteger)
    asks: Mapped[int] = mapped_column(
        Integer, server_default="1"
    )  # how often it was asked for while it waited
    hint: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'::jsonb")
    )  # e.g. newest delivery id
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    asked_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[uuid.UUID | None] = mapped_column()
    misses: Mapped[str | None] = mapped_column(String(255))  # what a held job waits for
    fault_code: Mapped[str | None] = mapped_column(String(64))
    cause: Mapped[str | None] = mapped_column(String(64))  # the issue that it belongs to, until it succeeds
    reason: Mapped[str] = mapped_column(Text, server_default="")
    money: Mapped[Any | None] = mapped_column(Numeric(20, 4))  # at risk while it is not done
    currency: Mapped[str | None] = mapped_column(String(3))
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class Attempt(ShopOwned, Base):
    """One try of a job: what happened, how long it took, which calls it made."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_job", "job_id"),
        Index("ix_attempt_record", "shop_id", "record", "id"),
        Index("ix_attempt_cause", "shop_id", "cause", postgresql_where=text("cause is not null")),
        Index("ix_attempt_ended", "ended_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[int] = mapped_column(BigInteger)
    flow: Mapped[str] = mapped_column(String(32))
    record: Mapped[str] = mapped_column(String(255))
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[str] = mapped_column(
        String(16)
    )  # done · skipped · transient · rejected · misconfigured · ...
    fault_code: Mapped[str | None] = mapped_column(String(64))
    cause: Mapped[str | None] = mapped_column(String(64))  # fingerprint that groups attempts into an issue
    sentence: Mapped[str] = mapped_column(Text, server_default="")
    detail: Mapped[str] = mapped_column(Text, server_default="")
    exchanges: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))


class Intent(ShopOwned, Base):
    """An outward write that is about to be done, with the key that all its tries share."""

    __tablename__ = "intent"
    __table_args__ = (
        UniqueConstraint("shop_id", "flow", "record", "purpose", "version"),
        CheckConstraint("state in ('intended','unknown','done','refused','dropped')", name="state"),
        Index(
            "ix_intent_open",
            "shop_id",
            "flow",
            "record",
            postgresql_where=text("state in ('intended','unknown')"),
        ),
        Index("ix_intent_record", "shop_id", "record"),
    )

    key: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # UUIDv5 of shop, flow, record, purpose, version
    flow: Mapped[str] = mapped_column(String(32))
    record: Mapped[str] = mapped_column(String(255))
    purpose: Mapped[str] = mapped_column(String(64))  # what is written: sale, credit_note, refund, stock ...
    version: Mapped[int] = mapped_column(Integer)
    variables_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    intended_at: Mapped[datetime] = mapped_column(Moment)
    first_sent_at: Mapped[datetime | None] = mapped_column(Moment)  # keys at Shopify live 24 hours from here
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class Link(ShopOwned, Base):
    """A proven pair: this Shopify record is that ERP document."""

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("connection_id", "kind", "shopify_gid"),
        Index("ix_link_erp", "connection_id", "erp_model", "erp_id"),
        Index("ix_link_record", "shop_id", "record"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("connection.id"))
    kind: Mapped[str] = mapped_column(
        String(32)
    )  # order · agreement · refund · customer · fulfilment · product ...
    shopify_gid: Mapped[str] = mapped_column(String(255))
    record: Mapped[str] = mapped_column(String(255))  # the record whose page shows it
    erp_model: Mapped[str] = mapped_column(String(64))
    erp_id: Mapped[str] = mapped_column(String(128))
    erp_number: Mapped[str] = mapped_column(String(128), server_default="")
    fingerprint: Mapped[str] = mapped_column(String(64), server_default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    linked_at: Mapped[datetime] = mapped_column(Moment)
