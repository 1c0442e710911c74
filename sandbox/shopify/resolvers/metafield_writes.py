"""metafieldsSet and metafieldsDelete."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.documents import new_gid, now, type_of
from sandbox.shopify.errors import user
from sandbox.shopify.resolvers.nodes import digest_of, resolved_namespace
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

MOST = 25
RESERVED = ("protected", "shopify--discovery--product_recommendation")
STALE = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
# Length limits: smallest and largest.
NAMESPACE, KEY = (3, 255), (2, 64)


class BadValue(ValueError):
    """A value that its type does not allow."""


@resolves("Mutation.metafieldsSet")
def metafields_set(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wishes = arguments["metafields"]
    if len(wishes) > MOST:
        message = f"Exceeded the maximum metafields input limit of {MOST}."
        return {"metafields": None, "userErrors": [_error(message, "LESS_THAN_OR_EQUAL_TO", "metafields")]}
    read, faults = [], []
    for index, wish in enumerate(wishes):
        document, found = _read(context, wish, index)
        faults += found
        read.append(document)
    if faults:
        return {"metafields": [], "userErrors": faults}
    written = [_write(context, document) for document in read]
    return {"metafieldsIds": written, "userErrors": []}


def set_all(context: Context, owner_id: str, wishes: list[Document] | None) -> list[Document]:
    """Writes the metafields that come with the input of their owner; what is wrong with them, and nothing written."""
    read, faults = [], []
    for index, wish in enumerate(wishes or ()):
        document, found = _read(context, {"ownerId": owner_id, **wish}, index)
        faults += [{key: fault[key] for key in ("field", "message", "code")} for fault in found]
        read.append(document)
    if not faults:
        for document in read:
            _write(context, document)
    return faults


def _error(message: str, code: str | None, *field: str | int) -> Document:
    return {**user(message, *field, code=code), "elementIndex": None}


def _known(context: Context, owner_id: str, namespace: str, key: str) -> Document | None:
    wanted = (owner_id, namespace, key)
    rows = context.views("metafield")
    return next((row for row in rows if (row["ownerId"], row["namespace"], row["key"]) == wanted), None)


def _read(context: Context, wish: Document, index: int) -> tuple[Document, list[Document]]:
    path = ("metafields", index)
    namespace = resolved_namespace(context.client_id, wish.get("namespace"))
    known = _known(context, wish["ownerId"], namespace, wish["key"])
    kind = wish.get("type") or (known or {}).get("type")
    faults = []
    if context.load(wish["ownerId"]) is None:
        faults.append(_error("Owner does not exist.", "INVALID_VALUE", *path, "ownerId"))
    for name, text, (shortest, longest) in (("namespace", namespace, NAMESPACE), ("key", wish["key"], KEY)):
        label = name.capitalize()
        if len(text) < shortest:
            message = f"{label} is too short (minimum is {shortest} characters)"
            faults.append(_error(message, "TOO_SHORT", *path, name))
        if len(text) > longest:
            faults.append(
                _error(f"{label} is too long (maximum is {longest} characters)", "TOO_LONG", *path, name)
            )
    if namespace in RESERVED:
        faults.append(_error(f"Namespace {namespace} is a reserved namespace", None, *path, "namespace"))
    if not kind:
        faults.append(_error("Type can't be blank", "BLANK", *path, "type"))
    value = wish["value"]
    if kind:
        try:
            value = normalised(kind, wish["value"])
        except BadValue as bad:
            faults.append(_error(str(bad), "INVALID_VALUE", *path, "value"))
    if "compareDigest" in wish and not faults:
        faults += _digest_faults(known, wish["compareDigest"], value, path)
    document = {
        "ownerId": wish["ownerId"],
        "namespace": namespace,
        "key": wish["key"],
        "type": kind,
        "value": value,
    }
    return document, faults


def _digest_faults(
    known: Document | None, digest: str | None, value: str, path: tuple[str | int, ...]
) -> list[Document]:
    if known is None:
        return [_error("Invalid `compareDigest` value.", "INVALID_COMPARE_DIGEST", *path)] if digest else []
    if digest == digest_of(known["value"]) or known["value"] == value:
        return []
    return [_error(STALE, "STALE_OBJECT", *path)]


def normalised(kind: str, value: str) -> str:
    """The value as Shopify keeps it. Raises BadValue."""
    if value == "":
        raise BadValue("Value can't be blank.")
    match kind:
        case "boolean":
            text = value.strip().lower()
            if text in ("true", "t", "1"):
                return "true"
            if text in ("false", "f", "0"):
                return "false"
            raise BadValue("Value must be true or false.")
        case "number_integer":
            if not re.fullmatch(r"-?\d+(\.0+)?", value):
                raise BadValue("Value must be an integer.")
            return value.split(".")[0]
        case "number_decimal":
            return _decimal(value)
        case "date":
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                raise BadValue("Value must be in YYYY-MM-DD format.")
            return value
        case _:
            return value


def _decimal(value: str) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise BadValue("Value must be a decimal.") from error
    text = format(number, "f")
    whole, dot, rest = text.partition(".")
    return f"{whole}{dot}{rest[:9]}"


def _write(context: Context, document: Document) -> str:
    known = _known(context, document["ownerId"], document["namespace"], document["key"])
    at = now(context.store)
    kept = {
        "id": known["id"] if known else new_gid(context.store, "Metafield"),
        "createdAt": known["createdAt"] if known else at,
        "updatedAt": at,
        "ownerType": type_of(document["ownerId"]).upper(),
        **document,
    }
    context.store.put(context.shop, "metafield", kept["id"], kept)
    return str(kept["id"])


@resolves("Mutation.metafieldsDelete")
def metafields_delete(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    gone: list[Document | None] = []
    for wish in arguments["metafields"]:
        namespace = resolved_namespace(context.client_id, wish["namespace"])
        known = _known(context, wish["ownerId"], namespace, wish["key"])
        if known is not None:
            context.store.delete(context.shop, "metafield", known["id"])
        gone.append(
            {"ownerId": wish["ownerId"], "namespace": namespace, "key": wish["key"]} if known else None
        )
    return {"deletedMetafields": gone, "userErrors": []}
