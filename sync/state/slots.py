"""Places at an ERP: a connection has so many, and all processes together take no more.

A place is a row with a lease; whoever holds it is the row's id. A killed process loses its places when the lease runs
out; a living one renews them with `beat`. It refuses nobody for longer than a moment: who finds no place comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database, all_shops, shared_now
from kit.faults import Misconfigured, Transient
from kit.sql import Sql
from sync.state.settings_models import Connection, Slot

LEASE_SECONDS = 90.0  # longer than the longest single call; `beat` renews it for those who make several
AHEAD = timedelta(seconds=2 * LEASE_SECONDS)
COME_BACK_SECONDS = 2.0
TRIES = 5  # two takers may choose the same place at the same moment

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
            _GIVE_BACK.run(session, id=place)


def beat(database: Database) -> None:
    """Renews the leases of all places that this process holds."""
    with _holding:
        held = list(_held)
    if held:
        until = shared_now() + timedelta(seconds=LEASE_SECONDS)
        with database.transaction() as session:
            session.execute(all_shops(update(Slot).where(Slot.id.in_(held)).values(lease_until=until)))


def in_use(database: Database, connection: Connection) -> int:
    """How many places are taken at the moment."""
    with database.transaction(shop_id=connection.shop_id) as session:
        held = select(func.count()).where(
            Slot.connection_id == connection.id, Slot.lease_until > shared_now()
        )
        return session.scalar(held) or 0


# One statement in the usual case: the free numbers are tried in no order, so that takers seldom meet.
_TAKE = Sql(
    """
    insert into slot (shop_id, connection_id, number, lease_until)
    select c.shop_id, c.id, n,
           coalesce(%(told)s::timestamptz, statement_timestamp()) + make_interval(secs => %(seconds)s)
    from connection c cross join lateral generate_series(0, c.slots - 1) n
    where c.id = %(connection_id)s and c.shop_id = %(shop_id)s
      and not exists (select 1 from slot s where s.connection_id = c.id and s.number = n)
    order by random()
    limit 1
    on conflict (connection_id, number) do nothing
    returning id
    """
)
_GIVE_BACK = Sql("delete from slot where id = %(id)s and shop_id = %(shop_id)s")


def _take(database: Database, *, shop_id: int, connection_id: int) -> int:
    told = clock.now() if clock.is_set() else None
    values = {"connection_id": connection_id, "told": told, "seconds": LEASE_SECONDS}
    with database.transaction(shop_id=shop_id) as session:
        for _ in range(TRIES):
            place = _TAKE.run(session, **values).scalar()
            if place is not None:
                return int(place)
            dead = delete(Slot).where(
                Slot.connection_id == connection_id,
                # One that ends far too late was taken before PostgreSQL's clock jumped back.
                or_(Slot.lease_until <= shared_now(), Slot.lease_until > shared_now() + AHEAD),
            )
            if session.execute(dead.returning(Slot.id)).first() is None and _is_full(session, connection_id):
                break
    raise NoPlace(connection_id)


def _is_full(session: Session, connection_id: int) -> bool:
    """Whether all places are taken. Raises Misconfigured when the connection is gone."""
    places = session.scalar(select(Connection.slots).where(Connection.id == connection_id))
    if places is None:
        raise Misconfigured(
            "connection_gone", "The ERP connection was removed.", misses=f"connection:{connection_id}"
        )
    used = session.scalar(select(func.count()).where(Slot.connection_id == connection_id)) or 0
    return used >= places
