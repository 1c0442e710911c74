"""What every record has: look-up by global id, metafields, events that nobody writes here."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sandbox.shopify import access
from sandbox.shopify.connections import connection
from sandbox.shopify.context import Context
from sandbox.shopify.documents import type_of
from sandbox.shopify.errors import access_denied
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

TEXTUAL = (
    "number_decimal",
    "single_line_text_field",
    "multi_line_text_field",
    "date",
    "date_time",
    "url",
    "color",
)


OF_ONE_CLIENT = ("WebhookSubscription",)  # records that only the client knows that made them


def _found(context: Context, field: str, global_id: str) -> Document | None:
    requirement = access.of_type(type_of(global_id))
    if requirement is not None and not requirement.met_by(context.scopes):
        raise access_denied(field, requirement.wording())
    found = context.load(global_id)
    if found and type_of(global_id) in OF_ONE_CLIENT and found["client_id"] != context.client_id:
        return None
    return found


@resolves("QueryRoot.node")
def node(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return _found(context, "node", arguments["id"])


@resolves("QueryRoot.nodes")
def nodes(context: Context, source: Any, arguments: dict[str, Any]) -> list[Document | None]:
    return [_found(context, "nodes", one) for one in arguments["ids"]]


def metafields_of(context: Context, owner_id: str) -> list[Document]:
    """The metafields of a record, in the order in which they were written."""
    return [row for row in context.views("metafield") if row["ownerId"] == owner_id]


@resolves("*.metafields")
def metafields(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = metafields_of(context, source["id"])
    if arguments.get("namespace"):
        namespace = resolved_namespace(context.client_id, arguments["namespace"])
        rows = [row for row in rows if row["namespace"] == namespace]
    if arguments.get("keys"):
        rows = [row for row in rows if f"{row['namespace']}.{row['key']}" in arguments["keys"]]
    return connection(rows, arguments)


@resolves("*.metafield")
def metafield(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    namespace, _, key = ("." + arguments["key"]).rpartition(".")
    namespace = arguments.get("namespace") or namespace.lstrip(".") or None
    namespace = resolved_namespace(context.client_id, namespace)
    rows = metafields_of(context, source["id"])
    return next((row for row in rows if (row["namespace"], row["key"]) == (namespace, key)), None)


def resolved_namespace(client_id: str, namespace: str | None) -> str:
    """The stored namespace: none and `$app` mean the app's own."""
    own = f"app--{client_id}"
    if namespace is None or namespace == "$app":
        return own
    return f"{own}--{namespace.removeprefix('$app:')}" if namespace.startswith("$app:") else namespace


@resolves("Metafield.owner")
def owner(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    return context.load(source["ownerId"])


@resolves("Metafield.compareDigest")
def compare_digest(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    return digest_of(source["value"])


def digest_of(value: str) -> str:
    """What stands for a value in a compare-and-set."""
    return hashlib.sha256(value.encode()).hexdigest()


@resolves("Metafield.sizeInBytes")
def size_in_bytes(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return len(source["value"].encode())


@resolves("Metafield.jsonValue")
def json_value(context: Context, source: Document, arguments: dict[str, Any]) -> Any:
    kind, value = source["type"], source["value"]
    if kind == "boolean":
        return True if value == "true" else value  # Shopify gives a true boolean, but false as text
    if kind in TEXTUAL:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


@resolves("*.events")
def events(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return connection([], arguments)


@resolves("QueryRoot.job")
def job(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return context.store.view(context.shop, "job", arguments["id"]) or {"id": arguments["id"], "done": True}
