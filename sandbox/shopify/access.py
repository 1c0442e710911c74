"""Which access scopes a type or field wants, and whether a token has them.

It owns the reading of the scope map and Shopify's wording of what is required. `admin` asks it for every field; it
knows no shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import GraphQLObjectType, GraphQLOutputType, get_named_type

from sandbox.shopify.schema import data

# Fields that the map does not cover, from the documentation of each field.
MORE_FIELDS: dict[str, dict[str, Any]] = {
    "Mutation.refundCreate": {"scopes": ["write_orders"], "mode": "single"},
    "Mutation.metafieldsDelete": {"scopes": [], "mode": "any"},
    "ShopifyPaymentsAccount.payouts": {"scopes": ["read_shopify_payments_payouts"], "mode": "single"},
    "ShopifyPaymentsAccount.balanceTransactions": {
        "scopes": ["read_shopify_payments_payouts"],
        "mode": "single",
    },
}
# "mixed" entries whose scopes are all needed; in the other mixed entries one suffices.
ALL_OF_MIXED = ("CustomerPaymentMethod", "CustomerCreditCard", "CustomerPaypal", "CustomerShopPay")


@dataclass(frozen=True)
class Requirement:
    """The scopes of one type or field: all of them, or any one."""

    scopes: tuple[str, ...]
    needs_all: bool

    def met_by(self, held: frozenset[str]) -> bool:
        """Whether a token with these (effective) scopes may pass."""
        if self.needs_all:
            return held.issuperset(self.scopes)
        return not held.isdisjoint(self.scopes)

    def wording(self) -> str:
        """The requirement as Shopify words it."""
        quoted = [f"`{scope}`" for scope in self.scopes]
        if len(quoted) == 1:
            return f"{quoted[0]} access scope."
        if self.needs_all:
            return f"{' and '.join(quoted)} access scopes."
        named = [f"the {one}" for one in quoted]
        return f"{', '.join(named[:-1])} or {named[-1]} access scope."


def of_field(on: str, field: str, returns: GraphQLOutputType) -> Requirement | None:
    """What a field wants; one without an entry of its own inherits what its type wants."""
    entry = MORE_FIELDS.get(f"{on}.{field}") or data("offline-scopes.json")["fields"].get(f"{on}.{field}")
    if entry is not None:
        return _requirement(field, entry)
    return of_type(_node_type(returns))


@cache
def of_type(name: str) -> Requirement | None:
    """What reading a type wants."""
    entry = data("offline-scopes.json")["types"].get(name)
    return _requirement(name, entry) if entry else None


def _requirement(name: str, entry: dict[str, Any]) -> Requirement | None:
    if not entry["scopes"]:
        return None
    mode = entry["mode"]
    needs_all = mode == "all" or (mode == "mixed" and name.startswith(ALL_OF_MIXED))
    return Requirement(tuple(entry["scopes"]), needs_all)


def _node_type(returns: GraphQLOutputType) -> str:
    named = get_named_type(returns)
    if isinstance(named, GraphQLObjectType) and named.name.endswith("Connection"):
        nodes = named.fields.get("nodes")
        if nodes is not None:
            return str(get_named_type(nodes.type).name)
    return named.name
