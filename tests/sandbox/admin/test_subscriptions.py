"""Webhook subscriptions made by API, and the app's own place in the shop."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify import installations, seed
from tests.sandbox.admin.conftest import Shopify

CREATE = """
mutation Create($topic: WebhookSubscriptionTopic!, $w: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $w) {
    webhookSubscription { id topic uri format includeFields metafieldNamespaces filter name
      endpoint { __typename ... on WebhookHttpEndpoint { callbackUrl } } apiVersion { handle } }
    userErrors { field message } } }
"""
UPDATE = """
mutation Update($id: ID!, $w: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $w) {
    webhookSubscription { id uri filter } userErrors { field message } } }
"""
DELETE = """
mutation Delete($id: ID!) { webhookSubscriptionDelete(id: $id) {
  deletedWebhookSubscriptionId userErrors { field message } } }
"""
LIST = """
query List($uri: String) { webhookSubscriptions(first: 10, uri: $uri) { nodes { id topic } }
  webhookSubscriptionsCount { count precision } }
"""
URI = "https://app.example/webhooks"
Row = dict[str, Any]


def create(shopify: Shopify, topic: str = "ORDERS_CREATE", **wish: Any) -> Row:
    payload: Row = shopify.data(CREATE, {"topic": topic, "w": {"uri": URI, **wish}})[
        "webhookSubscriptionCreate"
    ]
    return payload


def test_a_subscription_is_kept_as_asked(shopify: Shopify) -> None:
    payload = create(shopify, filter="", name="orders", uri=f"  {URI} ")
    made = payload["webhookSubscription"]
    assert payload["userErrors"] == []
    assert made == {
        "id": made["id"],
        "topic": "ORDERS_CREATE",
        "uri": URI,
        "format": "JSON",
        "includeFields": [],
        "metafieldNamespaces": [],
        "filter": "",
        "name": "orders",
        "endpoint": {"__typename": "WebhookHttpEndpoint", "callbackUrl": URI},
        "apiVersion": {"handle": "2026-10"},
    }
    found = shopify.data(LIST)
    assert found["webhookSubscriptions"]["nodes"] == [{"id": made["id"], "topic": "ORDERS_CREATE"}]
    assert found["webhookSubscriptionsCount"] == {"count": 1, "precision": "EXACT"}
    assert shopify.data(LIST, {"uri": "https://other.example"})["webhookSubscriptions"]["nodes"] == []
    assert shopify.data(LIST, shop=seed.BETA)["webhookSubscriptions"]["nodes"] == []


ADDRESSES = [
    ("", ["Address can't be blank"]),
    ("   ", ["Address can't be blank"]),
    ("http://app.example/hooks", ["Address protocol http:// is not supported"]),
    ("ftp://app.example", ["Address protocol ftp:// is not supported"]),
    ("https://", ["Address is invalid"]),
    ("https://alpha.myshopify.com/x", ["Address cannot be a Shopify or an internal domain"]),
    ("https://shopify.com", ["Address cannot be a Shopify or an internal domain"]),
    (
        "pubsub://project",
        [
            "Address protocol pubsub:// is not supported",
            "Address is not a valid GCP pub/sub format. Format should be pubsub://project:topic",
        ],
    ),
    ("pubsub://my-project:goog-x", ["Address is invalid", "Address is not a valid GCP topic id."]),
    ("arn:nonsense", ["Address is invalid", "Address is not a valid AWS ARN"]),
    ("https://[half", ["Address is invalid"]),
    ("kafka://x", ["Address protocol kafka:// is not supported", "Address is not a valid kafka topic"]),
    (f"https://a.example/{'x' * 65_536}", ["Address is too big (maximum is 64 KB)"]),
]


@pytest.mark.parametrize(("uri", "messages"), ADDRESSES)
def test_an_address_that_cannot_be(shopify: Shopify, uri: str, messages: list[str]) -> None:
    payload = create(shopify, uri=uri)
    assert payload["webhookSubscription"] is None
    assert payload["userErrors"] == [
        {"field": ["webhookSubscription", "callbackUrl"], "message": one} for one in messages
    ]


OTHERS: list[tuple[Row, list[str], list[str]]] = [
    (
        {"name": ""},
        ["webhookSubscription", "name"],
        [
            "Name is too short (minimum is 1 character)",
            "Name name field can only contain alphanumeric characters, underscores, and hyphens",
        ],
    ),
    (
        {"filter": "nonsense"},
        ["webhookSubscription"],
        ["The specified filter is invalid, please ensure you specify the field(s) you wish to filter on."],
    ),
    (
        {"filter": f"id:{'1' * 65_536}"},
        ["webhookSubscription"],
        ["The specified filter exceeds the maximum allowed size."],
    ),
    (
        {"format": "XML", "uri": "pubsub://my-project:topic"},
        ["webhookSubscription", "format"],
        ["Format can only be used with format: 'json'"],
    ),
]


@pytest.mark.parametrize(("wish", "field", "messages"), OTHERS)
def test_other_faults(shopify: Shopify, wish: Row, field: list[str], messages: list[str]) -> None:
    assert create(shopify, **wish)["userErrors"] == [{"field": field, "message": one} for one in messages]


def test_the_same_topic_and_address_is_taken_once(shopify: Shopify) -> None:
    create(shopify, name="A")
    taken = create(shopify)["userErrors"]
    assert [one["message"] for one in taken] == ["Address for this topic has already been taken"]
    named = create(shopify, "ORDERS_PAID", name="a")["userErrors"]
    assert [one["message"] for one in named] == ["Name already exists, no duplicate allowed"]


def test_a_refused_change_stores_nothing(shopify: Shopify) -> None:
    made = create(shopify)["webhookSubscription"]["id"]
    refused = shopify.data(UPDATE, {"id": made, "w": {"filter": "x"}})["webhookSubscriptionUpdate"]
    assert refused["webhookSubscription"] is None
    changed = shopify.data(UPDATE, {"id": made, "w": {"uri": f"{URI}/2", "filter": "id:1 AND total:>5"}})
    assert changed["webhookSubscriptionUpdate"]["webhookSubscription"] == {
        "id": made,
        "uri": f"{URI}/2",
        "filter": "id:1 AND total:>5",
    }
    gone = shopify.data(DELETE, {"id": made})["webhookSubscriptionDelete"]
    assert gone == {"deletedWebhookSubscriptionId": made, "userErrors": []}
    for text in (DELETE, UPDATE):
        payload = next(
            iter(shopify.data(text, {"id": made, "w": {}} if text is UPDATE else {"id": made}).values())
        )
        assert payload["userErrors"] == [{"field": ["id"], "message": "Webhook subscription does not exist"}]
    assert shopify.data(f'{{ webhookSubscription(id: "{made}") {{ id }} }}') == {"webhookSubscription": None}


REVOKE = """
mutation Revoke($scopes: [String!]!) { appRevokeAccessScopes(scopes: $scopes) {
  revoked { handle } userErrors { field code message } } }
