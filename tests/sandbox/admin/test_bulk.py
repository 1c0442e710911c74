"""Bulk operations: what may run, how many, and the lines that come out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.shopify import bulk, seed
from sandbox.shopify.commands import orders
from tests.sandbox.admin import schemas
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.specs import PLAIN

RUN = """
mutation Run($q: String!) { bulkOperationRunQuery(query: $q) {
  bulkOperation { id status type objectCount url query } userErrors { field code message } } }
"""
RUN_MUTATION = """
mutation Run($m: String!, $path: String!, $client: String) {
  bulkOperationRunMutation(mutation: $m, stagedUploadPath: $path, clientIdentifier: $client) {
    bulkOperation { id status type } userErrors { field code message } } }
"""
READ = """
query Read($id: ID!) { bulkOperation(id: $id) { status objectCount rootObjectCount url fileSize completedAt } }
"""
ORDERS = "{ orders { edges { node { id name lineItems { edges { node { id sku quantity } } } } } } }"
Row = dict[str, Any]


def run(shopify: Shopify, text: str) -> Row:
    payload: Row = shopify.data(RUN, {"q": text})["bulkOperationRunQuery"]
    return payload


def lines(shopify: Shopify, operation_id: str) -> list[Row]:
    shopify.wait(seconds=5)
    found = shopify.data(READ, {"id": operation_id})["bulkOperation"]
    assert found["status"] == "COMPLETED"
    text = bulk.result(shopify.store, seed.ALPHA, found["url"].rsplit("/", 1)[1]) or ""
    return [json.loads(line) for line in text.splitlines()]


def test_a_query_lives_through_its_states(shopify: Shopify) -> None:
    orders.create(shopify.store, seed.ALPHA, PLAIN)
    shopify.events.clear()
    payload = run(shopify, ORDERS)
    made = payload["bulkOperation"]
    assert (made["status"], made["type"], made["objectCount"], made["url"]) == ("CREATED", "QUERY", "0", None)
    assert made["query"] == ORDERS
    shopify.wait(seconds=1)
    assert shopify.data(READ, {"id": made["id"]})["bulkOperation"]["status"] == "RUNNING"
    shopify.wait(seconds=1)
    done = shopify.data(READ, {"id": made["id"]})["bulkOperation"]
    assert (done["status"], done["objectCount"], done["rootObjectCount"]) == ("COMPLETED", "3", "1")
    assert [event.topic for event in shopify.events] == ["bulk_operations/finish"]
    schemas.check("bulk_operations/finish", shopify.events[0].body)


def test_children_follow_their_parent_and_name_it(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    found = lines(shopify, run(shopify, ORDERS)["bulkOperation"]["id"])
    assert [set(line) for line in found] == [
        {"id", "name"},
        {"id", "sku", "quantity", "__parentId"},
        {"id", "sku", "quantity", "__parentId"},
    ]
    assert {line["__parentId"] for line in found[1:]} == {order_id}


def test_a_bulk_query_reads_beyond_a_page(shopify: Shopify) -> None:
    for _ in range(260):
        orders.create(shopify.store, seed.ALPHA, {"lines": [{"sku": "ALP-SPORK"}], "guest": True})
    found = lines(
        shopify, run(shopify, "{ orders(first: 3) { edges { node { id } } } }")["bulkOperation"]["id"]
    )
    assert len({line["id"] for line in found}) == 260


def test_an_empty_result_has_no_file(shopify: Shopify) -> None:
    made = run(shopify, ORDERS)["bulkOperation"]["id"]
    shopify.wait(seconds=5)
    found = shopify.data(READ, {"id": made})["bulkOperation"]
    assert (found["status"], found["url"], found["fileSize"]) == ("COMPLETED", None, None)


FAULTS = [
    ("{ shop { name } }", "Bulk queries must contain at least one connection."),
    ("", "Invalid bulk query: syntax error, unexpected end of file"),
    (
        "{ products { nodes { id } } }",
        "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: 'products {"
        " edges { node {'. Selecting via 'nodes' is not supported. Invalid connection fields: 'products'.",
    ),
    ("x" * 65_536, "Query is too large (65536 bytes; maximum is 65535 bytes)"),
    (
        "{ products { edges { node { title variants { edges { node { id } } } } } } }",
        "The parent 'node' field for a nested connection must select the 'id' field without an alias.",
    ),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_a_query_that_may_not_run_in_bulk(shopify: Shopify, text: str, message: str) -> None:
    payload = run(shopify, text)
    assert payload["bulkOperation"] is None
    assert {"field": ["query"], "code": "INVALID", "message": message} in payload["userErrors"]


def test_the_sixth_at_a_time_is_refused(shopify: Shopify) -> None:
    running = [run(shopify, ORDERS)["bulkOperation"]["id"] for _ in range(5)]
    error = run(shopify, ORDERS)["userErrors"][0]
    assert error == {
        "field": None,
        "code": "OPERATION_IN_PROGRESS",
        "message": f"A bulk query operation for this app and shop is already in progress: {', '.join(running)}.",
    }
    shopify.wait(seconds=3)
    assert run(shopify, ORDERS)["userErrors"] == []


def test_a_cancelled_operation_tells_no_result(shopify: Shopify) -> None:
    text = (
        "mutation C($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status }"
        " userErrors { field message } } }"
    )
    made = run(shopify, ORDERS)["bulkOperation"]["id"]
    assert shopify.data(text, {"id": made})["bulkOperationCancel"]["bulkOperation"]["status"] == "CANCELING"
    found = shopify.data(READ, {"id": made})["bulkOperation"]
    assert (found["status"], found["completedAt"], found["url"]) == ("CANCELED", None, None)
    again = shopify.data(text, {"id": made})["bulkOperationCancel"]["userErrors"]
    assert again == [{"field": None, "message": "A bulk operation cannot be canceled when it is canceled"}]


STAGE = """
mutation Stage($input: [StagedUploadInput!]!) { stagedUploadsCreate(input: $input) {
  stagedTargets { url resourceUrl parameters { name value } } userErrors { message } } }
