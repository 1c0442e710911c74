"""How values are taken out of GraphQL answers: MoneyBags, connections, ids. The rules are those of `bodies_values`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sync.domain.documents import Address
from sync.domain.history import TaxLine
from sync.domain.money import Both
from sync.shopify.bodies_values import Drift, Json, address, child, each, flag, gid, need, pair, rate, text

T = TypeVar("T")
CODES = ("provinceCode", "countryCodeV2")


def both(node: Json, key: str) -> Both:
    """The MoneyBag under a key."""
    try:
        bag = node[key]
        shop, presentment = bag["shopMoney"], bag["presentmentMoney"]
        return pair(shop["amount"], shop["currencyCode"], presentment["amount"], presentment["currencyCode"])
    except (KeyError, TypeError, ValueError):
        raise Drift(key, "is not an amount in both currencies") from None


def both_or(node: Json, key: str, otherwise: Both) -> Both:
    """The MoneyBag, or another amount when it is absent or null."""
    return both(node, key) if node.get(key) is not None else otherwise


def identity(node: Json) -> str:
    """The id of a node."""
    return gid(node, "id")


def reference(node: Json, key: str) -> str:
    """The id of the node under a key, which must be there."""
    try:
        return identity(need(node, key))
    except Drift as drift:
        raise (drift if drift.path == key else drift.under(key)) from None


def reference_or_none(node: Json, key: str) -> str | None:
    """The id of the node under a key, or None."""
    return child(node, key, identity)


def nodes(node: Json, key: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    """Every node of a connection, read. An absent connection is empty."""
    holder = node.get(key)
    if holder is None:
        return ()
    if not isinstance(holder, dict):
        raise Drift(key, "is not a connection")
    try:
        if "nodes" in holder:
            return each(holder, "nodes", read)
        if "edges" in holder:
            return each(holder, "edges", lambda edge: _of_edge(edge, read))
        raise Drift("nodes", "is missing")
    except Drift as drift:
        raise drift.under(key) from None


def _of_edge(edge: Json, read: Callable[[Any], T]) -> T:
    node = need(edge, "node")
    if not isinstance(node, dict):
        raise Drift("node", "is not an object")
    try:
        return read(node)
    except Drift as drift:
        raise drift.under("node") from None


def tax_line(node: Json) -> TaxLine:
    """A TaxLine."""
    return TaxLine(
        title=text(node, "title"),
        rate=rate(node),
        amount=both(node, "priceSet"),
        is_channel_liable=flag(node, "channelLiable"),
    )


def postal_address(node: Json) -> Address:
    """A MailingAddress."""
    return address(text(node, "firstName"), text(node, "lastName"), text(node, "name"), node, CODES)
