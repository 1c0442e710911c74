"""The whole web application over a database of its own, with the local Shopify behind it and two filled shops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx2
from starlette.routing import Route
from starlette.testclient import TestClient

from kit.config import Settings
from kit.db import Database
from oauth import names, staff
from sync import broker as brokers
from sync.actors import Engine
from sync.broker import Nudger
from sync.gateways import Gateways
from tests.flows.privacy_rows import Shop
from tests.oauth.shopify import ALPHA, APP_URL, BETA, ORIGIN, LocalShopify
from web import app
from web.routes import routes


class Whole:
    """Concord's web process, with Ada and Bo in shop Alpha and Cy in shop Beta."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.shopify = LocalShopify()
        self.settings = replace(
            settings, app_url=APP_URL, shop_url=f"{ORIGIN}/shops/{{shop}}", admin_url=ORIGIN
        )
        self._broker = brokers.make(settings.redis_url)
        self.gateways = Gateways(database, self.settings, door=self.shopify.door())
        engine = Engine(self.gateways, Nudger(self._broker))
        built = app.build(self.settings, engine=lambda _: engine)
        self.client = TestClient(built, base_url=APP_URL, follow_redirects=False)

    def open_shops(self) -> None:
        """Ada, then Bo, then Cy open the app for the first time; Alpha's tables are filled."""
        for shop, person in ((ALPHA, "ada"), (ALPHA, "bo"), (BETA, "cy")):
            self.shopify.install(shop)
            assert self.show("", shop=shop, person=person).status_code == 200
        with self.gateways.database.transaction() as session:
            from oauth import install

            found = {domain: install.find(session, domain) for domain in (ALPHA, BETA)}
        self.shops = {
            domain: Shop(self.gateways, row.id, domain) for domain, row in found.items() if row is not None
        }
        self.shops[ALPHA].fill()

    def show(self, path: str, *, shop: str, person: str, **query: str) -> httpx2.Response:
        """A person opens a screen as a document."""
        known = {
            "embedded": "1",
            "shop": shop,
            "host": names.host_of(shop, settings=self.settings),
            "id_token": self.shopify.id_token(shop, staff=person),
        }
        return self.client.get(f"/app{path}", params=query | known)

    def act(
        self,
        path: str,
        *,
        shop: str,
        person: str,
        data: dict[str, str],
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """A person does something from inside the frame."""
        token = self.shopify.id_token(shop, staff=person)
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        return self.client.post(f"/app{path}", data=data, headers=sent)

    def people(self, shop: str) -> list[staff.Person]:
        """The staff of a shop."""
        with self.gateways.database.transaction(shop_id=self.shops[shop].id) as session:
            return staff.everyone(session)

    def close(self) -> None:
        """Ends what the process held."""
        self._broker.client.close()


def table() -> list[Route]:
    """Every route of the URL table that is answered by a function."""
    return [route for route in routes() if isinstance(route, Route)]


@contextmanager
def running(database: Database, settings: Settings) -> Iterator[Whole]:
    """The application, started, with its shops."""
    whole = Whole(database, settings)
    with whole.client:
        whole.open_shops()
        yield whole
    whole.close()
