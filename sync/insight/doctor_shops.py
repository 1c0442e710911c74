"""Is one shop sound? Its permission, its scopes, its webhooks and its ERP, each asked for real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from kit.faults import Fault, Misconfigured
from oauth import scopes
from oauth.models import Grant, Installation, Shop
from sync.gateways import Gateways
from sync.insight.doctor import Finding, fail, ok, warn
from sync.shopify import subscriptions, topics
from sync.state.settings_models import Connection, ConnectionState

REPAIRED = "The clock process repairs this within the hour and brings in what was missed."
OPEN_ONCE = "Somebody of the shop opens Concord once in the Shopify admin."


@dataclass(frozen=True)
class _Shop:
    id: int
    domain: str
    state: str
    scopes: tuple[str, ...]


def examine_shops(gateways: Gateways, *, domain: str | None = None) -> list[Finding]:
    """Looks at every shop that we work for, or at one."""
    return [finding for shop in _shops(gateways, domain) for finding in _examine(gateways, shop)]


def _shops(gateways: Gateways, domain: str | None) -> list[_Shop]:
    with gateways.database.transaction() as session:
        query = select(Shop).order_by(Shop.id)
        if domain is None:
            query = query.where(Shop.state.not_in([Installation.UNINSTALLED, Installation.REDACTED]))
        else:
            query = query.where(Shop.domain == domain)
        rows = list(session.scalars(query))
    found = []
    for row in rows:
        with gateways.database.transaction(shop_id=row.id) as session:
            granted = session.scalar(select(Grant.scopes)) or []
        found.append(_Shop(row.id, row.domain, row.state, tuple(granted)))
    return found


def _examine(gateways: Gateways, shop: _Shop) -> Iterator[Finding]:
    if shop.state in (Installation.UNINSTALLED, Installation.REDACTED):
        yield warn("shop", "The shop has uninstalled Concord.", "Nothing to do.", shop=shop.domain)
        return
    try:
        gateways.tokens.access_token(shop.id, shop.domain)
    except Misconfigured as fault:
        fix = OPEN_ONCE if fault.misses == "grant" else "Correct the setting that the sentence names."
        yield fail("token", fault.sentence, fix, shop=shop.domain)
    except Fault as fault:
        yield warn("token", fault.sentence, "Try again in a minute.", shop=shop.domain)
    else:
        yield ok("token", "Shopify accepts our permission.", shop=shop.domain)
        yield _webhooks(gateways, shop)
    yield _scopes(shop)
    yield _erp(gateways, shop)


def _scopes(shop: _Shop) -> Finding:
    missing = scopes.missing(shop.scopes, scopes.REQUIRED)
    if missing:
        paused = ", ".join(scopes.paused_flows(shop.scopes)) or "none"
        return fail(
            "scopes",
            f"The shop has not granted {', '.join(missing)}. Flows that rest: {paused}.",
            "Somebody of the shop opens Concord and presses “Grant the permission”.",
            shop=shop.domain,
        )
    return ok("scopes", "All required scopes are granted.", shop=shop.domain)


def _webhooks(gateways: Gateways, shop: _Shop) -> Finding:
    settings = gateways.settings
    wanted = topics.of_shop(shop.scopes)
    try:
        found = subscriptions.actual(gateways.shopify(shop.id, shop.domain))
    except Fault as fault:
        return warn("webhooks", fault.sentence, "Try again in a minute.", shop=shop.domain)
    uri = f"{settings.app_url}/webhooks"
    changes = subscriptions.compare(wanted, found, uri=uri, version=settings.api_version)
    unheard = sorted({*(topic.name for topic in changes.missing), *changes.is_moved})
    if unheard:
        sentence = f"Shopify has no subscription for {', '.join(unheard)}."
        return fail("webhooks", sentence, REPAIRED, shop=shop.domain)
    odd = [
        *(f"{topic.name} is filtered or shaped" for topic, _ in changes.wrong),
        *(f"{topic.name} has the API version {one.version}" for topic, one in changes.aged),
        *(f"{one.topic} is not wanted" for one in changes.surplus),
    ]
    if odd:
        sentence = f"Subscriptions of the shop's own differ: {', '.join(odd)}."
        return warn("webhooks", sentence, REPAIRED, shop=shop.domain)
    return ok("webhooks", f"{len(wanted)} subscriptions of the shop's own are in place.", shop=shop.domain)


def _erp(gateways: Gateways, shop: _Shop) -> Finding:
    with gateways.database.transaction(shop_id=shop.id) as session:
        connection = session.scalar(select(Connection).order_by(Connection.id).limit(1))
    if connection is None:
        return warn("erp", "No ERP is connected.", "Connect one on the Connection page.", shop=shop.domain)
    if connection.state == ConnectionState.PAUSED:
        return warn("erp", "The connection is paused.", "Resume it on the Connection page.", shop=shop.domain)
    try:
        probe = gateways.open(connection, shop.domain).probe()
    except Fault as fault:
        return fail("erp", fault.sentence, "Test the connection on the Connection page.", shop=shop.domain)
    return ok("erp", f"{probe.system} answers for {probe.company} in {probe.currency}.", shop=shop.domain)
