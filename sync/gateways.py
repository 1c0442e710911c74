"""Opens the two doors for a shop: token and client make Shopify, credential and kind make a connector.

The simulator and the tests hand in a `Door` whose transports lead to a sandbox in the same process; nothing else
differs from production.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from kit.config import Settings
from kit.crypto import Sealer, Secret
from kit.db import Database
from kit.faults import Misconfigured
from kit.http import Door
from oauth import erp
from oauth.tokens import Tokens
from sync.connectors import registry
from sync.connectors.base import Connector, Opening
from sync.shopify.client import Client
from sync.state import breakers, slots
from sync.state.budgets import SharedBudget
from sync.state.settings_models import Connection, ConnectionState


@dataclass(frozen=True)
class ErpDoor:
    """An open connector with the connection it belongs to."""

    connection: Connection
    connector: Connector


class Gateways:
    """Opens doors. One per process."""

    def __init__(self, database: Database, settings: Settings, *, door: Door) -> None:
        self.database = database
        self.settings = settings
        self.door = door
        self.sealer = Sealer(settings.sealing_keys)
        self.tokens = Tokens(database, door, self.sealer, settings)

    def shopify(self, shop_id: int, shop_domain: str) -> Client:
        """The Admin API of a shop. The token is fetched (and refreshed) per call, never kept."""
        last: list[Secret] = []

        def token() -> Secret:
            last[:] = [self.tokens.access_token(shop_id, shop_domain)]
            return last[0]

        def refused() -> None:
            self.tokens.refused(shop_id, last[0])

        return Client(
            self.door,
            url=self.settings.shop_base(shop_domain),
            api_version=self.settings.api_version,
            token=token,
            budget=SharedBudget(self.database, shop_id=shop_id),
            on_unauthorized=refused,
        )

    def connection_of(self, shop_id: int) -> Connection:
        """The shop's connection. Raises Misconfigured when there is none, or when it is paused or broken."""
        with self.database.transaction(shop_id=shop_id) as session:
            connection = session.scalar(select(Connection).order_by(Connection.id).limit(1))
        if connection is None:
            raise Misconfigured(
                "not_connected",
                "No ERP is connected yet. Connect one on the Connection page.",
                misses="connection",
            )
        if connection.state == ConnectionState.PAUSED:
            raise Misconfigured(
                "connection_paused",
                "The connection to the ERP is paused. Resume it on the Connection page.",
                misses=f"connection:{connection.id}",
            )
        return connection

    @contextmanager
    def erp(self, connection: Connection, shop_domain: str) -> Iterator[Connector]:
        """The ERP of a connection, for one job: behind its breaker, in one of its slots."""
        connector = self.open(connection, shop_domain)
        with breakers.guarded(self.database, connection), slots.taken(self.database, connection):
            yield connector

    def open(self, connection: Connection, shop_domain: str) -> Connector:
        """The connector without slot or breaker: for testing a connection and for pages."""
        if connection.credential_id is None:
            raise Misconfigured(
                "no_credential",
                "The connection has no credential. Enter one on the Connection page.",
                misses=f"credential:{connection.id}",
            )
        with self.database.transaction(shop_id=connection.shop_id) as session:
            secret = erp.open_packed(session, self.sealer, credential_id=connection.credential_id)
        return registry.open_connector(
            connection.kind,
            Opening(address=connection.address, secret=secret, door=self.door, shop_domain=shop_domain),
        )
