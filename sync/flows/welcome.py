"""The first job of a shop: learn its name, currency and time zone."""

from __future__ import annotations

from oauth import install
from sync.flows.road import Done, Outcome, Work
from sync.state.models import Lane


def run(work: Work) -> Outcome:
    """Reads the shop and keeps what every other flow needs to know of it."""
    shop = work.gateways.shopify(work.shop.id, work.shop.domain).run("shop", {}, lane=Lane.ORDERS)["shop"]
    with work.transaction() as session:
        install.described(
            session,
            work.shop.id,
            name=shop["name"],
            currency=shop["currencyCode"],
            timezone=shop["ianaTimezone"],
        )
    return Done()
