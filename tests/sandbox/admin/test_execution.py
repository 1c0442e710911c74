"""Our executor gives what graphql-core's gives, and lets nulls rise by the rules."""

from __future__ import annotations

from typing import Any

import graphql as g
import pytest

from sandbox.shopify import plans, seed
from sandbox.shopify.commands import fulfilments, orders, refunds
from sandbox.shopify.context import Context, Place
from sandbox.shopify.resolvers import registry
from sandbox.shopify.schema import prepare, schema
from tests.sandbox.admin.conftest import ALL_SCOPES, Shopify
from tests.sandbox.admin.specs import ORDER, PLAIN

SWITCHED = """
query Q($id: ID!, $with: Boolean!) { order(id: $id) { ...A ...B @include(if: $with) note @skip(if: $with) } }
fragment A on Order { id lineItems(first: 1) { nodes { id } } }
fragment B on Order { name lineItems(first: 1) { nodes { sku } } }
"""


def by_the_reference(shopify: Shopify, text: str, values: dict[str, Any]) -> Any:
    """The data that graphql-core's own executor gives over the same resolvers."""
    document = prepare(text).document
    assert document is not None

    def resolve(source: Any, info: g.GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        place = Place(info.field_name, (), info.return_type, info.operation, info.variable_values, None)
        info.context.place = place
        resolver = registry.resolver_of(info.parent_type.name, info.field_name, info.return_type)
        return resolver(info.context, source, arguments)

    context = Context(shopify.store, seed.ALPHA, ALL_SCOPES, "app", "2026-10")
    result = g.execute_sync(
        schema(),
        document,
        context_value=context,
        variable_values=values,
        field_resolver=resolve,
        type_resolver=lambda value, info, kind: registry.type_name_of(value),
    )
    assert not result.errors
    return result.data


def order_with_history(shopify: Shopify) -> str:
    order_id = orders.create(
        shopify.store, seed.ALPHA, {**PLAIN, "tip": "2.00", "presentment_currency": "JPY"}
    )
    fulfilments.create(shopify.store, seed.ALPHA, order_id, lines={"ALP-MUG": 2})
    refunds.create(shopify.store, seed.ALPHA, order_id, {"lines": [{"sku": "ALP-MUG"}], "shipping": "1.00"})
    return order_id


@pytest.mark.parametrize(
    ("text", "more"), [(ORDER, {}), (SWITCHED, {"with": True}), (SWITCHED, {"with": False})]
)
def test_both_executors_agree(shopify: Shopify, text: str, more: dict[str, Any]) -> None:
    values = {"id": order_with_history(shopify), **more}
    assert shopify.data(text, values) == by_the_reference(shopify, text, values)


def test_a_plan_is_kept_per_switch(shopify: Shopify) -> None:
    prepared = prepare(SWITCHED)
    assert prepared.document is not None
    operation = prepared.operations[0]
    on = plans.of(prepared.document, operation, {"id": "x", "with": True})
    off = plans.of(prepared.document, operation, {"id": "y", "with": False})
    assert on is plans.of(prepared.document, operation, {"id": "z", "with": True})
    assert on is not off


def test_a_null_rises_to_the_nearest_field_that_may_be_null(shopify: Shopify) -> None:
    order_id = order_with_history(shopify)
    text = (
        f'{{ order(id: "{order_id}") {{ id lineItems(first: 5) {{ nodes {{ variant {{ id }} }} }} }}'
        " shop { name } }"
    )
    body = shopify.ask(text, scopes=frozenset({"read_orders"}))
    assert [row["variant"] for row in body["data"]["order"]["lineItems"]["nodes"]] == [None, None, None]
    assert body["errors"][0]["path"] == ["order", "lineItems", "nodes", 0, "variant"]
    text = f'{{ order(id: "{order_id}") {{ id fulfillmentOrders(first: 1) {{ nodes {{ id }} }} }} }}'
    body = shopify.ask(text, scopes=frozenset({"read_orders"}))
    assert body["data"] == {"order": None}
    body = shopify.ask("{ customers(first: 1) { nodes { id } } shop { name } }", scopes=frozenset())
    assert body["data"] is None
