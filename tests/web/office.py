"""Concord's screens in front of a test: real database, local Shopify and ERP stand-in in the same process.

Ada owns shop Alpha, Bo is her staff, Cy owns shop Beta and must never see Alpha.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from dramatiq.brokers.stub import StubBroker
from starlette.testclient import TestClient

from kit import clock
from kit.config import Settings
from kit.db import Database, connect
from kit.http import Door
from oauth import staff
from sandbox.erp.standin.books import Books
from sandbox.erp.standin.connecting import stocked
from sandbox.erp.standin.connector import KIND
from sandbox.erp.standin.transport import BooksTransport
from sandbox.shopify import app as shopify_app
from sandbox.shopify import seed_data
from sync.actors import Engine
from sync.broker import QUEUES, Nudger
from sync.gateways import Gateways
from tests.oauth.shopify import ALPHA, APP_URL, BETA, ORIGIN, LocalShopify
from web.app import build

ERP = "http://erp.sandbox"
POOL_SIZE = 8


class _Inbox(httpx2.BaseTransport):
    """Hands the local Shopify's deliveries to the office's own door."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._office.client.post(
            request.url.path, content=request.read(), headers=dict(request.headers)
        )
        return httpx2.Response(answer.status_code, content=answer.content)


class Office:
    """The screens, and the hands of whoever uses them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shopify = LocalShopify(webhooks=_Inbox(self))
        self.shopify.install(ALPHA)
        self.shopify.install(BETA)
        self.books = _books()
        self.engine = self._engine()
        self.client = TestClient(
            build(settings, engine=lambda _: self._engine()), base_url=APP_URL, raise_server_exceptions=False
        )

    @property
    def database(self) -> Database:
        """The database behind the screens."""
        return self.engine.gateways.database

    def _engine(self) -> Engine:
        broker = StubBroker()
        for queue in QUEUES:
            broker.declare_queue(queue)
        database = connect(self.settings.database_url, pool_size=POOL_SIZE, application="office")
        door = Door(
            transports={ORIGIN: shopify_app.transport(self.shopify.world), ERP: BooksTransport(self.books)}
        )
        return Engine(Gateways(database, self.settings, door=door, kinds={"standin": KIND}), Nudger(broker))

    def look(self, path: str = "", *, shop: str = ALPHA, who: str = "ada", **words: str) -> httpx2.Response:
        """Opens a screen as a script in the frame does."""
        headers = {"Authorization": f"Bearer {self.shopify.id_token(shop, staff=who)}"}
        headers["Sec-Fetch-Dest"] = "empty"
        return self.client.get(f"/app{path}", params=words, headers=headers)

    def do(self, path: str, *, shop: str = ALPHA, who: str = "ada", **fields: str) -> httpx2.Response:
        """Sends a form of a screen."""
        token = self.shopify.id_token(shop, staff=who)
        return self.client.post(f"/app{path}", data=fields, headers={"Authorization": f"Bearer {token}"})

    def shop_id(self, shop: str = ALPHA) -> int:
        """The id of a shop, which its first visit made."""
        self.look(shop=shop)
        with self.database.transaction() as session:
            found = session.connection().exec_driver_sql("select id from shop where domain = %s", (shop,))
            return int(found.scalar_one())

    def connect(self, **more: str) -> httpx2.Response:
        """Ada fills in the connection form."""
        return self.do("/connection", kind="standin", field_url=ERP, field_key="standin-key-1234", **more)

    def permit(self, *permissions: staff.Permission, who: str = "bo") -> None:
        """Gives a person exactly these permissions."""
        self.look(who=who)
        wanted = {f"may_{each.value}": "yes" for each in permissions}
        people = self.look("/settings").text
        number = people.rpartition("/settings/people/")[2].partition('"')[0]
        assert self.do(f"/settings/people/{number}", **wanted).status_code == 200

    def work(self) -> None:
        """Everything that waits is delivered and done."""
        self.shopify.world.sender.deliver_due()
        self.engine.process_deliveries()
        self.engine.run_jobs()


def _books() -> Books:
    books = stocked("USD", seed_data.catalogue(ALPHA))
    for erp_id, code in (("S1", "SHIPPING"), ("S2", "DISCOUNT"), ("S3", "TIP"), ("S4", "ROUNDING")):
        books.products[erp_id] = {"erp_id": erp_id, "code": code, "name": code.title(), "barcodes": []}
    books.options |= {
        "warehouse": [{"erp_id": "W1", "name": "Main", "code": "WH"}],
        "tax": [
            {"erp_id": "T1", "name": "State", "rate": "0.04"},
            {"erp_id": "T2", "name": "City", "rate": "0.04875"},
        ],
    }
    return books


@contextmanager
def opened(settings: Settings) -> Iterator[Office]:
    """The office, for as long as the block lasts."""
    assert clock.now()
    office = Office(settings)
    with office.client:
        yield office
    office.engine.gateways.database.close()
