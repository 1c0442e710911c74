"""Opens the two doors for a shop: token and client make Shopify, credential and kind make a connector.

The simulator and the tests hand in a `Door` whose transports lead to a sandbox in the same process; nothing else
differs from production.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit.config import Settings
from kit.crypto import Sealer, Secret
from kit.db import Database
from kit.faults import Misconfigured
from kit.http import Door
from kit.memory import Moment
from oauth import erp, scopes
from oauth.models import Grant, Shop
from oauth.tokens import Tokens
from sync.connectors.base import Connector, Opening, Option, OptionKind
from sync.connectors.registry import KINDS, Kind, open_connector
from sync.domain.mapper import Catalogue
from sync.domain.rules import Rules
from sync.domain.rules_json import read_rules
from sync.shopify.client import Client
from sync.state import breakers, mappings, slots
from sync.state.budgets import SharedBudget
from sync.state.settings_models import Connection, ConnectionState

PRODUCTS_SECONDS = 60.0
RULES_SECONDS = 600.0
SETTINGS_SECONDS = 2.0  # a paused connection, a new credential or policy is noticed within it


@dataclass(frozen=True, kw_only=True)
class ShopView:
    """What a flow may know of the shop it works for."""

    id: int
    domain: str
    currency: str
    policies: Mapping[str, Any]
    scopes: tuple[str, ...] | None = None  # none: there is no grant at all


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
        self._products: Moment[int, dict[str, Option]] = Moment(PRODUCTS_SECONDS)
        self._shops: Moment[int, ShopView] = Moment(SETTINGS_SECONDS)
        self._rules: Moment[tuple[int, int], Rules] = Moment(RULES_SECONDS)
        self._connections: Moment[int, Connection | None] = Moment(SETTINGS_SECONDS)
        self._secrets: Moment[tuple[int, int], Secret] = Moment(SETTINGS_SECONDS)
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

    def shop(self, shop_id: int) -> ShopView:
        """What a flow may know of its shop, at most a moment old."""
        return self._shops.get(shop_id, lambda: self._look_at(shop_id))

    def lacking_scopes(self, shop_id: int, wanted: Sequence[str]) -> tuple[str, ...]:
        """The wanted scopes that the shop has not granted; none while it has no grant at all, which is another
        trouble. A lack is looked at again: what was granted a moment ago must not be held again."""
        granted = self.shop(shop_id).scopes
        if not wanted or granted is None or scopes.covers(granted, wanted):
            return ()
        self._shops.forget(shop_id)
        return scopes.missing(self.shop(shop_id).scopes or wanted, wanted)

    def rules_in_force(self, session: Session, connection_id: int) -> Rules:
        """The rules of the published version, which never changes and so is read once. Raises Misconfigured when
        nothing was published yet."""
        number = mappings.number_in_force(session, connection_id)
        return self._rules.get(
            (connection_id, number),
            lambda: read_rules(mappings.in_force(session, connection_id).rules),
        )

    def connection_of(self, shop_id: int) -> Connection:
        """The shop's connection. Raises Misconfigured when there is none, or when it is paused."""
        connection = self._connections.get(shop_id, lambda: self._read_connection(shop_id))
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

    def _read_connection(self, shop_id: int) -> Connection | None:
        with self.database.transaction(shop_id=shop_id) as session:
            return session.scalar(select(Connection).order_by(Connection.id).limit(1))

    @contextmanager
    def erp(self, connection: Connection, shop_domain: str) -> Iterator[Connector]:
        """The ERP of a connection, for one job: behind its breaker, in one of its slots."""
        connector = self.open(connection, shop_domain)
        with breakers.guarded(self.database, connection), slots.taken(self.database, connection):
            yield connector

    def catalogue(self, connection: Connection, connector: Connector, codes: Sequence[str]) -> Catalogue:
        """The ERP's products with these codes or barcodes. What was found is remembered for a moment; what was not
        is looked up again each time, so that a product that was just created is seen."""
        known: dict[str, Option] = self._products.get(connection.id, dict)
        unknown = [code for code in codes if code not in known]
        if unknown:
            for product in connector.options(OptionKind.PRODUCT, codes=unknown):
                for code in (product.code, *product.barcodes):
                    if code in unknown:
                        known[code] = product
        found = [known[code] for code in codes if code in known]
        return Catalogue.of({product.erp_id: product for product in found}.values())

    def open(self, connection: Connection, shop_domain: str) -> Connector:
        """The connector without slot or breaker: for testing a connection and for pages."""
        if connection.credential_id is None:
            raise Misconfigured(
                "no_credential",
                "The connection has no credential. Enter one on the Connection page.",
                misses=f"credential:{connection.id}",
            )
        secret = self._secrets.get(
            (connection.shop_id, connection.credential_id),
            lambda: self._open_secret(connection.shop_id, connection.credential_id or 0),
        )
        return open_connector(
            self.kinds,
            connection.kind,
            Opening(
                address=connection.address,
                secret=secret,
                door=self.door,
                shop_domain=shop_domain,
                counts_sold=self.shop(connection.shop_id).policies.get("owners", {}).get("stock") == "split",
            ),
        )

    def _open_secret(self, shop_id: int, credential_id: int) -> Secret:
        with self.database.transaction(shop_id=shop_id) as session:
            return erp.open_packed(session, self.sealer, credential_id=credential_id)

    def _look_at(self, shop_id: int) -> ShopView:
        with self.database.transaction(shop_id=shop_id) as session:
            row = session.get_one(Shop, shop_id)
            granted = session.scalar(select(Grant.scopes))
            return ShopView(
                id=row.id,
                domain=row.domain,
                currency=row.currency,
                policies=row.policies,
                scopes=None if granted is None else tuple(granted),
            )
