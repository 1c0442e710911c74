"""Access scopes as a set: what one implies, what is left to name, and which webhook topics they open.

It owns the algebra of scopes and the scope of each topic. What a type or field of the Admin API wants stands in
`access`.
"""

from __future__ import annotations

from collections.abc import Iterable

# Any one of the scopes opens a topic whose subject begins with the key; the longest key wins.
TOPIC_SCOPES: dict[str, tuple[str, ...]] = {
    "bulk_operations/": (),
    "companies/": ("read_customers", "read_companies"),
    "company_": ("read_customers", "read_companies"),
    "customers/": ("read_customers",),
    "customers/merge": ("read_customer_merge",),
    "disputes/": ("read_shopify_payments_disputes",),
    "fulfillment_": (
        "read_merchant_managed_fulfillment_orders",
        "read_assigned_fulfillment_orders",
        "read_third_party_fulfillment_orders",
    ),
    "fulfillments/": ("read_fulfillments",),
    "inventory_items/": ("read_inventory", "read_products"),
    "inventory_levels/": ("read_inventory",),
    "locations/": ("read_locations",),
    "order_transactions/": ("read_orders",),
    "orders/": ("read_orders",),
    "products/": ("read_products",),
    "refunds/": ("read_orders",),
    "returns/": ("read_returns",),
    "tender_transactions/": ("read_orders",),
}


def with_implied(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes and what they imply: writing implies reading."""
    held = set(scopes)
    held |= {f"read_{scope.removeprefix('write_')}" for scope in held if scope.startswith("write_")}
    return frozenset(held)


def without_implied(scopes: Iterable[str]) -> list[str]:
    """The scopes that must be named to mean the same set, sorted."""
    held = set(scopes)
    implied = {f"read_{scope.removeprefix('write_')}" for scope in held if scope.startswith("write_")}
    return sorted(held - implied)


def allows_topic(scopes: Iterable[str], topic: str) -> bool:
    """Whether an app with these scopes hears of the topic."""
    keys = [key for key in TOPIC_SCOPES if topic.startswith(key)]
    wanted = TOPIC_SCOPES[max(keys, key=len)] if keys else ()
    return not wanted or not with_implied(scopes).isdisjoint(wanted)
