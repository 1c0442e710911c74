"""The whole stack in one process: local Shopify, Concord's web and worker, an ERP stand-in, on real PostgreSQL.

It owns how the parts are put together. What people do with them is up to the journeys.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx2
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select
from starlette.types import Receive, Scope, Send

from kit import config
from kit.config import Settings
from kit.db import Database, connect
from kit.http import Door
from oauth.models import Shop
from sandbox.erp.standin import app as erp_app
from sandbox.erp.standin.books import Books
from sandbox.erp.standin.connecting import stocked
from sandbox.erp.standin.connector import KIND
from sandbox.shopify import seed_data
from sandbox.shopify import settings as shopify_settings
from sandbox.shopify.app import build as build_shopify
from sandbox.shopify.seed import seed
from sandbox.shopify.store import Store
from sync.actors import Engine
from sync.broker import QUEUES, Nudger
from sync.domain.feeds import CreditTold
from sync.domain.money import Money
from sync.flows import refund_pull
from sync.gateways import Gateways
from sync.state import jobs
from sync.state.models import Lane
from tests.browser.serving import HOST, free_socket, served
from web.app import build as build_web

ALPHA = "alpha.myshopify.com"
ERP_KEY = "standin-key-0123456789"
TAXES = (("state", "0.04"), ("city", "0.04875"))
POOL_SIZE = 12
LOOK_SECONDS = 0.1
ANSWER_SECONDS = 20.0


class ErpDoor:
    """The ERP's HTTP face, whose lock can be changed while it stands."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.lock(ERP_KEY)

    def lock(self, key: str) -> None:
        """From now on only this key opens."""
        self._app = erp_app.build(self._books, key=key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        await self._app(scope, receive, send)


@dataclass
class Stack:
    """Everything a journey needs."""

    shopify: str  # origin of the local Shopify
    concord: str
    erp: str
    books: Books
    erp_door: ErpDoor
    settings: Settings
    database: Database
    http: httpx2.Client

    def control(self, path: str, **values: Any) -> Any:
        """What the outside world does: places an order, asks for data, uninstalls."""
        answer = self.http.post(f"{self.shopify}/control{path}", json=values)
        answer.raise_for_status()
        return answer.json()

    def link(self, shop: str = ALPHA) -> str:
        """A fresh partner link."""
        return str(self.control(f"/shops/{shop}/link")["url"])

    def order(self, shop: str = ALPHA, **spec: Any) -> dict[str, Any]:
        """Places an order, as a buyer would."""
        placed: dict[str, Any] = self.control(f"/shops/{shop}/orders", **spec)
        return placed

    def act(self, path: str, **fields: str) -> None:
        """Ada sends a form of the app, without a browser."""
        token = self.control(f"/shops/{ALPHA}/id-token")["id_token"]
        headers = {"Authorization": f"Bearer {token}"}
        self.http.post(f"{self.concord}/app{path}", data=fields, headers=headers).raise_for_status()

    def permit_second_person(self, *permissions: str) -> None:
        """Ada lets the second person who ever opened the app do this much."""
        self.act("/settings/people/2", **dict.fromkeys(permissions, "yes"))

    def credit(self, erp_id: str, order: dict[str, Any], total: str) -> None:
        """Concord hears of a credit note that the ERP posted for an order."""
        origin = str(order["number"])
        told = CreditTold(number=f"CN-{erp_id}", origin=origin, total=Money(Decimal(total), "USD"))
        with self.database.transaction() as session:
            shop_id = session.scalars(select(Shop.id).where(Shop.domain == ALPHA)).one()
        with self.database.transaction(shop_id=shop_id) as session:
            jobs.ask(
                session,
                shop_id=shop_id,
                flow=refund_pull.FLOW,
                record=f"gid://shopify/Order/{origin}#credit:{erp_id}",
                lane=Lane.ORDERS,
                hint={"values": told.plain()},
            )

    def set_up(self) -> None:
        """Alpha with the app installed, the ERP connected and a mapping in force."""
        self.control(f"/shops/{ALPHA}/install")
        self.act("/connection", kind="standin", field_url=self.erp, field_key=ERP_KEY)
        self.act("/mappings/suggest")
        self.act("/mappings/publish")

    def admin(self, path: str = "", shop: str = "alpha") -> str:
        """The address of a screen of the app in the admin."""
        base = f"{self.shopify}/store/{shop}/apps/{self.settings.client_id}"
        return f"{base}/app{path}" if path else base


@contextmanager
def running(environment: dict[str, str]) -> Iterator[Stack]:
    """The stack, for as long as the block lasts."""
    shopify_socket, shopify = free_socket()
    web_socket, concord = free_socket()
    erp_socket, erp = free_socket()
    settings = config.read(
        environment
        | {
            "CONCORD_APP_URL": concord,
            "CONCORD_SHOPIFY_SHOP_URL": f"{shopify}/shops/{{shop}}",
            "CONCORD_SHOPIFY_ADMIN_URL": shopify,
            "CONCORD_APP_BRIDGE_URL": f"{shopify}/cdn/shopifycloud/app-bridge.js",
            "CONCORD_POLARIS_URL": f"{shopify}/cdn/shopifycloud/polaris-1.js",
            "CONCORD_ERP_PRIVATE_HOSTS": HOST,
            "CONCORD_SANDBOX": "yes",
        }
    )
    books = _books()
    with ExitStack() as stack:
        worker = stack.enter_context(_working(settings))
        stack.enter_context(served(_local_shopify(settings, shopify, concord), shopify_socket))
        door = ErpDoor(books)
        stack.enter_context(served(door, erp_socket))
        stack.enter_context(served(build_web(settings, engine=_engine), web_socket))
        http = stack.enter_context(httpx2.Client(timeout=ANSWER_SECONDS, trust_env=False))
        yield Stack(
            shopify=shopify,
            concord=concord,
            erp=erp,
            books=books,
            erp_door=door,
            settings=settings,
            database=worker.gateways.database,
            http=http,
        )


def _engine(settings: Settings) -> Engine:
    database = connect(settings.database_url, pool_size=POOL_SIZE, application="concord-journey")
    broker = StubBroker()
    for queue in QUEUES:
        broker.declare_queue(queue)
    door = Door(allowed_private=settings.erp_private_hosts)
    return Engine(Gateways(database, settings, door=door, kinds={"standin": KIND}), Nudger(broker))


@contextmanager
def _working(settings: Settings) -> Iterator[Engine]:
    """A worker that looks for work all the time, so that no broker is needed to wake it."""
    engine = _engine(settings)

    def work() -> None:
        while not engine.is_stopping.wait(LOOK_SECONDS):
            engine.process_deliveries()
            engine.run_jobs()

    thread = threading.Thread(target=work, name="worker", daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        engine.is_stopping.set()
        thread.join(ANSWER_SECONDS)
        engine.gateways.door.close()
        engine.gateways.database.close()


def _local_shopify(settings: Settings, origin: str, concord: str) -> Any:
    app = shopify_settings.load_app(app_url=concord, client_id=settings.client_id)
    store = Store()
    seed(store)
    chosen = shopify_settings.Settings(
        app=app, client_secret=settings.client_secret.reveal(), origin=origin, clock_factor=60.0
    )
    return build_shopify(chosen, store, threads=True)


def _books() -> Books:
    """An ERP that knows the shop's products, and lists to choose from."""
    books = stocked("USD", seed_data.catalogue(ALPHA))
    for erp_id, code, name in (
        ("S1", "SHIPPING", "Shipping"),
        ("S2", "DISCOUNT", "Discount"),
        ("S3", "TIP", "Tip"),
        ("S4", "ROUNDING", "Rounding"),
        ("S5", "GIFTCARD", "Gift card"),
    ):
        books.products[erp_id] = {"erp_id": erp_id, "code": code, "name": name, "barcodes": []}
    books.options |= {
        "warehouse": [{"erp_id": "W1", "name": "Main warehouse", "code": "WH"}],
        "tax": [
            {"erp_id": f"T{number}", "name": f"Sales tax {name}", "rate": rate}
            for number, (name, rate) in enumerate(TAXES, 1)
        ],
        "carrier": [{"erp_id": "C1", "name": "Parcel"}],
    }
    return books
