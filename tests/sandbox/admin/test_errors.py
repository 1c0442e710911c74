"""Errors before and during execution, in Shopify's words, codes and shape."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify import seed
from sandbox.shopify.commands import orders
from tests.sandbox.admin.conftest import ALL_SCOPES, Shopify

SET = (
    "mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {"
    " inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field message } } }"
)

# document, variables, code, message, path
STATIC: list[tuple[str, dict[str, Any], str, str, list[str] | None]] = [
    ("{ shop { ", {}, "PARSE_ERROR", "syntax error, ", None),
    (
        "query Q { products(first: 1) { nodes { x } } }",
        {},
        "undefinedField",
        "Field 'x' doesn't exist on type 'Product'",
        ["query Q", "products", "nodes", "x"],
    ),
    (
        "{ shop }",
        {},
        "selectionMismatch",
        "Field must have selections (field 'shop' returns Shop but has no selections. Did you mean 'shop { ... }'?)",
        ["query", "shop"],
    ),
    (
        "mutation { orderCreate { userErrors { message } } }",
        {},
        "missingRequiredArguments",
        "Field 'orderCreate' is missing required arguments: order",
        ["mutation", "orderCreate"],
    ),
    (
        'mutation { orderUpdate(input: {note: "n"}) { userErrors { message } } }',
        {},
        "missingRequiredInputObjectAttribute",
        "Argument 'id' on InputObject 'OrderInput' is required. Expected type ID!",
        ["mutation", "orderUpdate", "input", "id"],
    ),
    (
        "mutation { fulfillmentCancel(id: null) { userErrors { message } } }",
        {},
        "argumentLiteralsIncompatible",
        "Argument 'id' on Field 'fulfillmentCancel' has an invalid value (null). Expected type 'ID!'.",
        ["mutation", "fulfillmentCancel", "id"],
    ),
    (
        "{ shop(a: 1) { name } }",
        {},
        "argumentNotAccepted",
        "Field 'shop' doesn't accept argument 'a'",
        ["query", "shop", "a"],
    ),
    (
        '{ product(id: "not-a-gid") { id } }',
        {},
        "argumentLiteralsIncompatible",
        "Invalid global id 'not-a-gid'",
        ["query", "product", "id"],
    ),
    (
        '{ product(id: "gid://shopify/Product") { id } }',
        {},
        "argumentLiteralsIncompatible",
        "Invalid global id 'gid://shopify/Product'",
        ["query", "product", "id"],
    ),
    (
        'mutation M($k: String!) { tagsAdd(id: "gid://shopify/Order/1", tags: []) { node { id } } }',
        {"k": "x"},
        "variableNotUsed",
        "Variable $k is declared by M but not used",
        ["mutation M"],
    ),
    (
        'mutation { refundCreate(input: {orderId: "gid://shopify/Order/1"}) @idempotent { userErrors { message } } }',
        {},
        "missingRequiredArguments",
        "Directive 'idempotent' is missing required arguments: key",
        ["mutation", "refundCreate"],
    ),
    (
        "mutation M($i: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $i) { userErrors { nope } } }",
        {},
        "undefinedField",
        "Field 'nope' doesn't exist on type 'InventorySetQuantitiesUserError'",
        ["mutation M", "inventorySetQuantities", "userErrors", "nope"],
    ),
    (
        'mutation { refundCreate(input: {orderId: "gid://shopify/Order/1"}) @idempotent(key: "k")'
        " { userErrors { code } } }",
        {},
        "undefinedField",
        "Field 'code' doesn't exist on type 'UserError'",
        ["mutation", "refundCreate", "userErrors", "code"],
    ),
    (
        "{ locationByIdentifier(identifier: {}) { id } }",
        {},
        "invalidOneOfInputObject",
        "OneOf Input Object 'LocationIdentifierInput' must specify exactly one key.",
        ["query", "locationByIdentifier", "identifier"],
    ),
    (
        'mutation { webhookSubscriptionCreate(topic: NOT_A_REAL_TOPIC, webhookSubscription: {uri: "https://a.example"})'
        " { userErrors { message } } }",
        {},
        "argumentLiteralsIncompatible",
        "Argument 'topic' on Field 'webhookSubscriptionCreate' has an invalid value (NOT_A_REAL_TOPIC). Expected type"
        " 'WebhookSubscriptionTopic!'.",
        ["mutation", "webhookSubscriptionCreate", "topic"],
    ),
    ("{ shop { ...F } } fragment G on Shop { name }", {}, "useAndDefineFragment", "", None),
    ("query Q { product(id: $id) { id } }", {}, "variableNotDefined", "", None),
]


@pytest.mark.parametrize(("document", "variables", "code", "message", "path"), STATIC)
def test_a_document_that_cannot_run_says_why(
    shopify: Shopify,
    document: str,
    variables: dict[str, Any],
    code: str,
    message: str,
    path: list[str] | None,
) -> None:
    body = shopify.ask(document, variables)
    assert set(body) == {"errors"}
    error = body["errors"][0]
    assert error["extensions"]["code"] == code
    assert error["message"].startswith(message)
    if path is not None:
        assert error["path"] == path
        assert error["locations"][0].keys() == {"line", "column"}


def test_the_idempotent_directive_is_unknown_before_2026(shopify: Shopify) -> None:
    text = (
        'mutation { locationActivate(locationId: "gid://shopify/Location/1") @idempotent(key: "k")'
        " { location { id } } }"
    )
    error = shopify.ask(text, version="2025-10")["errors"][0]
    assert (error["message"], error["extensions"]["code"]) == (
        "Directive @idempotent is not defined",
        "undefinedDirective",
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [(None, "An operation name is required"), ("Missing", 'No operation named "Missing"')],
)
def test_several_operations_need_a_name(shopify: Shopify, name: str | None, message: str) -> None:
    body = shopify.ask("query A { shop { name } } query B { shop { id } }", name=name)
    assert body == {"errors": [{"message": message}]}
    assert shopify.ask("query A { shop { name } } query B { shop { id } }", name="A")["data"]["shop"]["name"]


VARIABLES: list[tuple[dict[str, Any], str, list[dict[str, Any]]]] = [
    (
        {"input": None, "key": "k"},
        "Variable $input of type InventorySetQuantitiesInput! was provided invalid value",
        [{"path": [], "explanation": "Expected value to not be null"}],
    ),
    (
        {
            "input": {
                "name": "available",
                "reason": "correction",
                "ignoreCompareQuantity": True,
                "quantities": [{"inventoryItemId": "gid://shopify/InventoryItem/1", "quantity": 1}],
            },
            "key": "k",
        },
        "Variable $input of type InventorySetQuantitiesInput! was provided invalid value for ignoreCompareQuantity"
        " (Field is not defined on InventorySetQuantitiesInput), quantities.0.locationId (Expected value to not be"
        " null)",
        [
            {
                "path": ["ignoreCompareQuantity"],
                "explanation": "Field is not defined on InventorySetQuantitiesInput",
            },
            {"path": ["quantities", 0, "locationId"], "explanation": "Expected value to not be null"},
        ],
    ),
]


@pytest.mark.parametrize(("variables", "message", "problems"), VARIABLES)
def test_a_bad_variable_is_one_error_with_all_problems(
    shopify: Shopify, variables: dict[str, Any], message: str, problems: list[dict[str, Any]]
) -> None:
    body = shopify.ask(SET, variables)
    assert set(body) == {"errors"}
    assert len(body["errors"]) == 1
    error = body["errors"][0]
    assert error["message"] == message
    assert "path" not in error
    assert error["extensions"] == {
        "code": "INVALID_VARIABLE",
        "value": variables["input"],
        "problems": problems,
    }


def test_a_malformed_id_in_a_variable_is_explained_twice(shopify: Shopify) -> None:
    error = shopify.ask("query Q($id: ID!) { product(id: $id) { id } }", {"id": "7"})["errors"][0]
    told = "Invalid global id '7'"
    assert error["extensions"]["problems"] == [{"path": [], "explanation": told, "message": told}]


def test_an_unknown_enum_value_lists_the_known(shopify: Shopify) -> None:
    text = 'mutation M($s: ProductStatus!) { productCreate(product: {title: "T", status: $s}) { product { id } } }'
    error = shopify.ask(text, {"s": "ENABLED"})["errors"][0]
    assert error["extensions"]["problems"][0]["explanation"] == (
        'Expected "ENABLED" to be one of: ACTIVE, ARCHIVED, DRAFT, UNLISTED'
    )


def test_too_long_a_list_is_refused_with_its_cost(shopify: Shopify) -> None:
    product = shopify.first("product")["id"]
    text = "mutation M($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id } } }"
    body = shopify.ask(text, {"id": product, "tags": [str(n) for n in range(251)]})
    assert (
        body["errors"][0]["message"]
        == "The input array size of 251 is greater than the maximum allowed of 250."
    )
    assert body["errors"][0]["path"] == ["tagsAdd", "tags"]
    assert body["extensions"]["cost"]["actualQueryCost"] is None
    assert "data" not in body


ROOT_ERRORS = [
    (
        '{ product(id: "gid://shopify/Order/1") { id } }',
        "RESOURCE_NOT_FOUND",
        "Invalid id: gid://shopify/Order/1",
    ),
    ("{ bulkOperations { nodes { id } } }", "BAD_REQUEST", "you must provide one of first or last"),
    (
        "{ bulkOperations(first: 1, last: 1) { nodes { id } } }",
        "BAD_REQUEST",
        "providing both first and last is not supported",
    ),
    (
        "{ shop { searchFilters { productAvailability { label } } } }",
        "SANDBOX_NOT_IMPLEMENTED",
        "The local Shopify has no resolver for Shop.searchFilters yet",
    ),
]


@pytest.mark.parametrize(("document", "code", "message"), ROOT_ERRORS)
def test_a_resolver_error_comes_with_data_and_cost(
    shopify: Shopify, document: str, code: str, message: str
) -> None:
    body = shopify.ask(document)
    error = body["errors"][0]
    assert list(error) == ["message", "locations", "extensions", "path"]
    assert (error["extensions"]["code"], error["message"]) == (code, message)
    assert "data" in body
    assert "cost" in body["extensions"]


def test_a_field_without_its_scope_is_null_and_the_rest_stands(shopify: Shopify) -> None:
    text = "{ shop { name } customers(first: 1) { nodes { id } } }"
    body = shopify.ask(text, scopes=frozenset({"read_orders"}))
    assert body["data"] is None or body["data"]["shop"]["name"] == "Alpha Outdoor"
    error = body["errors"][0]
    assert (
        error["message"]
        == "Access denied for customers field. Required access: `read_customers` access scope."
    )
    assert error["extensions"] == {
        "code": "ACCESS_DENIED",
        "documentation": "https://shopify.dev/api/usage/access-scopes",
        "requiredAccess": "`read_customers` access scope.",
    }


def test_payouts_name_both_scopes(shopify: Shopify) -> None:
    body = shopify.ask("{ shopifyPaymentsAccount { id } }", scopes=frozenset())
    assert body["data"] == {"shopifyPaymentsAccount": None}
    assert body["errors"][0]["extensions"]["requiredAccess"] == (
        "the `read_shopify_payments` or the `read_shopify_payments_accounts` access scope."
    )


def test_writing_implies_reading(shopify: Shopify) -> None:
    assert shopify.data("{ orders(first: 1) { nodes { id } } }", scopes=frozenset({"write_orders"}))


def test_a_mutation_needs_its_scope(shopify: Shopify) -> None:
    text = 'mutation { orderMarkAsPaid(input: {id: "gid://shopify/Order/1"}) { userErrors { message } } }'
    body = shopify.ask(text, scopes=ALL_SCOPES - {"write_orders"})
    assert body["data"] == {"orderMarkAsPaid": None}
    assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_old_orders_need_a_scope_of_their_own(shopify: Shopify) -> None:
    spec = {"lines": [{"sku": "ALP-MUG"}], "guest": True, "at": "2026-09-01T08:00:00Z"}
    order_id = orders.create(shopify.store, seed.ALPHA, spec)
    text = f'{{ order(id: "{order_id}") {{ id }} orders(first: 5) {{ nodes {{ id }} }} }}'
    assert shopify.data(text, scopes=frozenset({"read_orders"})) == {"order": None, "orders": {"nodes": []}}
    assert shopify.data(text)["order"] == {"id": order_id}
