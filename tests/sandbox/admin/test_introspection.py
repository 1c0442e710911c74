"""The schema tells of itself, as a client's code generator or a GraphQL browser asks."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType, build_client_schema, get_introspection_query

from sandbox.shopify.schema import schema
from tests.sandbox.admin.conftest import Shopify


def test_a_client_builds_the_whole_schema_from_the_answer(shopify: Shopify) -> None:
    told: Any = shopify.data(get_introspection_query())
    built = build_client_schema(told)
    assert built.type_map.keys() == schema().type_map.keys()
    order = built.type_map["Order"]
    assert isinstance(order, GraphQLObjectType)
    assert str(order.fields["id"].type) == "ID!"
    assert built.query_type
    assert built.query_type.name == "QueryRoot"


def test_a_type_is_asked_for_beside_ordinary_fields(shopify: Shopify) -> None:
    found = shopify.data(
        """query Ask($name: String!, $more: Boolean!, $first: Int!) {
          __typename
          kind: __type(name: $name) { ...Named fields @include(if: $more) { name } }
          products(first: $first) { nodes { __typename } }
          __type(name: "NoSuchThing") { name }
          __schema { queryType { name } } }
        fragment Named on __Type { name kind }""",
        {"name": "MoneyV2", "more": True, "first": 1},
    )
    assert found == {
        "__typename": "QueryRoot",
        "kind": {
            "name": "MoneyV2",
            "kind": "OBJECT",
            "fields": [{"name": "amount"}, {"name": "currencyCode"}],
        },
        "products": {"nodes": [{"__typename": "Product"}]},
        "__type": None,
        "__schema": {"queryType": {"name": "QueryRoot"}},
    }


def test_a_question_about_the_schema_costs_nothing(shopify: Shopify) -> None:
    body = shopify.ask("{ __schema { types { name fields { name } } } }")
    assert body["extensions"]["cost"]["requestedQueryCost"] == 0
    assert body["extensions"]["cost"]["actualQueryCost"] == 0


@pytest.mark.parametrize("more", [True, False])
def test_the_answer_follows_its_variables(shopify: Shopify, more: bool) -> None:
    query = 'query Q($more: Boolean!) { __type(name: "Count") { name kind @include(if: $more) } }'
    assert shopify.data(query, {"more": more})["__type"].get("kind") == ("OBJECT" if more else None)


def test_a_wrong_question_about_the_schema_is_refused(shopify: Shopify) -> None:
    body = shopify.ask("{ __schema { nonsense } }")
    assert [error["extensions"]["code"] for error in body["errors"]] == ["undefinedField"]
