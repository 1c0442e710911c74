"""Cost and throttling: what a query costs, what is given back, and when a bucket is too empty."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.shopify import seed
from sandbox.shopify.commands import orders
from sandbox.shopify.cost import Buckets
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.specs import PLAIN

REQUESTED = [
    ("{ shop { name } }", 1),
    ("{ shop { name shopAddress { city } } }", 1),
    ("{ locations(first: 1) { nodes { name } } }", 3),
    ("{ locations(first: 2) { nodes { name } } }", 3),
    ("{ locations(first: 3) { nodes { name } } }", 4),
    ("{ locations(first: 5) { nodes { name } } }", 5),
    ("{ locations(first: 10) { nodes { name } } }", 6),
    ("{ locations(first: 20) { nodes { name } } }", 7),
    ("{ locations(first: 50) { nodes { name } } }", 9),
    ("{ locations(first: 100) { nodes { name } } }", 11),
    ("{ locations(first: 200) { nodes { name } } }", 12),
    ("{ locations(first: 250) { edges { cursor node { name } } pageInfo { hasNextPage } } }", 13),
    ("{ productsCount { count } }", 10),
    (
        "{ products(first: 10) { nodes { id variants(first: 10) { nodes { id inventoryItem { id } } } } } }",
        46,
    ),
    (
        'mutation { tagsAdd(id: "gid://shopify/Product/1", tags: []) { node { id } userErrors { message } } }',
        10,
    ),
]


BY_ID = [  # the ids that are asked for, what is asked of each, and the points of all together
    (1, "id", 1),
    (250, "id", 250),
    (100, "... on InventoryItem { id inventoryLevel(locationId: $place) { id } }", 200),
    (
        250,
        '... on InventoryItem { inventoryLevel(locationId: $place) { quantities(names: "available") { name } } }',
        750,
    ),
]


@pytest.mark.parametrize(("count", "fields", "points"), BY_ID)
def test_each_object_that_is_asked_for_by_its_id_is_paid_for(
    shopify: Shopify, count: int, fields: str, points: int
) -> None:
    item = shopify.store.all(seed.ALPHA, "inventory_item")[0]["id"]
    place = shopify.store.all(seed.ALPHA, "location")[0]["id"]
    head = "($ids: [ID!]!, $place: ID!)" if "$place" in fields else "($ids: [ID!]!)"
    variables = {"ids": [item] * count} | ({"place": place} if "$place" in fields else {})
    cost = shopify.ask(f"query {head} {{ nodes(ids: $ids) {{ {fields} }} }}", variables)["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (points, points)


def test_an_id_that_names_nothing_is_paid_for_too(shopify: Shopify) -> None:
    ids = '["gid://shopify/Product/1", "gid://shopify/Product/2"]'
    cost = shopify.ask(f"{{ nodes(ids: {ids}) {{ id }} }}")["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (2, 2)


@pytest.mark.parametrize(("document", "points"), REQUESTED)
def test_the_requested_cost_follows_the_model(shopify: Shopify, document: str, points: int) -> None:
    assert shopify.ask(document)["extensions"]["cost"]["requestedQueryCost"] == points


def test_the_actual_cost_counts_the_rows_that_came(shopify: Shopify) -> None:
    cost = shopify.ask("{ locations(first: 250) { nodes { name } } }")["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (13, 3)
    cost = shopify.ask("{ orders(first: 10) { nodes { id customer { id } } } }")["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (10, 10)
    cost = shopify.ask(
        '{ product(id: "gid://shopify/Product/1") { id variants(first: 9) { nodes { id } } } }'
    )
    assert cost["extensions"]["cost"]["actualQueryCost"] == 1


def test_all_figures_are_integers_and_a_standard_bucket_is_2000_at_100(shopify: Shopify) -> None:
    cost = shopify.ask("{ locations(first: 10) { nodes { name } } }")["extensions"]["cost"]
    assert cost == {
        "requestedQueryCost": 6,
        "actualQueryCost": 3,
        "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 1997, "restoreRate": 100},
    }


def test_an_empty_bucket_throttles_and_fills_again(shopify: Shopify) -> None:
    Buckets.of(shopify.store).drain(seed.ALPHA, "app")
    body = shopify.ask("{ locations(first: 10) { nodes { name } } }")
    assert body["errors"][0]["message"] == "Throttled"
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert body["extensions"]["cost"]["actualQueryCost"] is None
    assert "data" not in body
    assert "errors" not in shopify.ask("{ locations(first: 10) { nodes { name } } }", client="other")
    assert "errors" not in shopify.ask("{ locations(first: 10) { nodes { name } } }", shop=seed.BETA)
    shopify.wait(seconds=0.05)
    assert "errors" in shopify.ask("{ locations(first: 10) { nodes { name } } }")
    shopify.wait(seconds=0.02)
    assert "errors" not in shopify.ask("{ locations(first: 10) { nodes { name } } }")


def test_a_bucket_can_be_of_another_size(shopify: Shopify) -> None:
    Buckets.of(shopify.store).resize(seed.ALPHA, maximum=40, rate=2)
    status = shopify.ask("{ shop { name } }")["extensions"]["cost"]["throttleStatus"]
    assert status == {"maximumAvailable": 40, "currentlyAvailable": 39, "restoreRate": 2}
    assert shopify.ask("{ products(first: 250) { nodes { id variants(first: 9) { nodes { id } } } } }")[
        "errors"
    ]


def test_a_query_beyond_1000_points_is_never_run(shopify: Shopify) -> None:
    text = (
        "{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { id taxLines { title } } }"
        " fulfillmentOrders(first: 50) { nodes { id lineItems(first: 50) { nodes { id lineItem { id } } } } } } } }"
    )
    body = shopify.ask(text)
    extensions = body["errors"][0]["extensions"]
    assert extensions["code"] == "MAX_COST_EXCEEDED"
    assert extensions["maxCost"] == 1000 < extensions["cost"]
    assert "data" not in body


def test_a_throttled_mutation_did_nothing(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    Buckets.of(shopify.store).drain(seed.ALPHA, "app")
    text = f'mutation {{ orderUpdate(input: {{id: "{order_id}", note: "x"}}) {{ order {{ id }} }} }}'
    assert "data" not in shopify.ask(text)
    assert (shopify.store.view(seed.ALPHA, "order", order_id) or {})["note"] is None


def test_amounts_are_written_as_shopify_writes_them(shopify: Shopify) -> None:
    order_id = orders.create(
        shopify.store,
        seed.ALPHA,
        {"lines": [{"sku": "ALP-SPORK", "quantity": 10}], "guest": True, "taxes": False},
    )
    text = f'{{ order(id: "{order_id}") {{ totalPrice totalPriceSet {{ shopMoney {{ amount }} }} }} }}'
    order = shopify.data(text)["order"]
    assert order == {"totalPrice": "9.90", "totalPriceSet": {"shopMoney": {"amount": "9.9"}}}
    assert Decimal(order["totalPrice"]) == Decimal("9.9")
