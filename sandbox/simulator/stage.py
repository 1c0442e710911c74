"""Puts the whole play on one stage: local Shopify, ERP stand-in, PostgreSQL, engine and clock, all in one thread.

It owns how the parts are connected and how a killed process is started again. What happens is up to the acts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
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
from sandbox.shopify import bulk, installations, seed_data
from sandbox.shopify import settings as shopify_settings
from sandbox.shopify.app import transport
from sandbox.shopify.seed import seed as seed_shops
from sandbox.shopify.store import Store
from sandbox.shopify.world import World
from sandbox.simulator.fuse import Fuse, FusedDatabase, FusedTransport
from sync.actors import Engine
from sync.broker import QUEUES, Nudger
from sync.domain import rules_json
from sync.domain.ownership import Group, Side
from sync.flows import arrivals, product_pull
from sync.gateways import Gateways
from sync.schedule import Clock
from sync.state import inbox, jobs, mappings
from sync.state.models import Lane
from sync.state.settings_models import Connection

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
ERP_ORIGIN = "http://erp.sandbox"
ERP_KEY = "standin-key"
APP_ORIGIN = "https://concord.sandbox"
SHOPS = ("alpha.myshopify.com", "beta.myshopify.com")
CURRENCIES = {"alpha.myshopify.com": "USD", "beta.myshopify.com": "EUR"}
WAREHOUSE = "W1"
OPEN: Mapping[str, Any] = {
    "roads": {"stock": "on", "shipments": "on", "refunds": "on", "products": "link_only", "prices": "on"},
    "owners": {Group.REFUND.value: Side.ERP.value},
    "refunds": {"per_refund": None, "per_day": None},
}


class DoorOfConcord(httpx2.BaseTransport):
    """What the web process does with a delivery, without the event loop: verify, store, answer."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """200 after the commit, 401 for a wrong signature, 503 while the process is dead."""
        stage = self._stage
        if stage.is_web_down:
            stage.fuse.seen["web down"] += 1
            return httpx2.Response(503, request=request)
        secrets = signatures.client_secrets(stage.settings)
        delivery = signatures.verify_delivery(request.headers, request.read(), secrets=secrets)
        inbox.store(stage.inbox, [delivery])
        if stage.answers_to_lose:
            stage.answers_to_lose -= 1
            stage.fuse.seen["web killed after its commit"] += 1
            raise httpx2.ReadError("the process is gone", request=request)
        return httpx2.Response(200, request=request)


@dataclass
class Erp:
    """One shop's ERP: its books, the way to them, and what its own people did there."""

    books: Books
    way: FusedTransport
    is_closed: bool = False  # it takes no documents
    prices: dict[str, Decimal] = field(default_factory=dict)  # by product, as last told
    credits: dict[str, tuple[str, Decimal]] = field(default_factory=dict)  # order and total by number
    parcels: dict[str, str] = field(default_factory=dict)  # order by the number of its parcel


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
        self.answers_to_lose = 0  # deliveries after whose commit the web process dies
        self.jumped_seconds = 0.0  # how far our clock is off; Shopify's never is
        self.has_roads_back = False
        self.plain = Database(database_engine)
        self._database_engine = database_engine
        app = shopify_settings.load_app(app_url=APP_ORIGIN, client_id=settings.client_id)
        self.store = Store(now=self.true_time)
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

    def true_time(self) -> datetime:
        """The time that everybody else has."""
        return clock.now() - timedelta(seconds=self.jumped_seconds)

    def jump(self, seconds: float) -> None:
        """Our clock is set to another time, while the world's goes on."""
        self.clock.move(seconds)
        self.jumped_seconds += seconds
        self.fuse.seen["clock jumped forwards" if seconds > 0 else "clock jumped back"] += 1

    def open_roads(self) -> None:
        """Every shop lets everything come back from its ERP: the first location is fed by the ERP's warehouse."""
        self.has_roads_back = True
        for domain, erp in self.erps.items():
            erp.books.is_reserving = True
            location = self.store.views(domain, "location")[0]["id"]
            with self.plain.transaction(shop_id=self.shop_id(domain)) as session:
                connection = session.scalars(select(Connection)).one()
                rules = rules_json.read_rules(mappings.in_force(session, connection.id).rules)
                rules = replace(rules, warehouses={location: (WAREHOUSE,)})
                shop_id, connection_id = connection.shop_id, connection.id
                mappings.save_draft(
                    session,
                    shop_id=shop_id,
                    connection_id=connection_id,
                    rules=rules_json.write_rules(rules),
                    author="ada",
                )
                mappings.publish(session, shop_id=shop_id, connection_id=connection_id, by="ada")
            with self.plain.transaction() as session:
                shop = session.get_one(Shop, self.shop_id(domain))
                shop.policies = {**shop.policies, **OPEN}
            with self.plain.transaction(shop_id=self.shop_id(domain)) as session:
                jobs.ask(
                    session,
                    shop_id=self.shop_id(domain),
                    flow=product_pull.FLOW,
                    record=arrivals.RECORD,
                    lane=Lane.CATALOGUE,
                )
        # Products are paired, and each feed has begun, before anybody acts: what happened earlier is not carried over.
        self.engine.run_jobs(limit=50)
        self.clockwork.tick()
        self.engine.run_jobs(limit=50)

    def is_installed(self, domain: str) -> bool:
        """Whether the shop has Concord now."""
        return installations.current(self.store, domain, client_id=self.settings.client_id) is not None

    def uninstall(self, domain: str) -> None:
        """The merchant removes Concord."""
        if installations.uninstall(self.store, domain, client_id=self.settings.client_id):
            self.fuse.seen["uninstalled"] += 1
            self.clock.move(1)  # nobody comes back within the same instant

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
        """Ada comes from the partner link: grant, ID token, token exchange."""
        self.visit(domain)

    def visit(self, domain: str) -> None:
        """Staff opens the app; where it is gone they install it first."""
        if not self.is_installed(domain):
            scopes = self.world.app.required_scopes
            self.world.install(domain, client_id=self.settings.client_id, scopes=scopes)
        token = self.world.id_token(domain)
        gateways = self.engine.gateways
        identity = id_token.verify(token, settings=self.settings)
        Installer(gateways.database, gateways.tokens, ask=arrivals.ask).arrive(identity, token)

    def shop(self, domain: str) -> Shop:
        """Our row of a shop."""
        with self.plain.transaction() as session:
            return session.execute(select(Shop).where(Shop.domain == domain)).scalar_one()

    def shop_id(self, domain: str) -> int:
        """Our id of a shop."""
        return self.shop(domain).id

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
