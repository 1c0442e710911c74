"""Bodies of topics that no order tells: each satisfies its schema and names its record."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.shopify import bodies, seed
from sandbox.shopify.commands import customers, disputes, orders
from tests.sandbox.admin import schemas
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.specs import ADDRESS, PLAIN

KINDS = {
    "companies/create": "company",
    "company_locations/create": "company_location",
    "customers/create": "customer",
    "customers/update": "customer",
    "customers/delete": "customer",
    "inventory_items/update": "inventory_item",
    "inventory_levels/connect": "inventory_level",
    "inventory_levels/update": "inventory_level",
    "locations/create": "location",
    "products/create": "product",
    "products/delete": "product",
    "shop/update": "shop",
    "app/uninstalled": "shop",
}


@pytest.mark.parametrize("shop", [seed.ALPHA, seed.BETA])
@pytest.mark.parametrize("topic", KINDS)
def test_a_body_satisfies_its_schema(shopify: Shopify, shop: str, topic: str) -> None:
    document = shopify.first(KINDS[topic], shop=shop)
    body = bodies.build(shopify.store, shop, topic, document)
    schemas.check(topic, body)
    if "id" in body and topic != "inventory_levels/update":
        assert document["id"].split("?")[0].endswith(f"/{body['id']}")


GROUPS = json.loads((schemas.DATA / "webhook-widenings.json").read_text())["groups"]
PLACES = [
    (topic, path, also)
    for group in GROUPS
    for topic in group["topics"]
    for path in group["paths"]
    for also in group["also"]
]


def place_in(schema: Any, path: str) -> Any:
    """The part of a schema that a path leads to."""
    for name in path.split("."):
        options = [schema, *schema.get("anyOf", [])]
        if name == "*":
            schema = next(one["items"] for one in options if isinstance(one.get("items"), dict))
        else:
            schema = next(one["properties"][name] for one in options if name in one.get("properties", {}))
    return schema


@pytest.mark.parametrize(("topic", "path", "also"), PLACES)
def test_a_widening_names_a_place_that_is_too_narrow(topic: str, path: str, also: str) -> None:
    place = place_in(schemas.of(topic).schema, path)
    if also == "rows":
        assert place["items"] is False
    else:
        assert also not in ([place["type"]] if isinstance(place["type"], str) else place["type"])


def test_every_widening_says_why_and_none_is_told_twice() -> None:
    assert all(group["why"].endswith(".") for group in GROUPS)
    assert len(PLACES) == len(set(PLACES))


def test_a_body_beyond_the_schema_is_seen(shopify: Shopify) -> None:
    body = bodies.build(shopify.store, seed.ALPHA, "customers/create", shopify.first("customer"))
    assert list(schemas.faults("customers/create", {**body, "email": 5, "last_name": None})) == [
        ("email", "number: 5 is not of type 'string'")
    ]


def test_a_dispute_is_opened_and_lost(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    shopify.events.clear()
    disputes.dispute(shopify.store, seed.ALPHA, order_id, {"reason": "general"})
    disputes.dispute(shopify.store, seed.ALPHA, order_id, {"outcome": "lost"})
    opened, lost = (event.body for event in shopify.events if event.topic.startswith("disputes/"))
    schemas.check("disputes/create", opened)
    schemas.check("disputes/update", lost)
    assert (opened["status"], lost["status"], opened["amount"]) == ("needs_response", "lost", "257.92")
    assert (opened["finalized_on"], lost["finalized_on"] is None) == (None, False)
    read = shopify.data(f'{{ order(id: "{order_id}") {{ disputes {{ status initiatedAs }} }} }}')
    assert read["order"]["disputes"] == [{"status": "LOST", "initiatedAs": "CHARGEBACK"}]
    with pytest.raises(orders.Refused, match="no open dispute"):
        disputes.dispute(shopify.store, seed.ALPHA, order_id, {"outcome": "won"})


def test_a_merge_names_both_customers(shopify: Shopify) -> None:
    kept, gone = (row["id"] for row in shopify.store.all(seed.ALPHA, "customer")[:2])
    body = bodies.build(shopify.store, seed.ALPHA, "customers/merge", {"keptId": kept, "deletedId": gone})
    schemas.check("customers/merge", body)
    assert body["admin_graphql_api_customer_kept_id"] == kept


def test_every_topic_with_a_schema_can_be_built_or_belongs_to_the_platform() -> None:
    platform = {"app/scopes_update", "customers/data_request", "customers/redact", "shop/redact"}
    assert set(schemas.topics()) - bodies.TOPICS.keys() == platform


def test_an_unknown_topic_is_refused(shopify: Shopify) -> None:
    with pytest.raises(bodies.UnknownTopic, match="carts/create"):
        bodies.build(shopify.store, seed.ALPHA, "carts/create", {})


@pytest.mark.parametrize(
    ("shop", "offset"), [(seed.ALPHA, timedelta(hours=-5)), (seed.BETA, timedelta(hours=1))]
)
def test_times_carry_the_offset_of_the_shop(shopify: Shopify, shop: str, offset: timedelta) -> None:
    body = bodies.build(shopify.store, shop, "customers/create", shopify.first("customer", shop=shop))
    written = datetime.fromisoformat(body["updated_at"])
    assert (written.utcoffset(), written) == (offset, shopify.now)


def test_yen_has_no_decimals_in_a_body(shopify: Shopify) -> None:
    orders.create(shopify.store, seed.ALPHA, {**PLAIN, "presentment_currency": "JPY"})
    body = next(event.body for event in shopify.events if event.topic == "orders/create")
    assert "." not in body["total_price_set"]["presentment_money"]["amount"]
    assert body["total_price"] == body["total_price_set"]["shop_money"]["amount"] == "257.92"


def test_a_new_customer_is_told_once_and_found_again(shopify: Shopify) -> None:
    orders.create(shopify.store, seed.ALPHA, PLAIN)
    orders.create(shopify.store, seed.ALPHA, PLAIN)
    assert shopify.topics().count("customers/create") == 1
    made = shopify.store.all(seed.ALPHA, "customer")[-1]
    customers.update(
        shopify.store, seed.ALPHA, made["id"], {"note": "Calls first", "address": {"city": "Salem"}}
    )
    body = shopify.events[-1].body
    assert (body["note"], body["default_address"]["city"], body["email"]) == (
        "Calls first",
        "Salem",
        PLAIN["email"],
    )
    assert body["default_address"]["last_name"] == ADDRESS["last_name"]
    schemas.check("customers/update", body)
