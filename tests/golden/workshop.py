"""Makes an order with its history at the local Shopify and gives it in both forms: webhook bodies and GraphQL nodes.

Everything is deterministic: the clock steps by the hour with each act, ids come from a fresh store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.shopify import admin
from sandbox.shopify import bodies as rest
from sandbox.shopify.commands import fulfilments, ledger, orders, refunds, returns, sales, totals
from sandbox.shopify.commands.order_store import Refused
from sandbox.shopify.documents import load, stamp
from sandbox.shopify.scopes import with_implied
from sandbox.shopify.seed import seed
from sandbox.shopify.seed_data import ALPHA
from sandbox.shopify.store import Store
from sync.shopify import documents
from sync.shopify.answers import Answer

Document = dict[str, Any]
START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SCOPES = (
    "read_all_orders",
    "read_orders",
    "read_customers",
    "read_returns",
    "read_fulfillments",
    "read_products",
)
MORE_SCOPES = (
    "read_inventory",
    "read_locations",
    "read_merchant_managed_fulfillment_orders",
    "read_companies",
    "read_payment_terms",
)


@dataclass(frozen=True, kw_only=True)
class History:
    """One order: how it was placed, what happened to it, and what to watch for."""

    name: str
    why: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    acts: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    shop: str = ALPHA
    home: Mapping[str, Any] = field(default_factory=dict)  # changes of the shop itself
    placed: Callable[[Document], None] | None = None  # changes the stored order right after it was placed
    body: Callable[[Document], None] | None = (
        None  # changes every body, for what the local Shopify never sends
    )
    node: Callable[[Document], None] | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)  # over the rules that all share


class Hours:
    """A clock that stands still during an act."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def step(self) -> None:
        """An hour later."""
        self.at += timedelta(hours=1)


class InProcess:
    """Runs our documents at the local Shopify without HTTP, with numbers kept exact."""

    def __init__(self, store: Store, shop: str) -> None:
        self.store, self.shop = store, shop

    def run(
        self, operation: str, variables: Mapping[str, Any] | None = None, *, lane: int = 0
    ) -> dict[str, Any]:
        """The data of the answer."""
        document = documents.document(operation)
        payload = {
            "query": document.text,
            "variables": dict(variables or {}),
            "operationName": document.operation,
        }
        scopes = with_implied(frozenset((*SCOPES, *MORE_SCOPES)))
        answer = admin.answer(self.store, shop=self.shop, scopes=scopes, client_id="golden", payload=payload)
        told = json.loads(json.dumps(answer.body), parse_float=Decimal)
        assert "errors" not in told, told["errors"]
        data: dict[str, Any] = told["data"]
        return data

    def ask(self, operation: str, variables: Mapping[str, Any] | None = None, *, lane: int = 0) -> Answer:
        """The whole answer."""
        data = self.run(operation, variables, lane=lane)
        return Answer(data=data, cost=None, denied=(), is_throttled=False, api_version="", request_id="")


class Workshop:
    """One history being played."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.clock = Hours()
        self.store = Store(now=self.clock)
        seed(self.store)
        self.shop = history.shop
        self.returns: list[str] = []
        self.fees: list[str] = []
        if history.home:
            home = self.store.get(self.shop, "shop", self.shop)
            assert home is not None
            sandbox = home["sandbox"] | dict(history.home.get("sandbox", {}))
            self.store.put(self.shop, "shop", self.shop, {**home, **history.home, "sandbox": sandbox})
        self.order_id = orders.create(self.store, self.shop, self._spec())
        if history.placed:
            self.change(history.placed)

    def _spec(self) -> Document:
        """The spec with the shop's own ids for `till` and `branch`."""
        spec = dict(self.history.spec)
        if spec.get("location_id") == "till":
            spec["location_id"] = self.store.all(self.shop, "location")[1]["id"]
        if spec.get("company_location_id") == "branch":
            spec["company_location_id"] = self.store.all(self.shop, "company_location")[0]["id"]
        return spec

    def play(self) -> Iterator[str]:
        """Each act, by its name."""
        for name, arguments in self.history.acts:
            self.clock.step()
            ACTS[name](self, dict(arguments))
            yield name

    def change(self, by: Callable[[Document], None]) -> None:
        """Changes the stored order itself."""
        document = self.order
        by(document)
        self.put(document)

    def put(self, document: Document) -> None:
        """Stores the order as given."""
        self.store.put(self.shop, "order", self.order_id, document)

    @property
    def order(self) -> Document:
        """A copy of the stored order."""
        found = load(self.store, self.shop, self.order_id)
        assert found is not None
        copied: Document = json.loads(json.dumps(found))
        return copied

    def body(self) -> Document:
        """The body of a webhook about the order as it is now."""
        body: Document = json.loads(
            json.dumps(rest.build(self.store, self.shop, "orders/updated", self.order))
        )
        body["token"] = "0" * 32
        body["order_status_url"] = f"https://{self.shop}/orders/{'0' * 32}"
        if self.history.body:
            self.history.body(body)
        return body

    def node(self) -> Document:
        """The order with its ledger as GraphQL tells it, all pages in one."""
        client = InProcess(self.store, self.shop)
        node = client.run("order", {"id": self.order_id})["order"]
        _whole(client, node)
        found = {"order": node, "agreements": _ledger(client, self.order_id)}
        for entry in found["agreements"]:
            self._name_return(entry)
        if self.history.node:
            self.history.node(found)
        plain: Document = json.loads(json.dumps(found, default=float))
        return plain

    def _name_return(self, entry: Document) -> None:
        if entry["id"] in self.returns:
            number = 7000 + self.returns.index(entry["id"])
            entry |= {
                "__typename": "ReturnAgreement",
                "reason": "RETURN",
                "return": {"id": f"gid://shopify/Return/{number}"},
            }
        for sale in entry["sales"]["nodes"]:
            if sale["id"] in self.fees:
                sale |= {
                    "lineType": "FEE",
                    "fee": {"id": sale["id"].replace("AdjustmentSale", "RestockingFee")},
                }


