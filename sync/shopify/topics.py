"""The webhook topics that Concord wants: where they are declared, what they need, and which record and flow they ask.

A topic declared in `shopify.app.toml` is the same for all shops and Shopify keeps it; one that only some shops want
is made per shop, and Shopify deletes it after repeated failures. It trusts no body further than its topic allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# The same numbers as the lanes of jobs: who goes first has the lower one.
ORDERS, STOCK, CATALOGUE = 10, 20, 30
LONGEST_ID = 20  # digits; Shopify's ids are 64-bit numbers
_NUMBER = re.compile(rf"[0-9]{{1,{LONGEST_ID}}}")


class Home(StrEnum):
    """Where a topic is declared."""

    APP = "app"  # shopify.app.toml, the same for all shops
    COMPLIANCE = "compliance"  # shopify.app.toml, and nowhere else possible
    SHOP = "shop"  # by the API, per shop: only where its module is switched on


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One kind of webhook."""

    name: str  # orders/updated
    home: Home = Home.APP
    scopes: tuple[str, ...] = ()  # any one of them opens it; none: always open
    flow: str | None = None  # none: kept for the record, or served by a handler
    lane: int = ORDERS
    is_whole: bool = False  # the body carries the whole record; otherwise it is only a hint to read
    record_type: str = ""
    paths: tuple[str, ...] = ()  # where the body names the record, best first

    @property
    def enum(self) -> str:
        """The name in the Admin API: ORDERS_UPDATED."""
        return self.name.replace("/", "_").upper()

    def record(self, body: Mapping[str, Any]) -> str | None:
        """The global id of the record that a body speaks of; none when it does not say."""
        for path in self.paths:
            if gid := _gid(self.record_type, _at(body, path)):
                return gid
        return None

    def is_open_to(self, scopes: Iterable[str]) -> bool:
        """Whether a grant with these scopes may receive it."""
        return not self.scopes or not set(self.scopes).isdisjoint(scopes)


_OWN = ("admin_graphql_api_id", "id")
_OF_ORDER = ("order.admin_graphql_api_id", "order.id", "order_id")
_ROUTING = (
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "read_assigned_fulfillment_orders",
)


def _order(event: str, *, is_whole: bool = True, paths: tuple[str, ...] = _OWN) -> Topic:
    return Topic(
        name=f"orders/{event}",
        scopes=("read_orders",),
        flow="order_push",
        is_whole=is_whole,
        record_type="Order",
        paths=paths,
    )


def _return(event: str, *, names_order: bool = True) -> Topic:
    # Two of these bodies name no order; `orders/updated` comes with them and carries the news.
    return Topic(
        name=f"returns/{event}",
        scopes=("read_returns",),
        flow="order_push" if names_order else None,
        record_type="Order",
        paths=_OF_ORDER,
    )


def _routing(event: str) -> Topic:
    return Topic(
        name=f"fulfillment_orders/{event}",
        scopes=_ROUTING,
        record_type="FulfillmentOrder",
        paths=(
            "fulfillment_order.id",
            "moved_fulfillment_order.id",
            "original_fulfillment_order.id",
        ),
    )


def _product(event: str) -> Topic:
    return Topic(
        name=f"products/{event}",
        scopes=("read_products",),
        flow="product_pull",
        lane=CATALOGUE,
        record_type="Product",
        paths=_OWN,
    )


def _kept(name: str, *scopes: str, home: Home = Home.APP, of: str = "") -> Topic:
    return Topic(name=name, home=home, scopes=scopes, record_type=of, paths=_OWN if of else ())


_B2B = ("read_companies",)  # `read_customers` would open them too, but only a shop with B2B needs them
TOPICS: Mapping[str, Topic] = {
    topic.name: topic
    for topic in (
        _kept("customers/data_request", home=Home.COMPLIANCE),
        _kept("customers/redact", home=Home.COMPLIANCE),
        _kept("shop/redact", home=Home.COMPLIANCE),
        _kept("app/uninstalled"),
        _kept("app/scopes_update"),
        _kept("shop/update"),
        _order("create"),
        _order("updated"),
        _order("cancelled"),
        _order("paid"),
        _order("edited", is_whole=False, paths=("order_edit.order_id",)),
        Topic(
            name="refunds/create",
            scopes=("read_orders",),
            flow="order_push",
            record_type="Order",
            paths=("order_id",),
        ),
        _routing("moved"),
        _routing("order_routing_complete"),
        _routing("placed_on_hold"),
        _routing("hold_released"),
        _routing("cancelled"),
        _routing("split"),
        _return("request"),
        _return("approve"),
        _return("update", names_order=False),
        _return("process", names_order=False),
        _return("close"),
        _return("cancel"),
        _return("decline"),
        _return("reopen"),
        _product("create"),
        _product("update"),
        Topic(
            name="inventory_levels/update",
            scopes=("read_inventory",),
            flow="stock_pull",
            lane=STOCK,
            record_type="InventoryItem",
            paths=("inventory_item_id",),
        ),
        _kept("locations/create", "read_locations", of="Location"),
        _kept("locations/update", "read_locations", of="Location"),
        Topic(
            name="customers/update",
            scopes=("read_customers",),
            flow="customer_push",
            lane=CATALOGUE,
            is_whole=True,
            record_type="Customer",
            paths=_OWN,
        ),
        _kept("bulk_operations/finish", of="BulkOperation"),
        Topic(
            name="customers/merge",
            home=Home.SHOP,
            scopes=("read_customer_merge",),
            flow="customer_push",
            lane=CATALOGUE,
            record_type="Customer",
            paths=("admin_graphql_api_customer_kept_id",),
        ),
        _kept("companies/create", *_B2B, home=Home.SHOP, of="Company"),
        _kept("companies/update", *_B2B, home=Home.SHOP, of="Company"),
        _kept("company_locations/create", *_B2B, home=Home.SHOP, of="CompanyLocation"),
        _kept("company_locations/update", *_B2B, home=Home.SHOP, of="CompanyLocation"),
    )
}


def find(name: str) -> Topic | None:
    """The topic of a delivery, or none when Concord does not serve it."""
    return TOPICS.get(name)


def of_app() -> tuple[Topic, ...]:
    """Topics that `shopify.app.toml` declares for all shops."""
    return tuple(topic for topic in TOPICS.values() if topic.home is Home.APP)


def of_shop(scopes: Iterable[str]) -> tuple[Topic, ...]:
    """Topics that a shop with this grant should have by the API."""
    granted = set(scopes)
    return tuple(topic for topic in TOPICS.values() if topic.home is Home.SHOP and topic.is_open_to(granted))


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(body, Mapping):
            return None
        body = body.get(name)
    return body


def _gid(record_type: str, value: Any) -> str | None:
    prefix = f"gid://shopify/{record_type}/"
    match value:
        case bool():
            return None
        case int() if 0 < value < 10**LONGEST_ID:
            return f"{prefix}{value}"
        case str() if value.startswith(prefix) and _NUMBER.fullmatch(value[len(prefix) :]):
            return value
        case _:
            return None
