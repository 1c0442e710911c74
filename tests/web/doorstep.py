"""The ways into Concord with the local Shopify behind them, and one screen that says who it thinks is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.crypto import Sealer
from kit.db import Database
from oauth import names
from oauth.code_grant import CodeGrant
from oauth.install import Installer
from oauth.signatures import encoded_form
from oauth.tokens import Tokens
from tests.oauth.shopify import ALPHA, APP_URL, ORIGIN, LocalShopify
from web import entry
from web.auth import Doorkeeper, Turned, turned
from web.headers import SecurityHeaders

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Doorstep:
    """Concord's doors in front of a screen."""

    def __init__(self, database: Database, settings: Settings, at: SetClock) -> None:
        self.clock = at
        self.settings = replace(
            settings, app_url=APP_URL, shop_url=f"{ORIGIN}/shops/{{shop}}", admin_url=ORIGIN
        )
        self.shopify = LocalShopify()
        tokens = Tokens(database, self.shopify.door(), Sealer(settings.sealing_keys), self.settings)
        self.installer = Installer(database, tokens)
        self.doorkeeper = Doorkeeper(self.settings, database, self.installer)
        self.code_grant = CodeGrant(database, self.installer, self.settings)
        self.client = TestClient(self._application(), base_url=APP_URL, follow_redirects=False)

    def _application(self) -> SecurityHeaders:
        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
            yield {"settings": self.settings, "doorkeeper": self.doorkeeper, "code_grant": self.code_grant}

        routes = [
            *entry.routes,
            Route("/app", self._screen, methods=["GET", "POST"]),
            Route("/app/{rest:path}", self._screen, methods=["GET", "POST"]),
        ]
        application = Starlette(routes=routes, exception_handlers={Turned: turned}, lifespan=lifespan)
        return SecurityHeaders(application, self.settings)

    def _screen(self, request: Request) -> Response:
        visit = self.doorkeeper.visit(request)
        return HTMLResponse(f"{visit.shop_domain} {visit.person.number} {visit.locale} {visit.host}")

    def query(self, shop: str = ALPHA, **changed: str | None) -> dict[str, str]:
        """What the admin adds to the address of the iframe."""
        query: dict[str, str | None] = {
            "embedded": "1",
            "host": self.host(shop),
            "id_token": self.shopify.id_token(shop),
            "locale": "de",
            "shop": shop,
            "timestamp": str(int(clock.now().timestamp())),
            **changed,
        }
        signed = {name: value for name, value in query.items() if value is not None}
        return signed | {"hmac": encoded_form(signed.items(), self.settings.client_secret)}

    def host(self, shop: str = ALPHA) -> str:
        """The `host` parameter of a shop."""
        return names.host_of(shop, settings=self.settings)

    def open(self, path: str = "/app", **query: str) -> httpx2.Response:
        """Opens an address as a document."""
        return self.client.get(path, params=query)

    def fetch(self, token: str, path: str = "/app", method: str = "POST", **more: Any) -> httpx2.Response:
        """Asks as a script inside the frame does."""
        headers = {"Authorization": f"Bearer {token}", "Sec-Fetch-Dest": "empty", **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)


@contextmanager
def standing(database: Database, settings: Settings) -> Iterator[Doorstep]:
    """The doors, open, at noon, with the app installed in both shops."""
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        doorstep = Doorstep(database, settings, at)
        doorstep.shopify.install()
        doorstep.shopify.install("beta.myshopify.com")
        with doorstep.client:
            yield doorstep
