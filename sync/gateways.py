"""Opens the two doors for a shop: token and client make Shopify, credential and kind make a connector.

The simulator and the tests hand in a `Door` whose transports lead to a sandbox in the same process; nothing else
differs from production.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from kit import clock
from kit.config import Settings
from kit.crypto import Sealer, Secret
from kit.db import Database
from kit.faults import Misconfigured
from kit.http import Door
from oauth import erp
from oauth.tokens import Tokens
from sync.connectors.base import Connector, Opening, Option, OptionKind
from sync.connectors.registry import KINDS, Kind, open_connector
from sync.domain.mapper import Catalogue
from sync.shopify.client import Client
from sync.state import breakers, slots
from sync.state.budgets import SharedBudget
from sync.state.settings_models import Connection, ConnectionState

REMEMBER_SECONDS = 60.0


@dataclass
class _Known:
    """ERP products by code or barcode, as they were a moment ago."""

    until: float
    options: dict[str, Option]


class Gateways:
    """Opens doors. One per process."""

    def __init__(
        self, database: Database, settings: Settings, *, door: Door, kinds: Mapping[str, Kind] = KINDS
    ) -> None:
        self.database = database
        self.settings = settings
        self.door = door
        self.kinds = kinds
        self.sealer = Sealer(settings.sealing_keys)
        self._products: dict[int, _Known] = {}
        self._lock = threading.Lock()
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

    def catalogue(self, connection: Connection, connector: Connector, codes: Sequence[str]) -> Catalogue:
        """The ERP's products with these codes or barcodes. What was found is remembered for a moment; what was not
        is looked up again each time, so that a product that was just created is seen."""
        with self._lock:
            known = self._products.get(connection.id)
            if known is None or known.until < clock.monotonic():
                known = self._products[connection.id] = _Known(clock.monotonic() + REMEMBER_SECONDS, {})
        unknown = [code for code in codes if code not in known.options]
        if unknown:
            for product in connector.options(OptionKind.PRODUCT, codes=unknown):
                for code in (product.code, *product.barcodes):
                    if code in unknown:
                        known.options[code] = product
        found = [known.options[code] for code in codes if code in known.options]
        return Catalogue.of({product.erp_id: product for product in found}.values())

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
        return open_connector(
            self.kinds,
            connection.kind,
            Opening(address=connection.address, secret=secret, door=self.door, shop_domain=shop_domain),
        )
