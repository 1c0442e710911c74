"""A seeded local Shopify in memory, with a clock that stands still until it is told to move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.shopify import admin, seed
from sandbox.shopify.schema import data
from sandbox.shopify.store import Event, Store

ALL_SCOPES = frozenset(
    scope
    for part in ("types", "fields")
    for entry in data("offline-scopes.json")[part].values()
    for scope in entry["scopes"]
) | {"write_orders", "read_all_orders", "read_shopify_payments_payouts"}


@dataclass
class Shopify:
    """The local Shopify under test."""

    now: datetime = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(now=lambda: self.now)
        seed.seed(self.store)
        self.store.listen(self.events.append)

    def wait(self, **span: float) -> None:
        """Moves the clock."""
        self.now += timedelta(**span)

    def ask(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        shop: str = seed.ALPHA,
        scopes: frozenset[str] = ALL_SCOPES,
        client: str = "app",
        name: str | None = None,
        version: str = "2026-10",
    ) -> dict[str, Any]:
        """The body of an answer."""
        payload = {"query": query, "variables": variables or {}, "operationName": name}
        answer = admin.answer(
            self.store, shop=shop, scopes=scopes, client_id=client, payload=payload, version=version
        )
        assert answer.status == 200
        return answer.body

    def data(self, query: str, variables: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        body = self.ask(query, variables, **options)
        assert "errors" not in body, body["errors"]
        found: dict[str, Any] = body["data"]
        return found

    def topics(self) -> list[str]:
        """The topics told since the last call."""
        told = [event.topic for event in self.events]
        self.events.clear()
        return told

    def first(self, kind: str, *, shop: str = seed.ALPHA) -> dict[str, Any]:
        """The first stored document of a kind."""
        return self.store.all(shop, kind)[0]


@pytest.fixture
def shopify() -> Shopify:
    """A fresh, seeded store."""
    return Shopify()