def _whole(client: InProcess, node: Document) -> None:
    while node["lineItems"]["pageInfo"]["hasNextPage"]:
        after = node["lineItems"]["pageInfo"]["endCursor"]
        page = client.run("order_lines", {"id": node["id"], "after": after})["order"]["lineItems"]
        node["lineItems"]["nodes"] += page["nodes"]
        node["lineItems"]["pageInfo"] = page["pageInfo"]


def _ledger(client: InProcess, order_id: str) -> list[Document]:
    """All agreements with all their sales."""
    edges = client.run("order_agreements", {"id": order_id})["order"]["agreements"]["edges"]
    before = None
    for edge in edges:
        sales_page = edge["node"]["sales"]
        while sales_page["pageInfo"]["hasNextPage"]:
            after = sales_page["pageInfo"]["endCursor"]
            told = client.run("order_sales", {"id": order_id, "before": before, "after": after})["order"]
            more = told["agreements"]["nodes"][0]["sales"]
            sales_page["nodes"] += more["nodes"]
            sales_page["pageInfo"] = more["pageInfo"]
        before = edge["cursor"]
    return [edge["node"] for edge in edges]


def _refund(shop: Workshop, spec: Document) -> None:
    refunds.create(shop.store, shop.shop, shop.order_id, spec)


def _pending_refund(shop: Workshop, spec: Document) -> None:
    refunds.create(shop.store, shop.shop, shop.order_id, spec)
    shop.change(lambda order: order["transactions"][-1].update(status="PENDING"))


def _settle_refund(shop: Workshop, spec: Document) -> None:
    shop.change(lambda order: order["transactions"][-1].update(status="SUCCESS"))
    _touch(shop)


def _touch(shop: Workshop) -> None:
    shop.change(lambda order: order.update(updatedAt=stamp(shop.clock())))


def _give_back_and_take(shop: Workshop, spec: Document) -> None:
    """A return, an exchange or a return fee: one ledger entry of kind RETURN, which `node` names so."""
    if spec.get("new"):
        orders.edit(shop.store, shop.shop, shop.order_id, {"add": [dict(one) for one in spec["new"]]})

    def change(order: Document) -> None:
        money = totals.currencies_of(order)
        taken_new = order["agreements"].pop()["sales"] if spec.get("new") else []
        sold = [_back(order, wish) for wish in spec.get("back", [])]
        if spec.get("fee"):
            sold.append(sales.adjustment(money.bag(Decimal(spec["fee"]))))
        at = stamp(shop.clock())
        entry = ledger.agree(shop.store, order, "ORDER_EDIT", sold, at=at, currencies=money)
        entry["sales"] += taken_new
        shop.returns.append(entry["id"])
        shop.fees += [one["id"] for one in entry["sales"] if one["lineType"] == "ADJUSTMENT"]
        order["updatedAt"] = at
        totals.settle(order)

    shop.change(change)


def _back(order: Document, wish: Mapping[str, Any]) -> ledger.Sale:
    money, included = totals.currencies_of(order), order["taxesIncluded"]
    line = next(one for one in order["lineItems"] if one["sku"] == wish["sku"])
    taken, quantity = line["quantity"] - line["currentQuantity"], int(wish["quantity"])
    if quantity > line["refundableQuantity"]:
        raise Refused("Return line item has an invalid quantity.")
    line["currentQuantity"] -= quantity
    line["refundableQuantity"] -= quantity
    return sales.of_line(line, taken=taken, quantity=quantity, sign=-1, included=included, currencies=money)


def _cancel_parcel(shop: Workshop, spec: Document) -> None:
    fulfilments.cancel(shop.store, shop.shop, shop.order["fulfillments"][int(spec["index"])]["id"])


def _cancel_return(shop: Workshop, spec: Document) -> None:
    opened = [one["id"] for one in shop.order["returns"] if one["status"] == "OPEN"]
    if not opened:
        raise Refused("no return is open")
    returns.cancel(shop.store, shop.shop, opened[0])


ACTS: Mapping[str, Callable[[Workshop, Document], Any]] = {
    "refund": _refund,
    "pending_refund": _pending_refund,
    "settle_refund": _settle_refund,
    "edit": lambda shop, spec: orders.edit(shop.store, shop.shop, shop.order_id, spec),
    "cancel": lambda shop, spec: orders.cancel(shop.store, shop.shop, shop.order_id, **spec),
    "change": lambda shop, spec: shop.change(spec["by"]),
    "cancel_parcel": _cancel_parcel,
    "pay": lambda shop, spec: orders.pay(shop.store, shop.shop, shop.order_id, **spec),
    "update": lambda shop, spec: orders.update(shop.store, shop.shop, shop.order_id, spec),
    "ship": lambda shop, spec: fulfilments.create(shop.store, shop.shop, shop.order_id, **spec),
    "return": _give_back_and_take,
    "open_return": lambda shop, spec: returns.create(shop.store, shop.shop, shop.order_id, spec),
    "cancel_return": _cancel_return,
}
