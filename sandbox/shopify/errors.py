"""The errors of the Admin API in Shopify's words, codes and key order.

It owns the form of static errors, of errors raised while a field is resolved, and of user errors. It decides
nothing: whoever finds a fault names it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError, Node
from graphql.language import get_location

SCOPES_PAGE = "https://shopify.dev/api/usage/access-scopes"
LIMITS_PAGE = "https://shopify.dev/api/usage/rate-limits"
NOT_IMPLEMENTED = "SANDBOX_NOT_IMPLEMENTED"


class Fault(GraphQLError):
    """A top-level error with a code, raised by a resolver; its field answers null."""

    def __init__(self, message: str, code: str, *, nodes: Sequence[Node] | None = None, **extensions: Any):
        super().__init__(message, nodes=nodes, extensions={"code": code, **extensions})


def locations(node: Node | None) -> list[dict[str, int]]:
    """Where the node stands in the document."""
    if node is None or node.loc is None:
        return []
    place = get_location(node.loc.source, node.loc.start)
    return [{"line": place.line, "column": place.column}]


def static(
    message: str, code: str, *, node: Node | None = None, path: Sequence[str] | None = None, **extensions: Any
) -> dict[str, Any]:
    """An error found before anything runs."""
    error: dict[str, Any] = {"message": message, "locations": locations(node)}
    if path is not None:
        error["path"] = list(path)
    error["extensions"] = {"code": code, **extensions}
    return error


def syntax(error: GraphQLSyntaxError) -> dict[str, Any]:
    """A document that cannot be parsed."""
    place = error.locations[0] if error.locations else None
    line, column = (place.line, place.column) if place else (1, 1)
    detail = error.message.removeprefix("Syntax Error: ").rstrip(".")
    if "<EOF>" in detail:
        detail = "unexpected end of file"
    message = f"syntax error, {detail[:1].lower()}{detail[1:]} at [{line}, {column}]"
    return {
        "message": message,
        "locations": [{"line": line, "column": column}],
        "extensions": {"code": "PARSE_ERROR"},
    }


def access_denied(field: str, required: str | None) -> Fault:
    """A field that the token's scopes do not open."""
    if required is None:
        return Fault(f"Access denied for {field} field.", "ACCESS_DENIED", documentation=SCOPES_PAGE)
    return Fault(
        f"Access denied for {field} field. Required access: {required}",
        "ACCESS_DENIED",
        documentation=SCOPES_PAGE,
        requiredAccess=required,
    )


def not_implemented(type_name: str, field: str) -> Fault:
    """A field that the local Shopify does not answer."""
    return Fault(f"The local Shopify has no resolver for {type_name}.{field} yet", NOT_IMPLEMENTED)


def unsupported(what: str) -> Fault:
    """Something that Shopify takes and that the local Shopify would not carry out."""
    return Fault(f"The local Shopify does not support {what} yet", NOT_IMPLEMENTED)


def invalid_id(global_id: str) -> Fault:
    """A well-formed id of another type than the field wants."""
    return Fault(f"Invalid id: {global_id}", "RESOURCE_NOT_FOUND")


def bad_request(message: str) -> Fault:
    """An argument rule that holds for any root field."""
    return Fault(message, "BAD_REQUEST")


def user(message: str, *field: str | int, code: str | None = None) -> dict[str, Any]:
    """A user error; without path elements its field is null."""
    return {"field": [str(part) for part in field] or None, "message": message, "code": code}