"""


def test_an_app_reads_and_gives_back_its_scopes(shopify: Shopify) -> None:
    scopes = ["read_products", "read_orders", "write_inventory"]
    installations.grant(shopify.store, seed.ALPHA, client_id="app", scopes=scopes)
    text = "{ currentAppInstallation { id launchUrl uninstallUrl accessScopes { handle } app { apiKey } } }"
    found = shopify.data(text)["currentAppInstallation"]
    assert [one["handle"] for one in found["accessScopes"]] == sorted(scopes)
    assert (found["uninstallUrl"], found["app"]["apiKey"]) == (None, "app")
    assert found["launchUrl"] == "https://alpha.myshopify.com/admin/apps/app"
    mixed = shopify.data(REVOKE, {"scopes": ["read_orders", "read_themes"]})["appRevokeAccessScopes"]
    assert mixed == {
        "revoked": None,
        "userErrors": [
            {
                "field": ["scopes"],
                "code": "UNKNOWN_SCOPES",
                "message": "The requested list of scopes to revoke includes invalid handles.",
            }
        ],
    }
    done = shopify.data(REVOKE, {"scopes": ["read_orders"]})["appRevokeAccessScopes"]
    assert done["revoked"] == [{"handle": "read_orders"}]
    assert [one["handle"] for one in shopify.data(text)["currentAppInstallation"]["accessScopes"]] == [
        "read_products",
        "write_inventory",
    ]


def test_an_app_uninstalls_itself(shopify: Shopify) -> None:
    installations.grant(shopify.store, seed.ALPHA, client_id="app", scopes=["read_orders"])
    create(shopify)
    shopify.data("mutation { appUninstall { app { apiKey } userErrors { message } } }")
    assert installations.current(shopify.store, seed.ALPHA, client_id="app") is None
    assert shopify.store.all(seed.ALPHA, "subscription") == []
    assert "app/uninstalled" in shopify.topics()
