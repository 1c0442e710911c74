"""Rows of who may: shop, grant, staff, credential, audit entry. Secrets are stored sealed, never plain.

The state of an installation is explicit; every change of it is written to the audit log by the module that does it.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, ShopOwned

Moment = TIMESTAMP(timezone=True)


class Installation(StrEnum):
    """The relation of a shop to us."""

    INSTALLED = "installed"
    NEEDS_VISIT = "needs_visit"  # the tokens are lost: the next visit of staff mints new ones
    SCOPES_MISSING = "scopes_missing"
    UNINSTALLED = "uninstalled"
    REDACTED = "redacted"


class Shop(Base):
    """One Shopify store that installed us. The row outlives uninstallation; personal data does not."""

    __tablename__ = "shop"
    __table_args__ = (
        UniqueConstraint("domain"),
        CheckConstraint(
            "state in ('installed','needs_visit','scopes_missing','uninstalled','redacted')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    domain: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(255), server_default="")
    currency: Mapped[str] = mapped_column(String(3), server_default="")
    timezone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    policies: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    installed_at: Mapped[datetime] = mapped_column(Moment)
    uninstalled_at: Mapped[datetime | None] = mapped_column(Moment)
    redacted_at: Mapped[datetime | None] = mapped_column(Moment)
    # What the marks of its buyers' addresses are made with; without it nobody can tell which address a mark is of.
    sealed_mark_key: Mapped[str | None] = mapped_column(Text)
    # Whoever asks Shopify for tokens of this shop holds this lease: one call at a time among all processes.
    token_lease: Mapped[uuid.UUID | None] = mapped_column()
    token_lease_until: Mapped[datetime | None] = mapped_column(Moment)


class Grant(ShopOwned, Base):
    """The stored permission of a shop: the expiring offline token and the token that refreshes it, both sealed."""

    __tablename__ = "grant"
    __table_args__ = (UniqueConstraint("shop_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    access_token: Mapped[str] = mapped_column(Text)
    access_expires_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  # none: a token of the old, non-expiring kind
    refresh_token: Mapped[str | None] = mapped_column(Text)
    refresh_expires_at: Mapped[datetime | None] = mapped_column(Moment)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    # An older notice of Shopify never replaces a newer one.
    scopes_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    minted_with: Mapped[str] = mapped_column(String(16), server_default="")  # mark of the client secret
    is_valid: Mapped[bool] = mapped_column(server_default=text("true"))
    obtained_at: Mapped[datetime] = mapped_column(Moment)
    renewal_due_at: Mapped[datetime | None] = mapped_column(
        Moment
    )  # after a renewal by the clock that failed


class Staff(ShopOwned, Base):
    """A person in the shop's admin, known by the number that Shopify signs. Names are not stored."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("shop_id", "shopify_user_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shopify_user_id: Mapped[str] = mapped_column(String(32))
    permissions: Mapped[list[str]] = mapped_column(ARRAY(String))
    first_seen_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)


class Credential(ShopOwned, Base):
    """The sealed secret of one connection to an ERP."""

    __tablename__ = "credential"
    __table_args__ = (Index(None, "shop_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(String(64), server_default="")  # e.g. the last four characters
    changed_at: Mapped[datetime] = mapped_column(Moment)


class UsedState(Base):
    """A `state` nonce of the authorization-code grant that came back once; it never works again."""

    __tablename__ = "used_state"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(Moment)


class AuditEntry(Base):
    """Who did what, when, from where, before and after. Append-only: triggers refuse update, truncate and delete,
    except of rows older than the retention."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "shop_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shop_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shop.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(String(64))  # staff:123 · support:7 · shopify · clock · operator
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255), server_default="")
    address: Mapped[str] = mapped_column(String(64), server_default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class PrivacyRequest(ShopOwned, Base):
    """A request of a customer or a shop about personal data, and the proof of its answer. It holds numbers, no names;
    the file of an answer is sealed and ends."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        UniqueConstraint("shop_id", "webhook_id"),
        CheckConstraint("kind in ('data_request','customer_redact','shop_redact')", name="kind"),
        Index("ix_privacy_request_file", "file_expires_at", postgresql_where=text("sealed_file is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    webhook_id: Mapped[str] = mapped_column(String(128))
    customer_gid: Mapped[str | None] = mapped_column(String(255))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)  # the law's limit, not ours
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    sealed_file: Mapped[str | None] = mapped_column(Text)
    file_expires_at: Mapped[datetime | None] = mapped_column(Moment)
    downloaded_at: Mapped[datetime | None] = mapped_column(Moment)
