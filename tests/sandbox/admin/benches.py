"""What the tests of writes work on: one item at one place, and one plain order."""

from __future__ import annotations

from typing import Any

from sandbox.shopify import seed
from sandbox.shopify.commands import orders
from tests.sandbox.admin import documents
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.specs import ORDER, PLAIN

Row = dict[str, Any]


class StockBench:
    """One mug at one place."""

    def __init__(self, shopify: Shopify) -> None:
        self.shopify = shopify
        rows = shopify.store.all(seed.ALPHA, "inventory_item")
        self.items = [row["id"] for row in rows]
        self.mug = next(row["id"] for row in rows if row["sku"] == "ALP-MUG")
        self.place, self.other = (row["id"] for row in shopify.store.all(seed.ALPHA, "location"))
        self.keys = 0

    def row(
        self, quantity: int = 5, *, item: str | None = None, place: str | None = None, was: int | None = None
    ) -> Row:
        return {
            "inventoryItemId": item or self.mug,
            "locationId": place or self.place,
            "quantity": quantity,
            "changeFromQuantity": was,
        }

    def change(self, delta: int = 1, *, ledger: str | None = None, was: int | None = None, **ids: str) -> Row:
        row = {
            "delta": delta,
            "inventoryItemId": ids.get("item", self.mug),
            "locationId": ids.get("place", self.place),
        }
        return {**row, "changeFromQuantity": was} | ({"ledgerDocumentUri": ledger} if ledger else {})

    def send(self, text: str, wish: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
        self.keys += 1
        data = self.shopify.data(text, {"input": wish, "key": key or f"key-{self.keys}"})
        payload: dict[str, Any] = next(iter(data.values()))
        return payload

    def set(
        self, *rows: Row, name: str = "available", reason: str = "correction", key: str | None = None
    ) -> Row:
        wish = {"name": name, "reason": reason, "quantities": list(rows)}
        return self.send(documents.SET, wish, key=key)

    def adjust(self, *rows: Row, name: str = "available", reason: str = "correction") -> Row:
        return self.send(documents.ADJUST, {"name": name, "reason": reason, "changes": list(rows)})

    def read(self, *names: str, place: str | None = None) -> list[int]:
        found = self.shopify.data(
            "query Q($item: ID!, $place: ID!, $names: [String!]!) { inventoryItem(id: $item) {"
            " inventoryLevel(locationId: $place) { quantities(names: $names) { quantity } } } }",
            {"item": self.mug, "place": place or self.place, "names": list(names)},
        )
        return [row["quantity"] for row in found["inventoryItem"]["inventoryLevel"]["quantities"]]


class OrderBench:
    """One plain order of three mugs and two shirts."""

    def __init__(self, shopify: Shopify, spec: Row = PLAIN) -> None:
        self.shopify = shopify
        self.keys = 0
        self.id = orders.create(shopify.store, seed.ALPHA, spec)
        shopify.events.clear()

    @property
    def order(self) -> Row:
        found: Row = self.shopify.data(ORDER, {"id": self.id})["order"]
        return found

    def line(self, sku: str = "ALP-MUG") -> str:
        return str(next(one["id"] for one in self.order["lineItems"]["nodes"] if one["sku"] == sku))

    def sale(self) -> str:
        return str(self.order["transactions"][0]["id"])

    def part(self) -> Row:
        found: Row = self.order["fulfillmentOrders"]["nodes"][0]
        return found

    def send(self, text: str, variables: Row) -> Row:
        payload: Row = next(iter(self.shopify.data(text, variables).values()))
        return payload

    def refund(self, *, key: str | None = None, **wish: Any) -> Row:
        self.keys += 1
        return self.send(
            documents.REFUND, {"input": {"orderId": self.id, **wish}, "key": key or f"key-{self.keys}"}
        )

    def paid_back(self, amount: str, **more: Any) -> Row:
        row = {
            "orderId": self.id,
            "gateway": "any",
            "kind": "REFUND",
            "amount": amount,
            "parentId": self.sale(),
        }
        return {"transactions": [{**row, **more}]}
