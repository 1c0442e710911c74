"""Makes a first draft of the mapping from the ERP's own lists and what Shopify says of the shop."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sync.connectors.base import OptionKind
from sync.domain.rules_json import write_rules
from sync.domain.suggest import ErpLists, Reason, ShopFacts, suggest
from sync.gateways import Gateways
from sync.state import mappings
from sync.state.models import Lane
from sync.state.settings_models import Connection


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """What the draft holds, and what a person has to choose."""

    found: int
    open: tuple[Reason, ...]


def draft(
    gateways: Gateways, connection: Connection, *, shop_domain: str, timezone: str, author: str
) -> Suggested:
    """Asks both sides, then saves the draft. Raises the fault of a side that does not answer."""
    lists = _lists(gateways, connection, shop_domain)
    facts = ShopFacts(timezone=timezone, locations=locations(gateways, connection.shop_id, shop_domain))
    suggestion = suggest(lists, facts)
    # ERP products are looked up by code for each order; a copy of the whole catalogue would only grow old.
    rules = replace(suggestion.rules, products=replace(suggestion.rules.products, codes={}))
    with gateways.database.transaction(shop_id=connection.shop_id) as session:
        mappings.save_draft(
            session,
            shop_id=connection.shop_id,
            connection_id=connection.id,
            rules=write_rules(rules),
            author=author,
            note="Suggested by Concord",
        )
    chosen = [reason for reason in suggestion.reasons if reason.erp_id]
    return Suggested(found=len(chosen), open=suggestion.open)


def _lists(gateways: Gateways, connection: Connection, shop_domain: str) -> ErpLists:
    connector = gateways.open(connection, shop_domain)
    return ErpLists(
        products=connector.options(OptionKind.PRODUCT),
        warehouses=connector.options(OptionKind.WAREHOUSE),
        taxes=connector.options(OptionKind.TAX),
        payment_methods=connector.options(OptionKind.PAYMENT_METHOD),
        payment_terms=connector.options(OptionKind.PAYMENT_TERM),
        carriers=connector.options(OptionKind.CARRIER),
    )


def locations(gateways: Gateways, shop_id: int, shop_domain: str) -> tuple[tuple[str, str], ...]:
    """The active locations of a shop: gid and name."""
    client = gateways.shopify(shop_id, shop_domain)
    found: list[tuple[str, str]] = []
    after = None
    while True:
        page = client.run("locations", {"after": after}, lane=Lane.CATALOGUE)["locations"]
        found += [(node["id"], node["name"]) for node in page["nodes"] if node["isActive"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return tuple(found)
