"""Rows of what is set: connection, mapping version, cursor; and of what is shared: budget, slot, breaker, issue.

They change rarely (settings) or on every call (budget, slot); none of them is part of a record's history.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, ShopOwned

Moment = TIMESTAMP(timezone=True)


class ConnectionState(StrEnum):
    """Whether we may write to the ERP."""

    ACTIVE = "active"
    PAUSED = "paused"  # a person stopped it
    BROKEN = "broken"  # the credential or the address is refused


class Connection(ShopOwned, Base):
    """One shop's link to one ERP."""

    __tablename__ = "connection"
    __table_args__ = (
        UniqueConstraint("shop_id", "name"),
        CheckConstraint("state in ('active','paused','broken')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    address: Mapped[dict[str, Any]] = mapped_column(
        JSONB
    )  # url, database, ... : what the kind's form asks for
    credential_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("credential.id"))
    slots: Mapped[int] = mapped_column(Integer, server_default="4")  # calls that may run at the same time
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    changed_at: Mapped[datetime] = mapped_column(Moment)


class MappingVersion(ShopOwned, Base):
    """A version of the mapping rules of one connection. Published versions never change."""

    __tablename__ = "mapping_version"
    __table_args__ = (
        UniqueConstraint("connection_id", "number"),
        CheckConstraint("state in ('draft','published','superseded')", name="state"),
        Index(
            "uq_mapping_published", "connection_id", unique=True, postgresql_where=text("state = 'published'")
        ),
        Index("uq_mapping_draft", "connection_id", unique=True, postgresql_where=text("state = 'draft'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("connection.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(Text, server_default="")
    author: Mapped[str] = mapped_column(String(64), server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    published_at: Mapped[datetime | None] = mapped_column(Moment)


class Cursor(ShopOwned, Base):
    """How far a feed was read."""

    __tablename__ = "cursor"
    __table_args__ = (UniqueConstraint("shop_id", "feed"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    feed: Mapped[str] = mapped_column(String(64))
    position: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    polled_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    quiet_polls: Mapped[int] = mapped_column(Integer, server_default="0")


class FailingRhythm(Base):
    """A regular act of the clock that fails: how often in a row, and since when."""

    __tablename__ = "failing_rhythm"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, server_default="1")
    error_kind: Mapped[str] = mapped_column(String(64))
    since_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment)


class Budget(ShopOwned, Base):
    """The Admin API cost bucket of a shop as all processes see it, fed by Shopify's own throttle status."""

    __tablename__ = "budget"
    __table_args__ = (UniqueConstraint("shop_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    available: Mapped[float] = mapped_column(Float)
    maximum: Mapped[float] = mapped_column(Float)
    restore_per_second: Mapped[float] = mapped_column(Float)
    measured_at: Mapped[datetime] = mapped_column(Moment)


class OperationCost(ShopOwned, Base):
    """What an operation asked for and really cost: the estimate of its next call."""

    __tablename__ = "operation_cost"
    __table_args__ = (UniqueConstraint("shop_id", "operation"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operation: Mapped[str] = mapped_column(String(64))
    requested: Mapped[float] = mapped_column(Float)
    actual: Mapped[float] = mapped_column(Float)
    calls: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Slot(ShopOwned, Base):
    """One taken place at an ERP. A slot whose lease has run out is free again."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("connection_id", "number"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("connection.id"))
    number: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[datetime] = mapped_column(Moment)


class Breaker(ShopOwned, Base):
    """Stops calls to an ERP that keeps failing, lets one probe through, closes by itself."""

    __tablename__ = "breaker"
    __table_args__ = (UniqueConstraint("connection_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("connection.id"))
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    probe_at: Mapped[datetime | None] = mapped_column(Moment)
    sentence: Mapped[str] = mapped_column(Text, server_default="")


class Issue(ShopOwned, Base):
    """Attempts with one cause, shown as one. It opens with the first and resolves by itself with the last."""

    __tablename__ = "issue"
    __table_args__ = (
        CheckConstraint("state in ('open','ignored','resolved')", name="state"),
        Index("uq_issue_open", "shop_id", "cause", unique=True, postgresql_where=text("state <> 'resolved'")),
        Index("ix_issue_shop", "shop_id", "state", "last_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    cause: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    flow: Mapped[str] = mapped_column(String(32))
    fault_kind: Mapped[str] = mapped_column(String(16))
    fault_code: Mapped[str] = mapped_column(String(64))
    connector: Mapped[str] = mapped_column(String(32), server_default="")
    field: Mapped[str] = mapped_column(String(255), server_default="")
    sentence: Mapped[str] = mapped_column(Text)
    misses: Mapped[str | None] = mapped_column(String(255))
    sample_record: Mapped[str] = mapped_column(String(255))
    attempts: Mapped[int] = mapped_column(Integer, server_default="1")
    first_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str] = mapped_column(String(64), server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")


class Snapshot(ShopOwned, Base):
    """The newest canonical record we know of a Shopify record: what its page shows and what a later delta compares."""

    __tablename__ = "snapshot"
    __table_args__ = (
        UniqueConstraint("shop_id", "record"),
        Index("ix_snapshot_customer", "shop_id", "customer_gid"),
        Index("ix_snapshot_mark", "shop_id", "buyer_mark", postgresql_where=text("buyer_mark is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    record: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(255), server_default="")  # e.g. #1001
    customer_gid: Mapped[str | None] = mapped_column(String(255))
    buyer_mark: Mapped[str | None] = mapped_column(String(64))  # of the e-mail address, see `marks`
    body: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # none once redacted
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    occurred_at: Mapped[datetime | None] = mapped_column(Moment)
    updated_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  # Shopify's: an older body never replaces a newer one
    read_at: Mapped[datetime] = mapped_column(Moment)