"""
TAG = """
mutation Tag($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id } userErrors { message } } }
"""


def test_a_mutation_runs_once_per_uploaded_line(shopify: Shopify) -> None:
    wish = {
        "resource": "BULK_MUTATION_VARIABLES",
        "filename": "vars.jsonl",
        "mimeType": "text/jsonl",
        "httpMethod": "POST",
    }
    target = shopify.data(STAGE, {"input": [wish]})["stagedUploadsCreate"]["stagedTargets"][0]
    names = [one["name"] for one in target["parameters"]]
    assert names[:4] == ["Content-Type", "success_action_status", "acl", "key"]
    key = target["parameters"][3]["value"]
    ids = [row["id"] for row in shopify.store.all(seed.ALPHA, "product")[:2]]
    bulk.receive(shopify.store, key, "".join(json.dumps({"id": one, "tags": ["bulk"]}) + "\n" for one in ids))
    made = shopify.data(RUN_MUTATION, {"m": TAG, "path": key})["bulkOperationRunMutation"]
    assert made["bulkOperation"]["status"] == "CREATED"
    found = lines(shopify, made["bulkOperation"]["id"])
    assert found == [
        {"data": {"tagsAdd": {"node": {"id": one}, "userErrors": []}}, "__lineNumber": place}
        for place, one in enumerate(ids)
    ]


MUTATION_FAULTS = [
    ({"m": TAG, "path": "tmp/none"}, "NO_SUCH_FILE", None),
    ({"m": "mutation {", "path": "x"}, "INVALID_MUTATION", None),
    ({"m": "{ shop { name } }", "path": "x"}, "INVALID_MUTATION", None),
    ({"m": "mutation { a { b } c { d } }", "path": "x"}, None, ["mutation"]),
    ({"m": TAG, "path": "x", "client": "abc"}, "INVALID_MUTATION", ["clientIdentifier"]),
]


@pytest.mark.parametrize(("variables", "code", "field"), MUTATION_FAULTS)
def test_a_mutation_that_may_not_run(
    shopify: Shopify, variables: Row, code: str | None, field: list[str] | None
) -> None:
    payload = shopify.data(RUN_MUTATION, variables)["bulkOperationRunMutation"]
    assert payload["bulkOperation"] is None
    assert (payload["userErrors"][0]["code"], payload["userErrors"][0]["field"]) == (code, field)


def test_operations_are_listed_by_status(shopify: Shopify) -> None:
    run(shopify, ORDERS)
    text = "query L($q: String) { bulkOperations(first: 5, query: $q) { nodes { status } } }"
    assert len(shopify.data(text, {"q": "status:created"})["bulkOperations"]["nodes"]) == 1
    body = shopify.ask(text, {"q": "status:EXPIRED"})
    assert body["data"]["bulkOperations"]["nodes"] == []
    assert body["extensions"]["search"][0]["warnings"] == [
        {"field": "status", "message": "Input `EXPIRED` is not an accepted value.", "code": "invalid_value"}
    ]
    bad = shopify.ask(text, {"q": "created_at:>nonsense"})
    assert bad["errors"][0]["message"] == "Invalid timestamp for query filter `created_at`."
