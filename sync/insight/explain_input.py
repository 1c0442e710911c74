"""What `explain` is given, in whatever form it was saved: a webhook body, or the order as GraphQL tells it.

One unwrapping for both inputs: an order node may come bare, in its envelope, or as the one order of a connection. An
answer that has further pages, and nodes of another order than the body's, are refused: half an order proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kit.faults import Misconfigured, Rejected
from sync.domain.history import Agreement
from sync.domain.records import Order
from sync.shopify import bodies, reader
from sync.shopify.bodies_history import order_gid
from sync.shopify.bodies_values import GID, Drift, contract, gid, need
from sync.shopify.reader_history import agreement

ORDER_TOPICS: Final = ("orders/create", "orders/updated", "orders/paid", "orders/cancelled")
OF_AN_ORDER: Final = ("orders/edited", "refunds/", "returns/", "fulfillments/", "order_transactions/")
ENVELOPES: Final = ("data", "order", "node", "orders")
DEEPEST: Final = 6  # envelopes around an order


@dataclass(frozen=True, kw_only=True)
class Given:
    """The order that the input is about; without a record when the input does not carry the whole order."""

    gid: str
    order: Order | None = None
    agreements: tuple[Agreement, ...] | None = None


def given(body: bytes, topic: str, nodes: bytes | None) -> Given:
    """The record to plan from. Raises Rejected `schema_drift` with the path, Misconfigured for a topic of no order."""
    if topic not in ORDER_TOPICS and not topic.startswith(OF_AN_ORDER):
        raise _of_no_order(topic)
    parsed = bodies.parse(body)
    found = _order_node(parsed)
    if nodes is None:
        return _of_node(*found) if found else _of_body(parsed, topic)
    told = _order_node(bodies.parse(nodes))
    with contract("an answer"):
        if told is None:
            raise Drift("order", "is missing")
    about = _of_node(*found) if found else _of_body(parsed, topic)
    whole = _of_node(*told)
    with contract("an answer"):
        if whole.gid != about.gid:
            raise Drift("order.id", f"is {whole.gid}, and the body is about {about.gid}")
    return whole


def codes_of(raw: bytes | None) -> set[str]:
    """Every SKU and barcode in an input; none in what is no JSON."""
    if raw is None:
        return set()
    try:
        left = [bodies.parse(raw)]
    except Rejected:
        return set()  # the explanation itself says what is wrong with it
    found: set[str] = set()
    while left:
        value = left.pop()
        if isinstance(value, dict):
            found |= {value[name] for name in ("sku", "barcode") if isinstance(value.get(name), str)}
            left += value.values()
        elif isinstance(value, list):
            left += value
    return found - {""}


def _of_no_order(topic: str) -> Misconfigured:
    if topic.startswith(("companies/", "company_locations/")):
        sentence = (
            f"A delivery of {topic} is kept; the next order of the company brings its branch to the ERP."
        )
    else:
        sentence = f"A delivery of {topic} makes no ERP document by itself."
    return Misconfigured("topic_not_planned", sentence, misses="")


def _of_body(parsed: Any, topic: str) -> Given:
    if topic in ORDER_TOPICS:
        order = bodies.order(parsed)
        return Given(gid=order.gid, order=order)
    if isinstance(parsed, dict) and str(parsed.get("admin_graphql_api_id")).startswith(f"{GID}Order/"):
        with contract("an order"):
            return Given(gid=gid(parsed, of="Order"))
    return Given(gid=order_gid(parsed))


def _of_node(node: Mapping[str, Any], beside: Any) -> Given:
    listed = beside if beside is not None else node.get("agreements")
    with contract("an answer"):
        _all_pages(node, "order")
        if listed is not None:
            _all_pages(listed, "agreements")
    order = reader.order(node)
    return Given(
        gid=order.gid, order=order, agreements=None if listed is None else _agreements(listed, order)
    )


def _order_node(value: Any) -> tuple[Mapping[str, Any], Any] | None:
    """The one order node in an answer, with agreements that lie beside it; None when it is no answer of GraphQL."""
    beside = None
    for _ in range(DEEPEST):
        value = _only(value)
        if not isinstance(value, dict):
            return None
        if str(value.get("id")).startswith(GID) and "admin_graphql_api_id" not in value:
            return value, beside
        beside = value.get("agreements", beside)
        inner = next((value[name] for name in ENVELOPES if isinstance(value.get(name), dict | list)), None)
        value = value if inner is None else inner
    return None


def _only(value: Any) -> Any:
    """The only item of a list or connection."""
    if isinstance(value, dict):
        for name in ("nodes", "edges"):
            if isinstance(value.get(name), list) and "id" not in value:
                value = value[name]
                break
    if not isinstance(value, list):
        return value
    with contract("an answer"):
        if len(value) != 1:
            raise Drift("$", f"holds {len(value)} orders instead of one")
    return value[0]


def _all_pages(value: Any, path: str) -> None:
    """Raises Drift where an answer says that it goes on."""
    left = [(value, path)]
    while left:
        one, where = left.pop()
        if isinstance(one, list):
            left += [(each, f"{where}[{index}]") for index, each in enumerate(one)]
        elif isinstance(one, dict):
            page = one.get("pageInfo")
            if isinstance(page, dict) and page.get("hasNextPage") is True:
                raise Drift(f"{where}.pageInfo.hasNextPage", "says that there is more; give every page")
            left += [(each, f"{where}.{name}") for name, each in one.items()]


def _agreements(listed: Any, order: Order) -> tuple[Agreement, ...]:
    found = []
    with contract("the sales ledger"):
        for place, node in enumerate(_entries(listed)):
            try:
                found.append(agreement(node, taxes_included=order.taxes_included))
            except Drift as drift:
                raise drift.under(f"agreements[{place}]") from None
    return tuple(found)


def _entries(listed: Any) -> list[Any]:
    """The agreements of a plain list, or of a connection with nodes or edges."""
    if isinstance(listed, dict):
        edges = listed.get("edges")
        listed = [need(edge, "node") for edge in edges] if isinstance(edges, list) else listed.get("nodes")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise Drift("agreements", "is not a list of objects")
    return listed
