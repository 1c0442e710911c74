"""Places at an ERP: a connection has so many, and all processes together take no more.

A place is a row with a lease; whoever holds it is the row's id. A killed process loses its places when the lease runs
out; a living one renews them with `beat`. It refuses nobody for longer than a moment: who finds no place comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from kit import clock
from kit.db import Database, all_shops, insert
from kit.faults import Misconfigured, Transient
from sync.state.settings_models import Connection, Slot

LEASE_SECONDS = 90.0  # longer than the longest single call; `beat` renews it for those who make several
COME_BACK_SECONDS = 2.0

_held: set[int] = set()
_holding = threading.Lock()


class NoPlace(Transient):
    """All places are taken. Nothing was tried, so it is no attempt."""

    counts = False

    def __init__(self, connection_id: int) -> None:
        super().__init__(
            "no_slot",
            "The ERP is busy with other records of this shop.",
            detail=f"all slots of connection {connection_id} are taken",
            after_seconds=COME_BACK_SECONDS,
        )


@contextmanager
def taken(database: Database, connection: Connection) -> Iterator[int]:
    """Holds a place at the connection's ERP. Raises NoPlace when there is none free. Never across a transaction:
    the place is taken and given back in short ones of its own."""
    place = _take(database, shop_id=connection.shop_id, connection_id=connection.id)
    with _holding:
        _held.add(place)
    try:
        yield place
    finally:
        with _holding:
            _held.discard(place)
        with database.transaction(shop_id=connection.shop_id) as session:
            session.execute(delete(Slot).where(Slot.id == place))


def beat(database: Database) -> None:
    """Renews the leases of all places that this process holds."""
    with _holding:
        held = list(_held)
    if held:
        until = clock.now() + timedelta(seconds=LEASE_SECONDS)
        with database.transaction() as session:
            session.execute(all_shops(update(Slot).where(Slot.id.in_(held)).values(lease_until=until)))


def in_use(database: Database, connection: Connection) -> int:
    """How many places are taken at the moment."""
    with database.transaction(shop_id=connection.shop_id) as session:
        held = select(func.count()).where(Slot.connection_id == connection.id, Slot.lease_until > clock.now())
        return session.scalar(held) or 0


def _take(database: Database, *, shop_id: int, connection_id: int) -> int:
    now = clock.now()
    with database.transaction(shop_id=shop_id) as session:
        # The lock on the connection's row makes takers of one connection queue for a millisecond; it also reads the
        # number of places as it is set now, not as it was when the job began.
        places = session.scalar(
            select(Connection.slots).where(Connection.id == connection_id).with_for_update(key_share=True)
        )
        if places is None:
            raise Misconfigured(
                "connection_gone", "The ERP connection was removed.", misses=f"connection:{connection_id}"
            )
        session.execute(delete(Slot).where(Slot.connection_id == connection_id, Slot.lease_until <= now))
        used = set(session.scalars(select(Slot.number).where(Slot.connection_id == connection_id)))
        number = next((number for number in range(places) if number not in used), None)
        if number is None:
            raise NoPlace(connection_id)
        place: int = session.execute(
            insert(Slot)
            .values(
                shop_id=shop_id,
                connection_id=connection_id,
                number=number,
                lease_until=now + timedelta(seconds=LEASE_SECONDS),
            )
            .returning(Slot.id)
        ).scalar_one()
        return place
