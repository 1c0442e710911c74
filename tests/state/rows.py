"""Rows that tests of the engine start from: shop Alpha of Ada, and its connection to an ERP."""

from __future__ import annotations

from kit import clock
from kit.db import Database
from oauth.models import Installation, Shop
from sync.state.settings_models import Connection, ConnectionState


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
