"""Access scopes as people and addresses write them: sentences for the grant page, comma lists in a query.

It refuses to guess what a scope it has not heard of is about, and shows its name.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.shopify.scopes import with_implied

_NOUNS = {
    "orders": "orders, transactions and refunds",
    "all_orders": "orders older than 60 days",
    "products": "products, prices and price lists",
    "inventory": "stock levels",
    "locations": "locations",
    "customers": "customers",
    "customer_merge": "merged customers",
    "companies": "companies and their locations",
    "payment_terms": "payment terms",
    "returns": "returns",
    "merchant_managed_fulfillment_orders": "fulfilment orders of your own locations",
    "third_party_fulfillment_orders": "fulfilment orders of third-party locations",
    "assigned_fulfillment_orders": "fulfilment orders assigned to the app",
    "fulfillments": "fulfilments",
    "shopify_payments_payouts": "payouts",
    "shopify_payments_accounts": "the payments account",
    "shopify_payments_disputes": "disputes",
}


def sentences(scopes: Iterable[str]) -> list[str]:
    """What the scopes let an app do, one sentence per subject, as shown to the person who grants them."""
    held = with_implied(scopes)
    found = []
    for subject in sorted({scope.split("_", 1)[1] for scope in held if "_" in scope}):
        noun = _NOUNS.get(subject, subject.replace("_", " "))
        verb = "View and edit" if f"write_{subject}" in held else "View"
        found.append(f"{verb} {noun}")
    return found


def parse(text: str) -> list[str]:
    """A comma or blank separated list as one without blanks and repetitions, order kept."""
    return list(dict.fromkeys(part for part in text.replace(" ", ",").split(",") if part))
