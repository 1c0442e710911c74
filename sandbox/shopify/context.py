"""What a resolver may know while it answers: the shop, who asks, and the store.

It owns the look-ups that every resolver shares and the notes that end in `extensions`. One context lives for one
request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLOutputType, OperationDefinitionNode
from graphql.execution.values import VariableValues

from sandbox.shopify import documents, errors
from sandbox.shopify.connections import SortKey, connection
from sandbox.shopify.search import Field, prepare
from sandbox.shopify.store import Document, Store

Path = tuple[Any, ...] | None  # (path above, key)


@dataclass(slots=True)
class Place:
    """Where in an operation a resolver is asked."""

    field_name: str
    nodes: tuple[FieldNode, ...]
    returns: GraphQLOutputType
    operation: OperationDefinitionNode
    values: VariableValues
    way: Path

    @property
    def path(self) -> list[str | int]:
        """The way from the root of the answer."""
        return listed(self.way)


def listed(path: Path) -> list[str | int]:
    """A path from its root."""
    keys: list[str | int] = []
    while path is not None:
        path, key = path
        keys.append(key)
    return keys[::-1]


@dataclass
class Context:
    """One request of one client in one shop."""

    store: Store
    shop: str
    scopes: frozenset[str]  # with what they imply
    client_id: str
    version: str
    searches: list[Document] = field(default_factory=list)
    place: Place | None = None  # of the field being resolved
    _orders: dict[str, tuple[Document, dict[str, Document]]] = field(default_factory=dict)

    def load(self, global_id: str | None) -> Document | None:
        """The record behind a global id, to read only."""
        if not global_id:
            return None
        if documents.type_of(global_id) not in documents.EMBEDDED:
            return documents.load(self.store, self.shop, global_id)
        order = documents.owner(self.store, self.shop, global_id)
        return self._inside(order).get(global_id) if order is not None else None

    def _inside(self, order: Document) -> dict[str, Document]:
        """The records inside an order by their ids; a changed order is another object."""
        kept = self._orders.get(order["id"])
        if kept is None or kept[0] is not order:
            kept = (order, {record["id"]: record for record in documents.embedded(order)})
            self._orders[order["id"]] = kept
        return kept[1]

    def views(self, kind: str) -> list[Document]:
        """All records of a kind, to read only."""
        return self.store.views(self.shop, kind)

    def wanted(self, global_id: str, *type_names: str) -> Document | None:
        """The record behind an id that must be of one of these types."""
        if documents.type_of(global_id) not in type_names:
            raise errors.invalid_id(global_id)
        return self.load(global_id)

    def search(
        self,
        rows: Sequence[Document],
        arguments: dict[str, Any],
        fields: dict[str, Field],
        *,
        default: Sequence[str] = (),
        sort: SortKey | None = None,
    ) -> Document:
        """The rows that match the `query` argument, as a connection; warnings go to `extensions.search`."""
        return connection(
            self.matching(rows, arguments.get("query"), fields, default=default), arguments, sort=sort
        )

    def matching(
        self,
        rows: Sequence[Document],
        query: str | None,
        fields: dict[str, Field],
        *,
        default: Sequence[str] = (),
    ) -> list[Document]:
        """The rows that match a query."""
        search = prepare(query, fields, default=default)
        if search.warnings and self.place:
            self.searches.append(
                {"path": self.place.path, "query": query, "parsed": {}, "warnings": search.warnings}
            )
        return [row for row in rows if search.matches(row)]
