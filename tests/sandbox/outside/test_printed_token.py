"""What somebody can do who only read the line that the process prints: subscribe, receive, verify."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx2
import pytest

from sandbox.shopify.__main__ import greeting
from sandbox.shopify.client_secrets import sign_body
from tests.sandbox.outside.conftest import ALPHA, App, Sandbox

CREATE = """mutation Create($topic: WebhookSubscriptionTopic!, $w: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $w) {
    webhookSubscription { id } userErrors { field message } } }"""
HOOKS = "https://tester.example/hooks"
ORDER = {"lines": [{"sku": "ALP-MUG", "quantity": 2}], "guest": True}


@pytest.fixture
def line(sandbox: Sandbox) -> dict[str, Any]:
    """The printed line, as a tool reads it."""
    read: dict[str, Any] = json.loads(json.dumps(greeting(sandbox.world)))
    return read


def ask(sandbox: Sandbox, line: dict[str, Any], query: str, variables: Any = None) -> Any:
    shop = line["shops"][ALPHA]
    headers = {"X-Shopify-Access-Token": shop["token"]}
    body = {"query": query, "variables": variables}
    return sandbox.web.post(shop["graphql"], json=body, headers=headers).json()


def subscribe(sandbox: Sandbox, line: dict[str, Any], topic: str = "ORDERS_CREATE", **wish: Any) -> Any:
    return ask(sandbox, line, CREATE, {"topic": topic, "w": {"uri": HOOKS, **wish}})


def received(app: App) -> list[httpx2.Request]:
    return [request for request in app.requests if str(request.url) == HOOKS]


def test_the_line_holds_what_was_promised(line: dict[str, Any]) -> None:
    assert {"admin", "control", "shops", "client_secret"} <= line.keys()
    assert line["shops"].keys() == {ALPHA, "beta.myshopify.com"}
    assert all({"graphql", "token", "client_id"} <= shop.keys() for shop in line["shops"].values())


def test_a_subscription_of_the_printed_token_delivers_without_the_app(
    sandbox: Sandbox, app: App, line: dict[str, Any]
) -> None:
    made = subscribe(sandbox, line)["data"]["webhookSubscriptionCreate"]
    assert made["userErrors"] == []
    sandbox.control("POST", "/shops/alpha/orders", ORDER)
    sandbox.world.sender.deliver_due()
    (request,) = received(app)
    assert app.requests == [request]
    digest = hmac.new(line["client_secret"].encode(), request.content, hashlib.sha256).digest()
    assert request.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert request.headers["x-shopify-topic"] == "orders/create"


def test_the_printed_secret_is_still_right_during_a_rotation(
    sandbox: Sandbox, app: App, line: dict[str, Any]
) -> None:
    subscribe(sandbox, line)
    sandbox.world.secrets.add("the-next-secret")
    sandbox.control("POST", "/shops/alpha/orders", ORDER)
    sandbox.world.sender.deliver_due()
    assert greeting(sandbox.world)["client_secret"] == line["client_secret"]
    (request,) = received(app)
    signed = sign_body(line["client_secret"], request.content)
    assert request.headers["x-shopify-hmac-sha256"] == signed


def test_uninstalling_the_app_leaves_the_tool_its_deliveries(
    sandbox: Sandbox, app: App, line: dict[str, Any]
) -> None:
    sandbox.install()
    subscribe(sandbox, line)
    sandbox.control("POST", "/shops/alpha/orders", ORDER)
    sandbox.control("POST", "/shops/alpha/uninstall")
    sandbox.world.sender.deliver_due()
    assert [request.headers["x-shopify-topic"] for request in received(app)] == ["orders/create"]
    sandbox.control("POST", "/shops/alpha/orders", ORDER)
    sandbox.world.sender.deliver_due()
    assert len(received(app)) == 2


def test_a_client_without_the_scope_does_not_hear_of_it(
    sandbox: Sandbox, app: App, line: dict[str, Any]
) -> None:
    subscribe(sandbox, line)
    subscribe(sandbox, line, "PRODUCTS_UPDATE")
    client_id = line["shops"][ALPHA]["client_id"]
    known = sandbox.world.store.get(ALPHA, "installation", client_id)
    assert known
    sandbox.world.store.put(ALPHA, "installation", client_id, known | {"scopes": ["read_products"]})
    sandbox.control("POST", "/shops/alpha/orders", ORDER)
    product = sandbox.world.store.all(ALPHA, "product")[0]
    sandbox.control("POST", f"/shops/alpha/products/{product['id'].rsplit('/', 1)[-1]}", {"title": "New"})
    sandbox.world.sender.deliver_due()
    assert [request.headers["x-shopify-topic"] for request in received(app)] == ["products/update"]


@pytest.mark.parametrize(
    ("topic", "wish", "told"),
    [
        ("THEMES_PUBLISH", {}, "webhooks of topic THEMES_PUBLISH"),
        ("CARTS_CREATE", {}, "webhooks of topic CARTS_CREATE"),
        ("ORDERS_CREATE", {"format": "XML"}, "webhooks of format XML"),
        ("ORDERS_CREATE", {"metafieldNamespaces": ["custom"]}, "metafields in webhooks"),
    ],
)
def test_what_would_never_arrive_is_refused_by_name(
    sandbox: Sandbox, line: dict[str, Any], topic: str, wish: dict[str, Any], told: str
) -> None:
    body = subscribe(sandbox, line, topic, **wish)
    assert body["data"] == {"webhookSubscriptionCreate": None}
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "SANDBOX_NOT_IMPLEMENTED"
    assert told in error["message"]
    assert sandbox.world.store.all(ALPHA, "subscription") == []


TOLD_ON_REQUEST = {
    "COMPANIES_UPDATE": ("companies/update", "company"),
    "COMPANY_LOCATIONS_CREATE": ("company_locations/create", "company_location"),
    "LOCATIONS_UPDATE": ("locations/update", "location"),
    "INVENTORY_ITEMS_CREATE": ("inventory_items/create", "inventory_item"),
    "SHOP_UPDATE": ("shop/update", "shop"),
    "CUSTOMERS_MERGE": ("customers/merge", "customer"),
}


@pytest.mark.parametrize("enum", TOLD_ON_REQUEST)
def test_a_topic_that_nothing_here_causes_is_told_on_request(
    sandbox: Sandbox, app: App, line: dict[str, Any], enum: str
) -> None:
    topic, kind = TOLD_ON_REQUEST[enum]
    assert subscribe(sandbox, line, enum)["data"]["webhookSubscriptionCreate"]["userErrors"] == []
    first, *_ = records = sandbox.world.store.all(ALPHA, kind)
    wish = {"topic": topic, "number": int(first["id"].rsplit("/", 1)[-1])}
    if topic == "customers/merge":
        wish["merged"] = int(records[1]["id"].rsplit("/", 1)[-1])
    assert sandbox.control("POST", "/shops/alpha/tell", wish) == {"id": first["id"]}
    sandbox.world.sender.deliver_due()
    assert [request.headers["x-shopify-topic"] for request in received(app)] == [topic]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"topic": "orders/create", "number": 1}, "topic must be one of"),
        ({"topic": "locations/update", "number": 1}, "there is no Location 1"),
        ({"topic": "locations/update"}, "number"),
    ],
)
def test_news_about_nothing_is_refused(sandbox: Sandbox, wish: Any, told: str) -> None:
    answer = sandbox.web.post("/control/shops/alpha/tell", json=wish)
    assert answer.status_code == 422
    assert told in answer.json()["errors"]


def test_a_subscription_of_another_client_is_not_there(sandbox: Sandbox, line: dict[str, Any]) -> None:
    made = subscribe(sandbox, line)["data"]["webhookSubscriptionCreate"]["webhookSubscription"]["id"]
    theirs = sandbox.world.store.get(ALPHA, "subscription", made)
    assert theirs
    sandbox.world.store.put(ALPHA, "subscription", made, theirs | {"client_id": "somebody-else"})
    for root in ("webhookSubscription", "node"):
        assert ask(sandbox, line, f'{{ {root}(id: "{made}") {{ id }} }}')["data"] == {root: None}
    assert ask(sandbox, line, f'{{ nodes(ids: ["{made}"]) {{ id }} }}')["data"] == {"nodes": [None]}
    for act in (
        f'webhookSubscriptionDelete(id: "{made}")',
        f'webhookSubscriptionUpdate(id: "{made}", webhookSubscription: {{uri: "{HOOKS}/2"}})',
    ):
        answer = ask(sandbox, line, f"mutation {{ done: {act} {{ userErrors {{ message }} }} }}")
        assert answer["data"]["done"]["userErrors"] == [{"message": "Webhook subscription does not exist"}]
    assert sandbox.world.store.get(ALPHA, "subscription", made) == theirs | {"client_id": "somebody-else"}
