"""The table of topics agrees with what Shopify is told, with its schema, and with the bodies that it documents."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLEnumType

from sandbox.shopify.schema import schema
from sync.shopify import topics
from sync.shopify.topics import TOPICS, Home

APP = tomllib.loads((Path(__file__).parents[2] / "shopify.app.toml").read_text(encoding="utf-8"))
GRANTED = APP["access_scopes"]["scopes"].split(",")
OPTIONAL = APP["access_scopes"]["optional_scopes"]


def declared(key: str) -> set[str]:
    return {name for one in APP["webhooks"]["subscriptions"] for name in one.get(key, [])}


def test_what_the_app_declares_and_what_the_table_says_is_the_same() -> None:
    assert {topic.name for topic in topics.of_app()} == declared("topics")
    assert {name for name, topic in TOPICS.items() if topic.home is Home.COMPLIANCE} == declared(
        "compliance_topics"
    )


def test_every_topic_for_all_shops_needs_no_more_than_every_shop_grants() -> None:
    assert [topic.name for topic in topics.of_app() if not topic.is_open_to(GRANTED)] == []


def test_every_topic_of_a_shop_can_be_opened_by_an_optional_scope() -> None:
    for topic in topics.of_shop([*GRANTED, *OPTIONAL]):
        assert topic.scopes, topic.name
    assert {topic.name for topic in TOPICS.values() if topic.home is Home.SHOP} == {
        topic.name for topic in topics.of_shop([*GRANTED, *OPTIONAL])
    }


def test_a_shop_is_asked_only_for_topics_that_its_grant_opens() -> None:
    assert [topic.name for topic in topics.of_shop(["read_customer_merge"])] == ["customers/merge"]
    assert topics.of_shop([]) == ()


def test_every_topic_of_a_shop_is_one_that_the_admin_api_knows() -> None:
    known = schema().type_map["WebhookSubscriptionTopic"]
    assert isinstance(known, GraphQLEnumType)
    assert {topic.enum for topic in TOPICS.values() if topic.home is not Home.COMPLIANCE} <= set(known.values)


@pytest.mark.parametrize(
    ("topic", "body", "record"),
    [
        (
            "orders/updated",
            {"admin_graphql_api_id": "gid://shopify/Order/7", "id": 7},
            "gid://shopify/Order/7",
        ),
        ("orders/updated", {"id": 820982911946154508}, "gid://shopify/Order/820982911946154508"),
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 7}}, "gid://shopify/Order/7"),
        (
            "refunds/create",
            {"admin_graphql_api_id": "gid://shopify/Refund/3", "order_id": 7},
            "gid://shopify/Order/7",
        ),
        (
            "returns/approve",
            {"order": {"admin_graphql_api_id": "gid://shopify/Order/7"}},
            "gid://shopify/Order/7",
        ),
        ("returns/close", {"id": 2, "order_id": 7}, "gid://shopify/Order/7"),
        (
            "fulfillment_orders/moved",
            {"moved_fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/4"}},
            "gid://shopify/FulfillmentOrder/4",
        ),
        ("inventory_levels/update", {"inventory_item_id": 5}, "gid://shopify/InventoryItem/5"),
        ("inventory_levels/update", {}, None),
        ("orders/updated", {"id": 8.2e17}, None),
        ("orders/updated", {"id": True}, None),
        ("orders/updated", {"admin_graphql_api_id": "gid://shopify/Refund/7"}, None),
        ("orders/updated", {"admin_graphql_api_id": "gid://shopify/Order/7/../8"}, None),
        ("orders/edited", {"order_edit": [7]}, None),
    ],
)
def test_a_body_names_its_record_or_nothing(topic: str, body: dict[str, Any], record: str | None) -> None:
    found = topics.find(topic)
    assert found is not None
    assert found.record(body) == record


def test_only_bodies_of_whole_records_are_trusted() -> None:
    whole = {topic.name for topic in TOPICS.values() if topic.is_whole}
    assert whole == {
        "orders/create",
        "orders/updated",
        "orders/cancelled",
        "orders/paid",
        "customers/update",
    }


def test_a_topic_that_nobody_wants_is_not_found() -> None:
    assert topics.find("themes/publish") is None
