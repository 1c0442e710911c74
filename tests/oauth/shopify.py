"""The local Shopify as tests of who may use it: installations, ID tokens, what its token endpoint was asked."""

from __future__ import annotations

from collections.abc import Iterable

import httpx2

from kit import clock
from kit.http import Door
from oauth import scopes
from sandbox.shopify import app, installations, seed, tokens
from sandbox.shopify.settings import Settings, load_app
from sandbox.shopify.store import Store
from sandbox.shopify.world import World
from tests.environments import CLIENT_ID, CLIENT_SECRET

ORIGIN = "http://127.0.0.1:9100"
APP_URL = "https://concord.example"
ALPHA, BETA = seed.ALPHA, seed.BETA


class _Counting(httpx2.BaseTransport):
    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self.asked: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        return self._inner.handle_request(request)


class LocalShopify:
    """One local Shopify in this process. What it delivers goes through `webhooks`, when that is given."""

    def __init__(self, *, webhooks: httpx2.BaseTransport | None = None) -> None:
        configured = load_app(app_url=APP_URL, client_id=CLIENT_ID)
        store = Store(now=clock.now)
        seed.seed(store)
        settings = Settings(app=configured, client_secret=CLIENT_SECRET, origin=ORIGIN)
        client = httpx2.Client(transport=webhooks) if webhooks else None
        self.world = World(settings, store, client=client)
        self._transport = _Counting(app.transport(self.world))

    def door(self, origin: str = ORIGIN) -> Door:
        """A door behind which this Shopify answers."""
        return Door(transports={origin: self._transport})

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """The answer to one request."""
        return self._transport.handle_request(request)

    def install(self, shop: str = ALPHA, *, without: Iterable[str] = ()) -> None:
        """Staff of the shop install the app, with all required scopes or fewer."""
        granted = [name for name in scopes.REQUIRED if name not in set(without)]
        self.world.install(shop, client_id=CLIENT_ID, scopes=granted)

    def uninstall(self, shop: str = ALPHA) -> None:
        """Staff of the shop remove the app."""
        installations.uninstall(self.world.store, shop, client_id=CLIENT_ID)

    def id_token(self, shop: str = ALPHA, *, staff: str = "ada") -> str:
        """What App Bridge would hand to a person right now."""
        return self.world.id_token(shop, wanted=staff)

    def forget_tokens(self, shop: str = ALPHA) -> None:
        """Every token of the app in the shop stops working."""
        tokens.forget(self.world.store, shop, client_id=CLIENT_ID)

    def accepts(self, token: str, shop: str = ALPHA) -> bool:
        """Whether an access token is good in the shop."""
        return tokens.bearer(self.world.store, shop, token) is not None

    @property
    def token_calls(self) -> int:
        """How often the token endpoint was asked."""
        return sum(path.endswith("/admin/oauth/access_token") for path in self._transport.asked)
