"""Prices for a time: told by the ERP beside the normal price, in force from their start to their end.

A row is kept from the first word on it until it has ended and the former price is back. Nothing here calls anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    String,
    UniqueConstraint,
    delete,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from kit import clock
from kit.db import Base, ShopOwned, all_shops, insert
from sync.domain.feeds import PriceTold
from sync.state.models import Moment


class TimedPrice(ShopOwned, Base):
    """One price of a product, in one price list, for a time. `former` is what Shopify had of each variant before."""

    __tablename__ = "timed_price"
    __table_args__ = (
        UniqueConstraint("connection_id", "product", "price_list", "schedule"),
        Index("ix_timed_price_shop", "shop_id", "product"),
        Index("ix_timed_price_start", "starts_at", postgresql_where=text("begun_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("connection.id"))
    product: Mapped[str] = mapped_column(String(128))
    price_list: Mapped[str] = mapped_column(String(128), server_default="")
    schedule: Mapped[str] = mapped_column(String(128))  # what the ERP calls it
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    starts_at: Mapped[datetime | None] = mapped_column(Moment)  # none: at once
    ends_at: Mapped[datetime | None] = mapped_column(Moment)  # none: until the ERP cancels it
    begun_at: Mapped[datetime | None] = mapped_column(Moment)
    former: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


def tell(session: Session, told: PriceTold, *, shop_id: int, connection_id: int) -> None:
    """Keeps the newest word on a price for a time. One that is cancelled ends now, if it has begun."""
    now = clock.now()
    if told.is_cancelled:
        mine = (
            TimedPrice.connection_id == connection_id,
            TimedPrice.product == told.product,
            TimedPrice.price_list == told.price_list,
            TimedPrice.schedule == told.schedule,
        )
        session.execute(delete(TimedPrice).where(*mine, TimedPrice.begun_at.is_(None)))
        session.execute(update(TimedPrice).where(*mine).values(ends_at=now))
        return
    values = {"values": told.plain(), "starts_at": told.starts_at, "ends_at": told.ends_at}
    key = {"product": told.product, "price_list": told.price_list, "schedule": told.schedule}
    session.execute(
        insert(TimedPrice)
        .values(shop_id=shop_id, connection_id=connection_id, **key, **values)
        .on_conflict_do_update(
            index_elements=[
                TimedPrice.connection_id,
                TimedPrice.product,
                TimedPrice.price_list,
                TimedPrice.schedule,
            ],
            set_=values,
        )
    )


def of(session: Session, *, product: str, price_list: str) -> list[TimedPrice]:
    """The prices for a time of a product that are kept, the first to start first."""
    query = select(TimedPrice).where(TimedPrice.product == product, TimedPrice.price_list == price_list)
    return list(session.scalars(query.order_by(TimedPrice.starts_at.nulls_first(), TimedPrice.id)))


def in_force(rows: list[TimedPrice]) -> TimedPrice | None:
    """The one that holds now: of several, the one that started last."""
    now = clock.now()
    held = [
        row
        for row in rows
        if (row.starts_at is None or row.starts_at <= now) and (row.ends_at is None or row.ends_at > now)
    ]
    return held[-1] if held else None


def begin(session: Session, row: TimedPrice, *, former: Mapping[str, Any]) -> None:
    """It is about to be set. What Shopify had before is kept once, from the first try."""
    session.execute(
        update(TimedPrice)
        .where(TimedPrice.id == row.id, TimedPrice.begun_at.is_(None))
        .values(begun_at=clock.now(), former=dict(former))
    )


def end(session: Session, rows: list[TimedPrice]) -> None:
    """They are over, and the former price is back."""
    end_by_id(session, [row.id for row in rows])


def end_by_id(session: Session, ids: Sequence[int]) -> None:
    """Like `end`, of rows that were read earlier."""
    session.execute(delete(TimedPrice).where(TimedPrice.id.in_(ids)))


def due(session: Session) -> list[tuple[int, str, str]]:
    """Shop, product and price list of what starts or ends by now, in all shops."""
    now = clock.now()
    starts = TimedPrice.begun_at.is_(None) & (TimedPrice.starts_at <= now)
    query = select(TimedPrice).where(or_(starts, TimedPrice.ends_at <= now)).order_by(TimedPrice.id)
    found = {(row.shop_id, row.product, row.price_list) for row in session.scalars(all_shops(query))}
    return sorted(found)
