"""What the shop has granted, asked of Shopify now: after a person allowed more, nobody waits for the notice of it."""

from __future__ import annotations

from kit import clock
from oauth import install
from sync.flows import arrivals
from sync.gateways import Gateways
from sync.state.models import Lane


def learn(gateways: Gateways, *, shop_id: int, domain: str) -> list[int]:
    """Takes over the scopes that Shopify tells. Returns the jobs that go on or begin with them."""
    asked_at = clock.now()
    told = gateways.shopify(shop_id, domain).run("granted_scopes", {}, lane=Lane.ORDERS)
    granted = [each["handle"] for each in told["currentAppInstallation"]["accessScopes"]]
    with gateways.database.transaction(shop_id=shop_id) as session:
        change = install.scopes_updated(session, shop_id, granted, at=asked_at)
        return arrivals.rescoped(session, change, shop_id=shop_id, at=asked_at)
