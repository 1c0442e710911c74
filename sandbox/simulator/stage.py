"""Puts the whole play on one stage: local Shopify, ERP stand-in, PostgreSQL, engine and clock, all in one thread.

It owns how the parts are connected and how a killed process is started again. What happens is up to the acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
import psycopg
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import select, text

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import Database
from kit.http import Door
from oauth import id_token, signatures
from oauth.install import Installer
from oauth.models import Shop
from sandbox.erp.standin.books import Books
from sandbox.erp.standin.connecting import connect
from sandbox.erp.standin.connector import KIND
from sandbox.erp.standin.transport import BooksTransport
from sandbox.shopify import bulk, seed_data
from sandbox.shopify import settings as shopify_settings
from sandbox.shopify.app import transport
from sandbox.shopify.seed import seed as seed_shops
from sandbox.shopify.store import Store
from sandbox.shopify.world import World
from sandbox.simulator.fuse import Fuse, FusedDatabase, FusedTransport
from sync.actors import Engine
from sync.broker import QUEUES, Nudger
from sync.flows import arrivals
from sync.gateways import Gateways
from sync.schedule import Clock
from sync.state import inbox

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
ERP_ORIGIN = "http://erp.sandbox"
ERP_KEY = "standin-key"
APP_ORIGIN = "https://concord.sandbox"
SHOPS = ("alpha.myshopify.com", "beta.myshopify.com")
CURRENCIES = {"alpha.myshopify.com": "USD", "beta.myshopify.com": "EUR"}


class DoorOfConcord(httpx2.BaseTransport):
    """What the web process does with a delivery, without the event loop: verify, store, answer."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """200 after the commit, 401 for a wrong signature, 503 while the process is dead."""
        stage = self._stage
        if stage.is_web_down:
            return httpx2.Response(503, request=request)
        secrets = signatures.client_secrets(stage.settings)
        delivery = signatures.verify_delivery(request.headers, request.read(), secrets=secrets)
        inbox.store(stage.inbox, [delivery])
        return httpx2.Response(200, request=request)


@dataclass
class Erp:
    """One shop's ERP: its books and the way to them."""

    books: Books
    way: FusedTransport


class Stage:
    """One play. `engine` and `clockwork` are the processes of Concord; both die when the fuse burns."""

    def __init__(
        self, settings: Settings, database_engine: SqlEngine, inbox_connection: psycopg.Connection[Any]
    ) -> None:
        self.settings = settings
        self.clock = SetClock(START)
        self.fuse = Fuse()
        self.inbox = inbox_connection
        self.is_web_down = False
        self.plain = Database(database_engine)
        self._database_engine = database_engine
        app = shopify_settings.load_app(app_url=APP_ORIGIN, client_id=settings.client_id)
        self.store = Store(now=clock.now)
        self.world = World(
            shopify_settings.Settings(
                app=app, client_secret=settings.client_secret.reveal(), origin=settings.admin_url
            ),
            self.store,
            client=httpx2.Client(transport=DoorOfConcord(self)),
        )
        self.shopify = FusedTransport(transport(self.world), self.fuse, "Shopify")
        self.erps: dict[str, Erp] = {}

    def open(self) -> None:
        """Seeds the shops, installs Concord, connects each shop's ERP and publishes its mapping."""
        seed_shops(self.store)
        for domain in SHOPS:
            books = Books(CURRENCIES[domain])
            for number, (sku, title, _price, barcode) in enumerate(seed_data.catalogue(domain), 1):
                books.products[f"I{number}"] = {
                    "erp_id": f"I{number}",
                    "code": sku,
                    "name": title,
                    "barcodes": [barcode],
                }
            self.erps[domain] = Erp(books, FusedTransport(BooksTransport(books), self.fuse, "the ERP"))
        self.start()
        for domain in SHOPS:
            self.install(domain)
            self._connect(domain)

    def start(self) -> None:
        """Starts the processes of Concord (again): nothing survives in memory."""
        self.fuse.renew()
        transports: dict[str, httpx2.BaseTransport] = {
            self._origin(self.settings.shop_url): self.shopify,
            bulk.DEFAULT_ORIGIN: self.shopify,
        }
        for domain, each in self.erps.items():
            transports[_erp_origin(domain)] = each.way
        database = FusedDatabase(self._database_engine, self.fuse)
        gateways = Gateways(
            database, self.settings, door=Door(transports=transports), kinds={"standin": KIND}
        )
        self.engine = Engine(gateways, Nudger(_silent_broker()))
        self.clockwork = Clock(self.engine)

    def install(self, domain: str) -> None:
        """Ada opens the app from the partner link: grant, ID token, token exchange."""
        self.world.install(domain, client_id=self.settings.client_id, scopes=self.world.app.required_scopes)
        self.visit(domain)

    def visit(self, domain: str) -> None:
        """Staff opens the app."""
        token = self.world.id_token(domain)
        gateways = self.engine.gateways
        identity = id_token.verify(token, settings=self.settings)
        Installer(gateways.database, gateways.tokens, ask=arrivals.ask).arrive(identity, token)

    def shop_id(self, domain: str) -> int:
        """Our id of a shop."""
        with self.plain.transaction() as session:
            return session.execute(select(Shop.id).where(Shop.domain == domain)).scalar_one()

    def _connect(self, domain: str) -> None:
        connect(
            self.plain,
            self.engine.gateways.sealer,
            shop_id=self.shop_id(domain),
            url=_erp_origin(domain),
            key=ERP_KEY,
        )

    @staticmethod
    def _origin(url: str) -> str:
        return "/".join(url.split("/")[:3])


def _silent_broker() -> StubBroker:
    """A broker that wakes nobody: in a play the acts decide who works."""
    broker = StubBroker(middleware=[])
    for queue in QUEUES:
        broker.declare_queue(queue)
    return broker


def _erp_origin(domain: str) -> str:
    return f"{ERP_ORIGIN}-{domain.partition('.')[0]}"


def empty(database_engine: SqlEngine) -> None:
    """Takes all rows out of a database: cheaper than a new one for each seed."""
    with database_engine.begin() as connection:
        names = connection.execute(
            text(
                "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
            )
        ).scalars()
        listed = ", ".join(f'"{name}"' for name in names)
        connection.execute(text("alter table audit_entry disable trigger audit_kept"))
        connection.execute(text(f"truncate {listed} restart identity cascade"))
        connection.execute(text("alter table audit_entry enable trigger audit_kept"))
