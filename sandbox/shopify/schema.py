"""The Admin API schema of 2026-10 and the documents sent against it, each read once and kept.

It owns the built schema with its scalars, and the verdict of static validation per document text. It executes
nothing.
"""

from __future__ import annotations

import gc
import gzip
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLSyntaxError,
    Node,
    OperationDefinitionNode,
    build_ast_schema,
    parse,
)

from sandbox.shopify import errors, statics
from sandbox.shopify.money import shortest

DATA = Path(__file__).parent / "data"
VERSION = "2026-10"
DOCUMENTS_KEPT = 512
DEEPEST = 120  # levels of the parsed tree: some forty fields inside one another
_building = Lock()


@dataclass(frozen=True)
class Prepared:
    """One document text: its tree and operations, or the errors that keep it from running."""

    document: DocumentNode | None
    operations: tuple[OperationDefinitionNode, ...]
    errors: tuple[dict[str, Any], ...]


@cache
def _built() -> GraphQLSchema:
    text = gzip.decompress((DATA / "admin_2026-10.graphql.gz").read_bytes()).decode()
    collecting = gc.isenabled()
    gc.disable()  # half a million small objects that all stay: collecting doubles the time
    try:
        schema = build_ast_schema(parse(text, no_location=True), assume_valid=True)
    finally:
        if collecting:
            gc.enable()
    written: dict[str, Callable[[Any], str]] = {
        "Decimal": lambda value: shortest(str(value)),
        "Money": _money,
        "UnsignedInt64": str,
        "BigInt": str,
    }
    for name, write in written.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        vars(scalar)["coerce_output_value"] = write
    return schema


def _money(value: Any) -> str:
    whole, _, rest = str(value).partition(".")
    return f"{whole}.{rest:0<2}"


def schema() -> GraphQLSchema:
    """The schema, built at the first call (two seconds) and shared by all threads."""
    with _building:
        return _built()


@cache
def data(name: str) -> Any:
    """A JSON file beside the schema."""
    return json.loads((DATA / name).read_text())


_prepared: OrderedDict[tuple[str, bool], Prepared] = OrderedDict()
_preparing = Lock()


def prepare(text: str, *, knows_idempotent: bool = True) -> Prepared:
    """Parses and validates a document text, once."""
    key = (text, knows_idempotent)
    with _preparing:
        if found := _prepared.get(key):
            _prepared.move_to_end(key)
            return found
    prepared = _prepare(text, knows_idempotent)
    with _preparing:
        _prepared[key] = prepared
        while len(_prepared) > DOCUMENTS_KEPT:
            _prepared.popitem(last=False)
    return prepared


def _check_depth(document: DocumentNode) -> None:
    """Raises RecursionError for a tree that some later step could not walk."""
    level: list[Node] = [document]
    for _ in range(DEEPEST):
        below = []
        for node in level:
            for key in node.keys:
                value = getattr(node, key) if key != "loc" else None
                below += [
                    one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, Node)
                ]
        level = below
        if not level:
            return
    raise RecursionError


def _prepare(text: str, knows_idempotent: bool) -> Prepared:
    try:
        document = parse(text)
        _check_depth(document)
    except RecursionError:
        return Prepared(None, (), (errors.static("syntax error, nested too deeply", "PARSE_ERROR"),))
    except GraphQLSyntaxError as error:
        return Prepared(None, (), (errors.syntax(error),))
    except GraphQLError as error:
        return Prepared(None, (), (errors.static(error.message, "PARSE_ERROR"),))
    found = statics.check(schema(), document, knows_idempotent=knows_idempotent)
    operations = tuple(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return Prepared(document, operations, tuple(found))
