"""Rows of stock: what the ERP said of a product in a warehouse, and what Shopify was told of an item at a location.

They are kept apart because a location may be fed by several warehouses and a kit by several products.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, ShopOwned
from sync.state.models import Moment


class ErpLevel(ShopOwned, Base):
    """What the ERP has of a product in a warehouse, as it said last."""

    __tablename__ = "erp_level"
    __table_args__ = (UniqueConstraint("connection_id", "erp_item", "warehouse"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("connection.id"))
    erp_item: Mapped[str] = mapped_column(String(128))
    warehouse: Mapped[str] = mapped_column(String(128))
    on_hand: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    reserved: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    sold: Mapped[Decimal | None] = mapped_column(
        Numeric(20, 6)
    )  # of it, through us; none: the ERP did not say
    told_at: Mapped[datetime] = mapped_column(Moment)


class StockTarget(ShopOwned, Base):
    """One value that we keep at Shopify: an inventory item at a location, fed by an ERP product."""

    __tablename__ = "stock_target"
    __table_args__ = (
        UniqueConstraint("connection_id", "item_gid", "location_gid"),
        CheckConstraint("due in ('','batch','alone')", name="due"),
        Index("ix_stock_target_erp", "connection_id", "erp_item"),
        Index(
            "ix_stock_target_change",
            text("(change ->> 'key')"),
            postgresql_where=text("change is not null"),
        ),
        Index("ix_stock_target_due", "shop_id", "location_gid", "due_at", postgresql_where=text("due <> ''")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("connection.id"))
    item_gid: Mapped[str] = mapped_column(String(255))
    location_gid: Mapped[str] = mapped_column(String(255))
    variant_gid: Mapped[str] = mapped_column(String(255))
    erp_item: Mapped[str] = mapped_column(String(128))
    warehouse: Mapped[str] = mapped_column(String(128))  # the first that feeds the location
    sku: Mapped[str] = mapped_column(String(255), server_default="")
    sent: Mapped[int | None] = mapped_column(Integer)  # what we set last
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    seen: Mapped[int | None] = mapped_column(Integer)  # what Shopify had when we looked last
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    due: Mapped[str] = mapped_column(String(5), server_default="")  # '' settled · batch · alone
    due_at: Mapped[datetime | None] = mapped_column(Moment)  # since when
    repairs: Mapped[int] = mapped_column(Integer, server_default="0")  # of drift, in a row
    repaired_at: Mapped[datetime | None] = mapped_column(Moment)
    refusal: Mapped[str] = mapped_column(Text, server_default="")
    base: Mapped[int | None] = mapped_column(
        Integer
    )  # split stock: the ERP's figure up to which Shopify was told
    change: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # begun and not settled
