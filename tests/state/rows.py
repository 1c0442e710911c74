"""Rows that tests of the engine start from: shop Alpha of Ada, and its connection to an ERP."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database
from oauth.models import Installation, Shop
from sync.state.settings_models import Connection, ConnectionState

PLANNED_AFTER = 12  # a statement is prepared, and its plan kept, when it ran a few times on a connection
_READS = text(
    "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = :name"
).execution_options(all_shops=True)


def rows_read_so_far(session: Session, table: str) -> int:
    """How many rows of a table this transaction has read."""
    return int(session.execute(_READS, {"name": table}).scalar_one())


def a_shop(database: Database, domain: str = "alpha.myshopify.com") -> int:
    """An installed shop; returns its id."""
    with database.transaction() as session:
        shop = Shop(
            domain=domain,
            state=Installation.INSTALLED,
            currency="EUR",
            timezone="Europe/Berlin",
            installed_at=clock.now(),
        )
        session.add(shop)
        session.flush()
        return shop.id


def a_connection(database: Database, shop_id: int, *, slots: int = 4, kind: str = "tryton") -> Connection:
    """An active connection of the shop."""
    with database.transaction(shop_id=shop_id) as session:
        connection = Connection(
            shop_id=shop_id,
            name="main",
            kind=kind,
            address={},
            slots=slots,
            state=ConnectionState.ACTIVE,
            changed_at=clock.now(),
        )
        session.add(connection)
        session.flush()
        return connection
