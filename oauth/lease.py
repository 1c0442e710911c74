"""One token call at a time per shop, among all processes: a lease in the shop's row, taken by conditional update.

No lock and no connection is held while Shopify is asked, so nothing breaks behind a connection pooler and nothing
is blocked by a process that dies: its lease runs out. Whoever lost the lease may not store what it was told.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database
from oauth.models import Shop

# Longer than the slowest call at the door: connect, pool and read time-outs together.
LEASE = timedelta(seconds=40)
# No clock of a machine is ahead by so much: the lease was taken before a clock jumped back.
FAR_AHEAD = timedelta(minutes=10)


def take(database: Database, shop_id: int) -> uuid.UUID | None:
    """The lease, or None while someone else holds it."""
    mine, now = uuid.uuid4(), clock.now()
    with database.transaction() as session:
        taken = session.execute(
            update(Shop)
            .where(
                Shop.id == shop_id,
                or_(
                    Shop.token_lease.is_(None),
                    Shop.token_lease_until < now,
                    Shop.token_lease_until > now + FAR_AHEAD,
                ),
            )
            .values(token_lease=mine, token_lease_until=now + LEASE)
            .returning(Shop.id)
        ).scalar_one_or_none()
    return mine if taken is not None else None


def hold(session: Session, shop_id: int, lease: uuid.UUID) -> Shop | None:
    """The shop's row, locked for this transaction, if the lease is still ours; None if it ran out and was taken."""
    return session.scalar(
        select(Shop)
        .where(Shop.id == shop_id, Shop.token_lease == lease)
        .with_for_update(key_share=True)  # deliveries of the shop can still be stored meanwhile
        .execution_options(populate_existing=True)
    )


def give_back(database: Database, shop_id: int, lease: uuid.UUID) -> None:
    """Ends the lease if it is still ours."""
    with database.transaction() as session:
        session.execute(
            update(Shop)
            .where(Shop.id == shop_id, Shop.token_lease == lease)
            .values(token_lease=None, token_lease_until=None)
        )
