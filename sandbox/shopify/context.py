"""What a resolver may know while it answers: the shop, who asks, and the store.

It owns the look-ups that every resolver shares and the notes that end in `extensions`. One context lives for one
request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLResolveInfo

from sandbox.shopify import documents, errors
from sandbox.shopify.connections import SortKey, connection
from sandbox.shopify.search import Field, prepare
from sandbox.shopify.store import Document, Store


@dataclass
class Context:
    """One request of one client in one shop."""

    store: Store
    shop: str
    scopes: frozenset[str]  # with what they imply
    client_id: str
    version: str
    searches: list[Document] = field(default_factory=list)
    info: GraphQLResolveInfo[Any] | None = None  # of the field being resolved

    def load(self, global_id: str | None) -> Document | None:
        """The record behind a global id, to read only."""
        return documents.load(self.store, self.shop, global_id) if global_id else None

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
        if search.warnings and self.info:
            self.searches.append(
                {"path": self.info.path.as_list(), "query": query, "parsed": {}, "warnings": search.warnings}
            )
        return [row for row in rows if search.matches(row)]
