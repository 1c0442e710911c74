"""Whom a `customers/*` body would be matched with, or create, and when: a customer has no document of its own.

Which party it is now only the ERP can tell, and an explanation asks nobody; it says what would be looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sync.domain import customers, matching
from sync.domain.documents import CustomerDocument
from sync.domain.rules import Rules
from sync.shopify import bodies, bodies_parties

TOPICS: Final = ("customers/create", "customers/update")
CHOSEN: Final = "A person chose this party: it keeps its name, and the rest is brought up to date."
WHEN: Final = (
    "With the first exported order. Afterwards each change brings the party up to date, as far as Shopify owns its "
    "fields. Without an order only if the shop's policy makes parties at once."
)


@dataclass(frozen=True, kw_only=True)
class Party:
    """What would be looked for and written."""

    document: CustomerDocument
    erp_id: str  # when a person chose it
    looked_up_by: tuple[str, ...]

    @property
    def when(self) -> str:
        """What makes it happen."""
        return CHOSEN if self.erp_id else WHEN


def party_of(body: bytes, rules: Rules) -> Party:
    """The party of a customer's body. Raises Rejected `schema_drift` with the path."""
    customer = bodies_parties.customer_record(bodies.parse(body))
    number = customers.own_number(customer.gid, rules)
    document = customers.of_customer(customer, external_id=number)
    return Party(
        document=document,
        erp_id=rules.customers.get(customer.gid, ""),
        looked_up_by=matching.looked_up_by(document, rules.match_order),
    )
