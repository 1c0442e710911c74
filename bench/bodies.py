"""Order bodies for the benchmarks: one real body of the local Shopify, given another identity each time.

About ten kilobytes each, as the orders of a typical shop are.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import orders
from sandbox.shopify.seed import seed
from sandbox.shopify.seed_data import catalogue
from sandbox.shopify.store import Event, Store

BODY_BYTES = 10_240
FIRST_ORDER = 8_000_000_000


class OrderBodies:
    """Makes bodies of one shop. The numbers of two bodies never meet."""

    def __init__(self, shop: str, *, lines: int = 3) -> None:
        store = Store(now=lambda: datetime(2026, 11, 20, 9, tzinfo=UTC))
        seed(store)
        events: list[Event] = []
        store.listen(events.append)
        skus = [sku for sku, *_ in catalogue(shop)][:lines]
        orders.create(
            store,
            shop,
            {
                "lines": [{"sku": sku, "quantity": 2} for sku in skus],
                "email": "buyer@example.com",
                "shipping": [{"title": "Standard", "price": "4.90"}],
                "discounts": [{"percent": "10"}],
                # Nobody paid yet: payments are read from Shopify afterwards, and here is no Shopify.
                "financial_state": "pending",
            },
        )
        self._body = next(event.body for event in events if event.topic == "orders/create")
        padding = BODY_BYTES - len(json.dumps(self._body))
        self.total = Decimal(self._body["current_total_price"])
        self._body["note"] = "x" * max(0, padding)

    def make(self, number: int, *, revision: int = 0) -> bytes:
        """The body of the n-th order, as it is after so many changes that cost nothing (its tags)."""
        body: dict[str, Any] = copy.copy(self._body)
        order_id = FIRST_ORDER + number
        body["id"] = order_id
        body["admin_graphql_api_id"] = f"gid://shopify/Order/{order_id}"
        if revision:
            changed_at = datetime.fromisoformat(body["updated_at"]) + timedelta(seconds=revision)
            body |= {"updated_at": changed_at.isoformat(), "tags": f"revision-{revision}"}
        body["name"] = f"#B{number}"
        body["order_number"] = body["number"] = number
        return json.dumps(body).encode()
