"""A local Shopify in this process, with a clock that moves only when told and an app that notes what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sandbox.shopify.app import build, transport
from sandbox.shopify.seed import seed
from sandbox.shopify.settings import Settings, load_app
from sandbox.shopify.store import Store
from sandbox.shopify.world import World

ALPHA, BETA = "alpha.myshopify.com", "beta.myshopify.com"
SECRET = "a-secret-of-these-tests"
APP_URL = "https://app.example"


@dataclass
class Clock:
    """The time of the play."""

    at: datetime = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Forward by days, hours, minutes or seconds."""
        self.at += timedelta(**by)


@dataclass
class App(httpx2.BaseTransport):
    """The app at the other end: answers with `status`, or not at all, and keeps every request."""

    status: int = 200
    is_down: bool = False
    requests: list[httpx2.Request] = field(default_factory=list)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Notes the request, then answers as it was told to."""
        request.read()
        self.requests.append(request)
        if self.is_down:
            raise httpx2.ConnectError("refused", request=request)
        return httpx2.Response(self.status, request=request)

    def topics(self) -> list[str]:
        """The topics of what came, in order."""
        return [request.headers["x-shopify-topic"] for request in self.requests]


@dataclass
class Sandbox:
    """Everything a test touches."""

    world: World
    web: TestClient
    application: Starlette

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the control API that has to succeed."""
        response = self.web.request(method, f"/control{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def token(self, **fields: str) -> httpx2.Response:
        """One call of Alpha's token endpoint with the app's credentials."""
        credentials = {"client_id": self.world.app.client_id, "client_secret": SECRET}
        return self.web.post(f"/shops/{ALPHA}/admin/oauth/access_token", json=credentials | fields)

    def ask(self, token: str, query: str = "{ shop { name } }") -> httpx2.Response:
        """One question to Alpha's Admin API."""
        return self.web.post(
            f"/shops/{ALPHA}/admin/api/2026-10/graphql.json",
            json={"query": query},
            headers={"X-Shopify-Access-Token": token},
        )

    def install(self, shop: str = ALPHA) -> None:
        """Installs the app with its required scopes."""
        self.world.install(shop, client_id=self.world.app.client_id, scopes=self.world.app.required_scopes)

    def direct(self) -> httpx2.Client:
        """A client that reaches the same addresses without a server."""
        return httpx2.Client(transport=transport(self.world), base_url="http://shopify.sandbox")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def sandbox(clock: Clock, app: App) -> Iterator[Sandbox]:
    store = Store(now=clock)
    seed(store)
    settings = Settings(app=load_app(app_url=APP_URL), client_secret=SECRET)
    application = build(settings, store, client=httpx2.Client(transport=app))
    with TestClient(application, base_url="http://127.0.0.1:9100", follow_redirects=False) as web:
        yield Sandbox(world=application.state.world, web=web, application=application)
