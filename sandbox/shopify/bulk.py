"""Bulk operations: a query or a mutation over everything, run apart from the request that asked for it.

It owns the life of a BulkOperation (created, running, completed), the JSONL files on both sides, and the news of the
end. Files are served and received by the HTTP side through `result` and `receive`; `work` moves operations on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import graphql as g

from sandbox.shopify.commands.happenings import action
from sandbox.shopify.documents import gid, is_gid, moment, now, number, stamp
from sandbox.shopify.store import Document, Store

DEFAULT_ORIGIN = "http://127.0.0.1:9100"
STARTS_AFTER = timedelta(seconds=1)
ENDS_AFTER = timedelta(seconds=2)
UNFINISHED = ("CREATED", "RUNNING", "CANCELING")
PAGE = 250


def origin(store: Store) -> str:
    """The address under which files are served: document `origin` of kind `setting`."""
    kept = store.view("", "setting", "origin") or {}
    return str(kept.get("origin", DEFAULT_ORIGIN))


def create(
    store: Store,
    shop: str,
    text: str,
    *,
    kind: str,
    client_id: str,
    scopes: frozenset[str],
    version: str,
    upload: str | None = None,
) -> Document:
    """Accepts an operation; it runs when `work` comes by."""
    operation_id = gid("BulkOperation", store.next_id())
    document: Document = {
        "id": operation_id,
        "type": kind,
        "status": "CREATED",
        "query": text,
        "createdAt": now(store),
        "acceptedAt": store.now().isoformat(),
        "completedAt": None,
        "errorCode": None,
        "fileSize": None,
        "objectCount": 0,
        "rootObjectCount": 0,
        "url": None,
        "partialDataUrl": None,
        "client_id": client_id,
        "scopes": sorted(scopes),
        "version": version,
        "upload": upload,
    }
    return store.put(shop, "bulk_operation", operation_id, document)


def unfinished(store: Store, shop: str, *, kind: str, client_id: str) -> list[Document]:
    """The operations of a kind that a client has under way."""
    rows = store.views(shop, "bulk_operation")
    return [
        r for r in rows if r["type"] == kind and r["status"] in UNFINISHED and r["client_id"] == client_id
    ]


def work(store: Store, shop: str) -> int:
    """Moves due operations on; gives how many ended."""
    ended = 0
    for row in store.views(shop, "bulk_operation"):
        if row["status"] not in UNFINISHED:
            continue
        age = store.now() - moment(row["acceptedAt"])
        if row["status"] == "CANCELING":
            ended += _end(store, shop, row, status="CANCELED")
        elif age >= ENDS_AFTER:
            ended += _run(store, shop, row)
        elif age >= STARTS_AFTER and row["status"] == "CREATED":
            store.put(shop, "bulk_operation", row["id"], {**row, "status": "RUNNING"})
    return ended


def _run(store: Store, shop: str, row: Document) -> int:
    lines = list(
        _query_lines(store, shop, row) if row["type"] == "QUERY" else _mutation_lines(store, shop, row)
    )
    text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
    name = f"{number(row['id'])}-{uuid4().hex}.jsonl"
    if lines:
        store.put(shop, "bulk_file", name, {"name": name, "text": text})
    roots = sum(1 for line in lines if "__parentId" not in line)
    return _end(
        store,
        shop,
        row,
        status="COMPLETED",
        objectCount=len(lines),
        rootObjectCount=roots,
        fileSize=len(text.encode()) if lines else None,
        url=f"{origin(store)}/bulk/{shop}/{name}" if lines else None,
    )


def _end(store: Store, shop: str, row: Document, *, status: str, **facts: Any) -> int:
    with action(store, shop) as happening:
        completed_at = stamp(store.now()) if status == "COMPLETED" else None
        kept = store.put(
            shop, "bulk_operation", row["id"], {**row, "status": status, "completedAt": completed_at, **facts}
        )
        happening.tell("bulk_operations/finish", {**kept, "completedAt": stamp(store.now())})
    return 1


def result(store: Store, shop: str, name: str) -> str | None:
    """The text of a finished operation's file."""
    kept = store.view(shop, "bulk_file", name)
    return str(kept["text"]) if kept else None


def receive(store: Store, key: str, text: str) -> None:
    """Takes in a staged upload under the `key` parameter that came with its target."""
    store.put("", "staged_file", key, {"key": key, "text": text})


