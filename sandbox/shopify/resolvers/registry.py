"""How a field of the schema finds its answer: a resolver of its own, or the document it is asked of.

It owns the register and the generic answers (values, pages, counts, references, deprecated scalars beside money
sets). A field that neither knows is an error that names it, never a silent null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType, get_named_type

from sandbox.shopify import documents, errors
from sandbox.shopify.connections import connection, count
from sandbox.shopify.context import Context
from sandbox.shopify.resolvers.defaults import DEFAULTS
from sandbox.shopify.store import Document

Resolver = Callable[[Context, Any, dict[str, Any]], Any]
RESOLVERS: dict[tuple[str, str], Resolver] = {}
_MISSING = object()


def resolves(*names: str) -> Callable[[Resolver], Resolver]:
    """Registers a resolver for fields named `Type.field`; `*.field` serves every record type without one of its own."""

    def register(resolver: Resolver) -> Resolver:
        for name in names:
            type_name, _, field = name.partition(".")
            if (type_name, field) in RESOLVERS:
                raise ValueError(f"{name} has two resolvers")
            RESOLVERS[type_name, field] = resolver
        return resolver

    return register


def resolver_of(type_name: str, field: str, returns: GraphQLOutputType) -> Resolver:
    """The resolver of a field: its own, that of all types, or the generic one."""
    own = RESOLVERS.get((type_name, field))
    if own is None and not type_name.endswith("Payload"):
        own = RESOLVERS.get(("*", field))
    return own or _generic(type_name, field, returns)


def has_own(type_name: str, field: str) -> bool:
    """Whether a field is answered by more than its document."""
    return (type_name, field) in RESOLVERS or (
        not type_name.endswith("Payload") and ("*", field) in RESOLVERS
    )


def _generic(type_name: str, field: str, returns: GraphQLOutputType) -> Resolver:
    named = get_named_type(returns).name
    bare = returns.of_type if isinstance(returns, GraphQLNonNull) else returns
    is_list = isinstance(bare, GraphQLList)
    constants = DEFAULTS.get(type_name, {})

    def resolve(context: Context, source: Any, arguments: dict[str, Any]) -> Any:
        if not isinstance(source, dict):
            raise errors.not_implemented(type_name, field)
        value = source.get(field, _MISSING)
        if value is _MISSING:
            value = _derived(context, source, field, named)
        if value is _MISSING:
            value = constants.get(field, _MISSING)
        if value is _MISSING:
            raise errors.not_implemented(type_name, field)
        if isinstance(value, list) and not is_list and named.endswith("Connection"):
            return connection(value, arguments)
        if isinstance(value, list) and is_list and arguments.get("first") is not None:
            return value[: arguments["first"]]
        if named == "Count" and isinstance(value, int):
            return count(value, arguments.get("limit"))
        return value

    return resolve


def _derived(context: Context, source: Document, field: str, named: str) -> Any:
    if f"{field}Id" in source:
        return context.load(source[f"{field}Id"])
    if f"{field}Ids" in source:
        return [found for one in source[f"{field}Ids"] if (found := context.load(one)) is not None]
    if field == "legacyResourceId" and "id" in source:
        return documents.number(source["id"])
    if named in ("Money", "MoneyV2") and f"{field}Set" in source:
        bag = source[f"{field}Set"]
        if bag is None:
            return None
        return bag["shopMoney"] if named == "MoneyV2" else bag["shopMoney"]["amount"]
    if named == "Count" and isinstance(source.get(plural := field.removesuffix("Count")), list):
        return len(source[plural])
    return _MISSING


def type_name_of(value: Any) -> str | None:
    """The concrete type of a document behind an interface or a union."""
    if not isinstance(value, dict):
        return None
    named = value.get("__typename") or documents.type_of(str(value.get("id", "")))
    return str(named) if named else None
