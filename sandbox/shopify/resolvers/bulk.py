"""bulkOperationRunQuery, bulkOperationRunMutation, their reads, and stagedUploadsCreate.

It owns the rules on what may run in bulk and their words; running is the business of `bulk`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import graphql as g

from sandbox.shopify import bulk
from sandbox.shopify.connections import SortKey, sort_by
from sandbox.shopify.context import Context
from sandbox.shopify.documents import number
from sandbox.shopify.errors import Fault, bad_request, syntax, unsupported, user
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

MOST_RUNNING = 5
MOST_BYTES = 65_535
MOST_UPLOADED = 100 * 1024 * 1024
MOST_CONNECTIONS, DEEPEST = 5, 2
STATUSES = ("created", "running", "completed", "failed", "canceling", "canceled")
FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "status": Field(lambda row: [row["status"]], "enum", STATUSES),
    "operation_type": Field(lambda row: [row["type"]], "enum", ("query", "mutation")),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
}
SORTS: dict[str, SortKey] = {
    "ID": lambda row: number(row["id"]),
    "CREATED_AT": lambda row: str(row["createdAt"]),
    "COMPLETED_AT": lambda row: str(row["completedAt"] or ""),
}


def _refused(message: str, code: str | None, *field: str) -> Document:
    return {"bulkOperation": None, "userErrors": [user(message, *field, code=code)]}


@resolves("Mutation.bulkOperationRunQuery")
def run_query(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    text = arguments["query"]
    if arguments["groupObjects"]:
        raise unsupported("groupObjects")
    if messages := list(_query_faults(text)):
        return {"bulkOperation": None, "userErrors": [user(one, "query", code="INVALID") for one in messages]}
    if busy := _busy(context, "QUERY"):
        return busy
    made = bulk.create(
        context.store,
        context.shop,
        text,
        kind="QUERY",
        client_id=context.client_id,
        scopes=context.scopes,
        version=context.version,
    )
    return {"bulkOperation": made, "userErrors": []}


def _busy(context: Context, kind: str) -> Document | None:
    running = bulk.unfinished(context.store, context.shop, kind=kind, client_id=context.client_id)
    if len(running) < MOST_RUNNING:
        return None
    listed = ", ".join(row["id"] for row in running)
    message = f"A bulk {kind.lower()} operation for this app and shop is already in progress: {listed}."
    return _refused(message, "OPERATION_IN_PROGRESS")


def _query_faults(text: str) -> Iterator[str]:
    size = len(text.encode())
    if size > MOST_BYTES:
        yield f"Query is too large ({size} bytes; maximum is {MOST_BYTES} bytes)"
        return
    try:
        document = g.parse(text)
    except g.GraphQLSyntaxError as error:
        told = "syntax error, unexpected end of file" if not text.strip() else syntax(error)["message"]
        yield f"Invalid bulk query: {told}"
        return
    operation = next(
        (one for one in document.definitions if isinstance(one, g.OperationDefinitionNode)), None
    )
    if operation is None or operation.operation is not g.OperationType.QUERY:
        yield "Invalid operation type. Only `query` operations are supported."
        return
    seen = list(_connections(operation.selection_set, 0))
    if not seen:
        yield "Bulk queries must contain at least one connection."
    if plain := [name for name, _, uses_nodes, _ in seen if uses_nodes]:
        yield (
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: 'products {"
            " edges { node {'. Selecting via 'nodes' is not supported. Invalid connection fields:"
            f" {', '.join(repr(one) for one in plain)}."
        )
    if len(seen) > MOST_CONNECTIONS:
        yield f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."
    if any(depth > DEEPEST for _, depth, _, _ in seen):
        yield f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}."
    nested = any(depth > 1 for _, depth, _, _ in seen)
    if nested and any(not has_id for _, depth, _, has_id in seen if depth == 1):
        yield "The parent 'node' field for a nested connection must select the 'id' field without an alias."


def _connections(selections: g.SelectionSetNode | None, depth: int) -> Iterator[tuple[str, int, bool, bool]]:
    """Name, depth, whether it uses `nodes`, and whether its node selects `id`, of every connection."""
    for one in selections.selections if selections else ():
        if isinstance(one, g.InlineFragmentNode):
            yield from _connections(one.selection_set, depth)
        if not isinstance(one, g.FieldNode):
            continue
        inner = one.selection_set.selections if one.selection_set else ()
        names = [child.name.value for child in inner if isinstance(child, g.FieldNode)]
        if "edges" in names or "nodes" in names:
            yield one.name.value, depth + 1, "nodes" in names, _selects_id(one.selection_set)
            yield from _connections(one.selection_set, depth + 1)
        else:
            yield from _connections(one.selection_set, depth)


def _selects_id(selections: g.SelectionSetNode | None) -> bool:
    for one in selections.selections if selections else ():
        if isinstance(one, g.FieldNode):
            if one.name.value == "id" and one.alias is None:
                return True
            if one.name.value in ("edges", "node", "nodes") and _selects_id(one.selection_set):
                return True
    return False


@resolves("Mutation.bulkOperationRunMutation")
def run_mutation(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    text, path = arguments["mutation"], arguments["stagedUploadPath"]
    if fault := _mutation_fault(text, arguments.get("clientIdentifier")):
        return fault
    uploaded = bulk.uploaded(context.store, path)
    if uploaded is None:
        message = (
            "The JSONL file could not be found. Try uploading the file again, and check that you've entered the URL"
            " correctly for the stagedUploadPath mutation argument."
        )
        return _refused(message, "NO_SUCH_FILE")
    if not uploaded.strip():
        return _refused("The input file is empty.", "INVALID_STAGED_UPLOAD_FILE")
    if len(uploaded.encode()) > MOST_UPLOADED:
        message = "The input file size exceeds the maximum allowed size of 100 MB."
        return _refused(message, "INVALID_STAGED_UPLOAD_FILE")
    if busy := _busy(context, "MUTATION"):
        return busy
    made = bulk.create(
        context.store,
        context.shop,
        text,
        kind="MUTATION",
        client_id=context.client_id,
        scopes=context.scopes,
        version=context.version,
        upload=path,
    )
    return {"bulkOperation": made, "userErrors": []}


def _mutation_fault(text: str, identifier: str | None) -> Document | None:
    if identifier is not None and len(identifier) < 10:
        return _refused("is too short (minimum is 10 characters)", "INVALID_MUTATION", "clientIdentifier")
    if identifier is not None and len(identifier) > 255:
        return _refused("is too long (maximum is 255 characters)", "INVALID_MUTATION", "clientIdentifier")
    if len(text.encode()) > MOST_BYTES:
        return _refused(f"is too large (maximum is {MOST_BYTES} bytes)", "INVALID_MUTATION", "query")
    try:
        document = g.parse(text)
    except g.GraphQLSyntaxError as error:
        return _refused(f"Failed to parse the mutation - {syntax(error)['message']}", "INVALID_MUTATION")
    operation = next(
        (one for one in document.definitions if isinstance(one, g.OperationDefinitionNode)), None
    )
    if operation is None or operation.operation is not g.OperationType.MUTATION:
        message = "Invalid operation type. Only `mutation` operations are supported."
        return _refused(message, "INVALID_MUTATION")
    roots = operation.selection_set.selections
    if len(roots) != 1:
        return _refused("You must specify a single top level mutation.", None, "mutation")
    if isinstance(roots[0], g.FieldNode) and roots[0].name.value.startswith(
        ("bulkOperation", "stagedUploads")
    ):
        return _refused("You must use an allowed mutation name.", None, "mutation")
    if len(list(_connections(operation.selection_set, 0))) > 1:
        return _refused("Bulk mutations cannot contain more than 1 connection.", None, "mutation")
    return None


@resolves("Mutation.bulkOperationCancel")
def cancel(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    found = context.wanted(arguments["id"], "BulkOperation")
    if found is None:
        return {"bulkOperation": None, "userErrors": [user("Bulk operation does not exist", "id")]}
    if found["status"] not in bulk.UNFINISHED:
        message = f"A bulk operation cannot be canceled when it is {found['status'].lower()}"
        return {"bulkOperation": found, "userErrors": [user(message)]}
    kept = context.store.put(context.shop, "bulk_operation", found["id"], {**found, "status": "CANCELING"})
    return {"bulkOperation": kept, "userErrors": []}


@resolves("QueryRoot.bulkOperation")
def bulk_operation(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "BulkOperation")


@resolves("QueryRoot.bulkOperations")
def bulk_operations(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    for term in (arguments.get("query") or "").split():
        name, _, value = term.partition(":")
        if name == "created_at" and not _is_time(value.lstrip("<>=").strip("'\"")):
            raise bad_request("Invalid timestamp for query filter `created_at`.")
    rows = [row for row in context.views("bulk_operation") if row["client_id"] == context.client_id]
    sort = sort_by(SORTS, arguments, "CREATED_AT")
    return context.search(rows, arguments, FIELDS, sort=sort)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


@resolves("QueryRoot.currentBulkOperation")
def current_bulk_operation(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    wanted = arguments.get("type") or "QUERY"
    rows = [row for row in context.views("bulk_operation") if row["type"] == wanted]
    return rows[-1] if rows else None


@resolves("Mutation.stagedUploadsCreate")
def staged_uploads_create(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wishes = arguments["input"]
    if any(wish["resource"] != "BULK_MUTATION_VARIABLES" for wish in wishes):
        message = "The local Shopify takes staged uploads of BULK_MUTATION_VARIABLES only"
        raise Fault(message, "SANDBOX_NOT_IMPLEMENTED")
    home = context.store.view(context.shop, "shop", context.shop) or {}
    target = f"{bulk.origin(context.store)}/staged-uploads/"
    made = []
    for wish in wishes:
        if wish.get("httpMethod") != "POST":
            raise unsupported("staged uploads by PUT")
        wish.get("fileSize")  # a hint only; the file itself is measured when it comes
        key = f"tmp/{number(home['id'])}/bulk/{uuid4()}/{wish['filename']}"
        parameters = {
            "Content-Type": wish["mimeType"],
            "success_action_status": "201",
            "acl": "private",
            "key": key,
            "x-goog-date": context.store.now().strftime("%Y%m%dT%H%M%SZ"),
            "x-goog-credential": "sandbox",
            "x-goog-algorithm": "GOOG4-RSA-SHA256",
            "x-goog-signature": uuid4().hex,
            "policy": "sandbox",
        }
        listed = [{"name": name, "value": value} for name, value in parameters.items()]
        made.append({"url": target, "resourceUrl": target, "parameters": listed})
    return {"stagedTargets": made, "userErrors": []}