def uploaded(store: Store, key: str) -> str | None:
    """The text of a staged upload."""
    kept = store.view("", "staged_file", key)
    return str(kept["text"]) if kept else None


def _query_lines(store: Store, shop: str, row: Document) -> Iterator[Document]:
    """Runs the query page by page and flattens connections: one line per node, children after their parent."""
    document = g.parse(row["query"])
    for definition in document.definitions:
        if isinstance(definition, g.OperationDefinitionNode):
            for root in definition.selection_set.selections:
                if isinstance(root, g.FieldNode):
                    yield from _root_lines(store, shop, row, root)


def _root_lines(store: Store, shop: str, row: Document, root: g.FieldNode) -> Iterator[Document]:
    after: str | None = None
    key = root.alias.value if root.alias else root.name.value
    while True:
        text = "{" + g.print_ast(_paged(root, after=after, is_root=True)) + "}"
        data = _execute(store, shop, row, text, {})["data"]
        found = (data or {}).get(key)
        if found is None:
            return
        if "edges" not in found:
            yield from _flat(found, None)
            return
        for edge in found["edges"]:
            yield from _flat(edge["node"], None)
        if not found["bulkPage"]["hasNextPage"]:
            return
        after = found["bulkPage"]["endCursor"]


def _paged(field: g.FieldNode, *, after: str | None = None, is_root: bool = False) -> g.FieldNode:
    """The field with a page size on every connection in it, and the page's end on the root."""
    selections = field.selection_set.selections if field.selection_set else ()
    is_connection = any(isinstance(one, g.FieldNode) and one.name.value == "edges" for one in selections)
    inner = [_paged_selection(one) for one in selections]
    arguments = list(field.arguments or ())
    if is_connection:
        arguments = [one for one in arguments if one.name.value not in ("first", "last", "after", "before")]
        arguments.append(_argument("first", g.IntValueNode(value=str(PAGE))))
        if after:
            arguments.append(_argument("after", g.StringValueNode(value=after)))
        if is_root:
            page = g.parse("{ bulkPage: pageInfo { hasNextPage endCursor } }").definitions[0]
            assert isinstance(page, g.OperationDefinitionNode)
            inner += page.selection_set.selections
    selection_set = g.SelectionSetNode(selections=tuple(inner)) if selections else None
    return g.FieldNode(
        alias=field.alias,
        name=field.name,
        arguments=tuple(arguments),
        directives=field.directives,
        selection_set=selection_set,
    )


def _paged_selection(selection: g.SelectionNode) -> g.SelectionNode:
    if isinstance(selection, g.FieldNode):
        return _paged(selection)
    if isinstance(selection, g.InlineFragmentNode):
        inner = tuple(_paged_selection(one) for one in selection.selection_set.selections)
        return g.InlineFragmentNode(
            type_condition=selection.type_condition,
            directives=selection.directives,
            selection_set=g.SelectionSetNode(selections=inner),
        )
    return selection


def _argument(name: str, value: g.ValueNode) -> g.ArgumentNode:
    return g.ArgumentNode(name=g.NameNode(value=name), value=value)


def _flat(node: Document, parent_id: str | None) -> Iterator[Document]:
    line: Document = {}
    children: list[Document] = []
    for key, value in node.items():
        if isinstance(value, dict) and set(value) == {"edges"}:
            children += [edge["node"] for edge in value["edges"]]
        else:
            line[key] = value
    if parent_id:
        line["__parentId"] = parent_id
    yield line
    own = str(node.get("id", ""))
    for child in children:
        yield from _flat(child, own if is_gid(own) else None)


def _mutation_lines(store: Store, shop: str, row: Document) -> Iterator[Document]:
    text = uploaded(store, row["upload"]) or ""
    for place, line in enumerate(one for one in text.splitlines() if one.strip()):
        body = _execute(store, shop, row, row["query"], json.loads(line))
        answered: Document = {"data": body.get("data")}
        if body.get("errors"):
            answered["errors"] = body["errors"]
        yield {**answered, "__lineNumber": place}


def _execute(store: Store, shop: str, row: Document, text: str, values: dict[str, Any]) -> Document:
    from sandbox.shopify import admin

    return admin.execute(
        store,
        shop=shop,
        scopes=frozenset(row["scopes"]),
        client_id=row["client_id"],
        text=text,
        values=values,
        version=row["version"],
    )
