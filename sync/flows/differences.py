"""Where Shopify shows something else than the ERP, which owns it: what both say, since when, and what becomes of it.

Stock differs by what we set and what we saw last; products by what was noted when somebody changed them. A person may
let one difference be set back at once, whatever the policy is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oauth import audit
from oauth.models import Shop
from sync.domain import ownership
from sync.domain.policies import BackPolicies, Road
from sync.flows import stock_drift, stock_pull, stock_send
from sync.state import jobs, stock
from sync.state.models import Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT
from sync.state.stock_models import StockTarget

SHOWN = 100
LOOKED_AT = 1_000
ACT = "difference_set_back"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One value that differs. `record` is what a person sets back by."""

    record: str
    what: str  # Stock, Price, Title ...
    of: str  # the SKU, or the name of the product
    shopify: str
    erp: str
    since: datetime | None
    is_set_back: bool  # by itself, after `due_at`
    due_at: datetime | None = None
    location: str = ""


def found(session: Session, *, connection: Connection, policies: Mapping[str, Any]) -> list[Difference]:
    """The differences of a shop, the oldest first, as many as a page shows. Raises ValueError for broken policies."""
    read = BackPolicies.of(policies)
    each = [*_of_stock(session, connection, read), *_of_products(session, connection, read)]
    return sorted(each, key=lambda one: (one.since is None, one.since, one.of))[:SHOWN]


def set_back(session: Session, *, shop_id: int, record: str, by: str, address: str) -> int | None:
    """A person lets the ERP's value be set now. Returns the job; none when nothing differs in this record any more."""
    policies = BackPolicies.of(session.get_one(Shop, shop_id).policies)
    targets = [each for each in stock.of_item(session, record) if _differs(each)]
    is_stock = bool(targets) and policies.is_on(Road.STOCK)
    if not is_stock and not any(each.facts.get("drift") for each in _links(session, record)):
        return None
    audit.write(session, shop_id=shop_id, actor=by, act=ACT, subject=record, address=address)
    if is_stock:
        stock.mark(session, [each.id for each in targets], due=stock.ALONE)
        return jobs.ask(session, shop_id=shop_id, flow=stock_pull.FLOW, record=record, lane=Lane.STOCK)
    return jobs.ask(
        session,
        shop_id=shop_id,
        flow="product_pull",
        record=record,
        lane=Lane.CATALOGUE,
        hint={"is_set_back": True},
    )


def _differs(target: StockTarget) -> bool:
    return not target.due and target.sent is not None and target.seen not in (None, target.sent)


def _of_stock(session: Session, connection: Connection, policies: BackPolicies) -> list[Difference]:
    if not policies.is_on(Road.STOCK) or policies.is_split:
        return []
    query = select(StockTarget).where(
        StockTarget.connection_id == connection.id,
        StockTarget.due == stock.SETTLED,
        StockTarget.sent.is_not(None),
        StockTarget.seen != StockTarget.sent,
    )
    off = list(session.scalars(query.order_by(StockTarget.seen_at, StockTarget.id).limit(LOOKED_AT)))
    wanted = stock_send.wanted(session, connection, off, policies) if off else {}
    return [
        Difference(
            record=target.item_gid,
            what="Stock",
            of=target.sku or target.item_gid.rpartition("/")[2],
            shopify=str(target.seen),
            erp=str(wanted[target.id]),
            since=target.seen_at,
            is_set_back=policies.repairs_drift,
            due_at=None if target.seen_at is None else target.seen_at + stock_drift.GRACE,
            location=target.location_gid.rpartition("/")[2],
        )
        for target in off
        if wanted.get(target.id, target.seen) != target.seen
    ]


def _of_products(session: Session, connection: Connection, policies: BackPolicies) -> list[Difference]:
    query = select(Link).where(
        Link.connection_id == connection.id, Link.kind == PRODUCT, Link.facts["drift"].astext != "{}"
    )
    return [
        Difference(
            record=link.record,
            what=name.replace("_", " ").capitalize(),
            of=link.facts.get("sku") or link.facts.get("title") or link.erp_id,
            shopify=str(drift["shopify"]),
            erp=str(drift["erp"]),
            since=datetime.fromisoformat(drift["since"]),
            is_set_back=policies.sets_back(ownership.MEMBERS[name]),
        )
        for link in session.scalars(query.order_by(Link.id).limit(LOOKED_AT))
        for name, drift in link.facts["drift"].items()
    ]


def _links(session: Session, record: str) -> Sequence[Link]:
    return session.scalars(select(Link).where(Link.kind == PRODUCT, Link.record == record)).all()
