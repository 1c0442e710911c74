"""Access scopes: what we ask for, what a shop granted, and which flows rest without a scope.

`REQUIRED` and `OPTIONAL` repeat `shopify.app.toml`, and a test holds them equal. Writing implies reading; Shopify's
own library decides that, for the scopes whose form it knows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from shopify.api_access import ApiAccess

REQUIRED = (
    "read_orders",
    "write_orders",
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_customers",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_returns",
)
# What a shop may allow on top, by the purpose for which a person is asked.
EXTRAS: dict[str, tuple[str, ...]] = {
    "history": ("read_all_orders",),
    "returns": ("write_returns",),
    "merges": ("read_customer_merge",),
    "companies": ("read_companies",),
    "terms": ("read_payment_terms",),
    "third_parties": ("read_third_party_fulfillment_orders", "write_third_party_fulfillment_orders"),
}
OPTIONAL = tuple(name for names in EXTRAS.values() for name in names)
# What a flow cannot do without. A flow that lost one pauses; the others go on.
OF_FLOW: dict[str, tuple[str, ...]] = {
    "order_push": ("read_orders", "read_customers"),
    "refund_push": ("read_orders", "read_returns"),
    "fulfilment_push": ("read_orders", "read_merchant_managed_fulfillment_orders"),
    "customer_push": ("read_customers",),
    "stock_pull": ("write_inventory", "read_locations", "read_products"),
    "shipment_pull": ("write_merchant_managed_fulfillment_orders",),
    "refund_pull": ("write_orders",),
    "product_pull": ("write_products",),
    "price_pull": ("write_products",),
    "reconcile": ("read_orders",),
    "backfill": ("read_orders",),
}
_KNOWN_FORM = re.compile(r"(unauthenticated_)?(read|write)_[a-z0-9_]+")
_ANY_FORM = re.compile(r"[a-z0-9_]{1,128}")


def parse(text: str) -> tuple[str, ...]:
    """The scopes of a comma-separated answer, sorted, without doubles and without anything that is no scope."""
    names = {name.strip() for name in text.split(",")}
    return tuple(sorted(name for name in names if _ANY_FORM.fullmatch(name)))


def missing(granted: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The wanted scopes that the granted ones do not cover, in the order they were wanted."""
    held = set(granted)
    access = ApiAccess([name for name in held if _KNOWN_FORM.fullmatch(name)])
    return tuple(name for name in wanted if not _covered(name, held, access))


def covers(granted: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether everything wanted is granted."""
    return not missing(granted, wanted)


def paused_flows(granted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The flows that cannot run, each with the scopes it lacks."""
    lacking = {flow: missing(granted, wanted) for flow, wanted in OF_FLOW.items()}
    return {flow: scopes for flow, scopes in lacking.items() if scopes}


def _covered(name: str, held: set[str], access: ApiAccess) -> bool:
    # Shopify knows scopes that its library's pattern refuses (customer_read_orders); those imply nothing.
    if not _KNOWN_FORM.fullmatch(name):
        return name in held
    return bool(access.covers(ApiAccess([name])))
