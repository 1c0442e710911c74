"""Bulk operations from the outside: asked for, finished, told of, fetched; and files sent in for them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.shopify import tokens
from sandbox.shopify.settings import SANDBOX_CLIENT
from tests.sandbox.outside.conftest import ALPHA, App, Clock, Sandbox

RUN = 'mutation { bulkOperationRunQuery(query: "{ products { edges { node { id title } } } }") {'
RUN += " bulkOperation { id status } userErrors { message } } }"
STAGE = 'mutation { stagedUploadsCreate(input: [{resource: BULK_MUTATION_VARIABLES, filename: "v.jsonl",'
STAGE += ' mimeType: "text/jsonl", httpMethod: POST}]) { stagedTargets { url parameters { name value } } } }'


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    sandbox.world.install_tool(ALPHA)
    return tokens.fixed(sandbox.world.store, ALPHA, client_id=SANDBOX_CLIENT, token="tool")


def found(sandbox: Sandbox, token: str, operation: str) -> Any:
    """The operation as the API shows it."""
    query = f'{{ bulkOperation(id: "{operation}") {{ status url objectCount }} }}'
    return sandbox.ask(token, query).json()["data"]["bulkOperation"]


def test_a_bulk_query_ends_by_itself_and_its_file_can_be_fetched(
    sandbox: Sandbox, token: str, clock: Clock, app: App
) -> None:
    sandbox.install()
    answer = sandbox.ask(token, RUN).json()["data"]["bulkOperationRunQuery"]
    assert answer["userErrors"] == []
    clock.move(seconds=5)
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["bulk_operations/finish"]
    shown = found(sandbox, token, answer["bulkOperation"]["id"])
    assert shown["status"] == "COMPLETED"
    assert shown["url"].startswith("http://127.0.0.1:9100/bulk/")
    lines = sandbox.web.get(urlsplit(shown["url"]).path).text.splitlines()
    assert len(lines) == int(shown["objectCount"])
    assert {"id", "title"} <= json.loads(lines[0]).keys()


def test_a_file_that_nobody_made_is_not_found(sandbox: Sandbox) -> None:
    assert sandbox.web.get(f"/bulk/{ALPHA}/nothing.jsonl").status_code == 404


def test_a_staged_upload_is_taken_in(sandbox: Sandbox, token: str) -> None:
    target = sandbox.ask(token, STAGE).json()["data"]["stagedUploadsCreate"]["stagedTargets"][0]
    fields = {one["name"]: one["value"] for one in target["parameters"]}
    files = {"file": ("v.jsonl", '{"a": "ä"}\n'.encode(), "text/jsonl")}
    answer = sandbox.web.post(urlsplit(target["url"]).path, data=fields, files=files)
    assert answer.status_code == 201
    assert fields["key"] in answer.text
    kept = sandbox.world.store.get("", "staged_file", fields["key"])
    assert kept is not None
    assert kept["text"] == '{"a": "ä"}\n'


def test_an_upload_without_a_key_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.web.post("/staged-uploads/", files={"file": b"x"}).status_code == 400
    assert sandbox.web.post("/staged-uploads/", content=b"x").status_code == 400
