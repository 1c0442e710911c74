"""What a query costs, and the leaky bucket that pays for it.

It owns the cost model (requested and actual points), the bucket per shop and client, and the two refusals: a query
too dear for any bucket, and a bucket too empty for this one. The size of a shop's bucket is its `bucket` document.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import graphql as g

from sandbox.shopify.errors import LIMITS_PAGE
from sandbox.shopify.store import Store

DEAREST_QUERY = 1000
STANDARD_MAXIMUM, STANDARD_RATE = 2000, 100
MUTATION, COUNT = 10, 10
FREE = {
    *("MoneyBag", "MoneyV2", "LocationAddress", "ShopAddress", "ApiVersion", "PageInfo"),
    *("WebhookSubscriptionEndpoint", "WebhookHttpEndpoint", "WebhookPubSubEndpoint"),
}


@dataclass(frozen=True)
class Part:
    """One composite field of a document with what it costs; scalars cost nothing and have no part."""

    key: str
    kind: str  # free, object, objects, connection, count, payload
    size: int | str  # of a connection its page size, of objects how many; or the variable that holds it
    parts: tuple[Part, ...]
    variants: tuple[tuple[Part, ...], ...]  # parts under a type condition: one group per type
    rows: tuple[tuple[str, str | None], ...] = ()  # of a connection: where the answer holds its nodes

    def requested(self, variables: Mapping[str, Any]) -> int:
        """The points to reserve before running."""
        inner = sum(part.requested(variables) for part in self.parts)
        inner += max((sum(p.requested(variables) for p in group) for group in self.variants), default=0)
        match self.kind:
            case "connection":
                return _page_cost(self._size(variables), inner)
            case "payload":
                return MUTATION + inner
            case "count":
                return COUNT
            case "object":
                return 1 + inner
            case "objects":  # asked for by their ids: each is paid for
                return self._size(variables) * (1 + inner)
            case _:
                return inner

    def actual(self, value: Any, variables: Mapping[str, Any]) -> int:
        """The points that the answer was worth."""
        if self.kind == "count":
            return COUNT
        if self.kind == "connection":
            return self._actual_page(value, variables)
        if self.kind == "objects":
            return sum(1 + (self._inner(one, variables) if one else 0) for one in value or ())
        own = {"payload": MUTATION, "object": 1}.get(self.kind, 0)
        if isinstance(value, list):
            return own + max((self._inner(one, variables) for one in value if one is not None), default=0)
        return own + (self._inner(value, variables) if value is not None else 0)

    def _inner(self, value: Mapping[str, Any], variables: Mapping[str, Any]) -> int:
        everything = (*self.parts, *(part for group in self.variants for part in group))
        return sum(part.actual(value[part.key], variables) for part in everything if part.key in value)

    def _actual_page(self, value: Any, variables: Mapping[str, Any]) -> int:
        if value is None:
            return 1
        rows = []
        for key, inner in self.rows:
            rows += [row[inner] if inner else row for row in value[key]]
        if not rows:
            return self.requested(variables)
        return _page_cost(len(rows), max(self._inner(row, variables) for row in rows))

    def _size(self, variables: Mapping[str, Any]) -> int:
        size = variables.get(self.size) if isinstance(self.size, str) else self.size
        if isinstance(size, list):
            return len(size)
        return size if isinstance(size, int) else 0


def _page_cost(size: int, inside: int) -> int:
    pages = max(1, math.floor(2 * math.log(size))) if size > 0 else 1
    return 2 + pages * (1 + inside)


class Planner:
    """Turns an operation into parts."""

    def __init__(self, schema: g.GraphQLSchema, document: g.DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, g.FragmentDefinitionNode)
        }

    def operation(self, operation: g.OperationDefinitionNode) -> Part:
        """The whole operation as one free part."""
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        return Part("", "free", 0, *self._parts(operation.selection_set, root))

    def _parts(
        self, selections: g.SelectionSetNode | None, on: g.GraphQLCompositeType
    ) -> tuple[tuple[Part, ...], tuple[tuple[Part, ...], ...]]:
        parts: dict[str, Part] = {}
        variants: list[tuple[Part, ...]] = []
        for selection in selections.selections if selections else ():
            if isinstance(selection, g.FieldNode):
                part = self._field(selection, on)
                if part is not None:
                    parts[part.key] = part
                continue
            inner, wanted = self._fragment(selection, on)
            own, deeper = self._parts(inner, wanted)
            if wanted is on:
                parts.update({part.key: part for part in own})
                variants += deeper
            else:
                variants.append(own)
                variants += deeper
        return tuple(parts.values()), tuple(variants)

    def _fragment(
        self, selection: g.SelectionNode, on: g.GraphQLCompositeType
    ) -> tuple[g.SelectionSetNode, g.GraphQLCompositeType]:
        if isinstance(selection, g.FragmentSpreadNode):
            fragment = self._fragments[selection.name.value]
            name, inner = fragment.type_condition.name.value, fragment.selection_set
        else:
            assert isinstance(selection, g.InlineFragmentNode)
            name = selection.type_condition.name.value if selection.type_condition else on.name
            inner = selection.selection_set
        wanted = self._schema.get_type(name)
        assert isinstance(wanted, g.GraphQLCompositeType)
        return inner, on if wanted is on else wanted

    def _field(self, node: g.FieldNode, on: g.GraphQLCompositeType) -> Part | None:
        field = self._schema.get_field(on, node.name.value)
        assert field is not None
        named = g.get_named_type(field.type)
        if not isinstance(named, g.GraphQLCompositeType) or node.name.value in ("userErrors", "pageInfo"):
            return None
        key = node.alias.value if node.alias else node.name.value
        if named.name == "Count":
            return Part(key, "count", 0, (), ())
        if named.name.endswith("Connection"):
            return self._connection(node, named, key)
        parts, variants = self._parts(node.selection_set, named)
        if on is self._schema.mutation_type:
            return Part(key, "payload", 0, tuple(_without_own_cost(part) for part in parts), variants)
        if on is self._schema.query_type and node.name.value == "nodes":
            return Part(key, "objects", _length(node), parts, variants)
        return Part(key, "free" if _is_free(named.name) else "object", 0, parts, variants)

    def _connection(self, node: g.FieldNode, named: g.GraphQLCompositeType, key: str) -> Part:
        size: int | str = 0
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                if isinstance(argument.value, g.IntValueNode):
                    size = int(argument.value.value)
                elif isinstance(argument.value, g.VariableNode):
                    size = argument.value.name.value
        parts: dict[str, Part] = {}
        variants: list[tuple[Part, ...]] = []
        rows: list[tuple[str, str | None]] = []
        for part in self._parts(node.selection_set, named)[0]:
            inner = part
            if self._is_edges(node, part.key):
                if not part.parts:
                    continue
                inner = part.parts[0]
                rows.append((part.key, inner.key))
            else:
                rows.append((part.key, None))
            parts.update({one.key: one for one in inner.parts})
            variants += inner.variants
        return Part(key, "connection", size, tuple(parts.values()), tuple(variants), tuple(rows))

    def _is_edges(self, node: g.FieldNode, key: str) -> bool:
        chosen = node.selection_set.selections if node.selection_set else ()
        return any(
            isinstance(one, g.FieldNode)
            and one.name.value == "edges"
            and (one.alias.value if one.alias else "edges") == key
            for one in chosen
        )


def _is_free(type_name: str) -> bool:
    return type_name in FREE or type_name.startswith("__")  # questions about the schema itself


def _length(node: g.FieldNode) -> int | str:
    """How many ids a field is given, or the variable that holds them."""
    for argument in node.arguments or ():
        if isinstance(argument.value, g.ListValueNode):
            return len(argument.value.values)
        if isinstance(argument.value, g.VariableNode):
            return argument.value.name.value
    return 1


def _without_own_cost(part: Part) -> Part:
    kind = "free" if part.kind == "object" else part.kind
    return replace(part, kind=kind)


class Buckets:
    """The buckets of one store, one per shop and client."""

    _of_store: WeakKeyDictionary[Store, Buckets] = WeakKeyDictionary()

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._levels: dict[tuple[str, str], tuple[float, datetime]] = {}
        self.refusals: Counter[tuple[str, str]] = Counter()  # by shop and client, since the process began

    @classmethod
    def of(cls, store: Store) -> Buckets:
        """The buckets that belong to the store."""
        with store.lock:
            return cls._of_store.setdefault(store, cls(store))

    def size(self, shop: str) -> tuple[int, int]:
        """Maximum and restore rate of the shop's buckets."""
        kept = self._store.view(shop, "bucket", "bucket") or {}
        return kept.get("maximumAvailable", STANDARD_MAXIMUM), kept.get("restoreRate", STANDARD_RATE)

    def resize(self, shop: str, *, maximum: int, rate: int) -> None:
        """Gives the shop's buckets another size, full."""
        self._store.put(shop, "bucket", "bucket", {"maximumAvailable": maximum, "restoreRate": rate})
        with self._lock:
            self._levels = {key: level for key, level in self._levels.items() if key[0] != shop}

    def take(self, shop: str, client_id: str, points: int) -> bool:
        """Reserves points; False and nothing taken when the bucket holds less."""
        with self._lock:
            level = self._level(shop, client_id)
            taken = level >= points
            self._levels[shop, client_id] = (level - points if taken else level, self._store.now())
            self.refusals[shop, client_id] += not taken
            return taken

    def give_back(self, shop: str, client_id: str, points: int) -> None:
        """Returns what a query did not need."""
        with self._lock:
            level = min(self._level(shop, client_id) + points, self.size(shop)[0])
            self._levels[shop, client_id] = (level, self._store.now())

    def drain(self, shop: str, client_id: str) -> None:
        """Empties a bucket, as a busy neighbour with the same token would."""
        with self._lock:
            self._levels[shop, client_id] = (0, self._store.now())

    def status(self, shop: str, client_id: str) -> dict[str, int]:
        """The throttleStatus of an answer."""
        maximum, rate = self.size(shop)
        with self._lock:
            level = int(self._level(shop, client_id))
        return {"maximumAvailable": maximum, "currentlyAvailable": level, "restoreRate": rate}

    def _level(self, shop: str, client_id: str) -> float:
        maximum, rate = self.size(shop)
        level, at = self._levels.get((shop, client_id), (float(maximum), self._store.now()))
        return min(float(maximum), level + rate * max(0.0, (self._store.now() - at).total_seconds()))


def too_dear(cost: int) -> dict[str, Any]:
    """A query that no bucket may pay."""
    return {
        "message": f"Query cost is {cost}, which exceeds the single query max cost limit ({DEAREST_QUERY}).\n\n"
        f"See {LIMITS_PAGE} for more information on how the\ncost of a query is calculated.\n",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": DEAREST_QUERY,
            "documentation": LIMITS_PAGE,
        },
    }


def throttled() -> dict[str, Any]:
    """A query that this bucket cannot pay now."""
    return {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": LIMITS_PAGE}}
