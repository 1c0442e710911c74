"""Customers that Shopify made one: the links of the gone customer lead to the kept one's party.

Nothing is deleted or merged in the ERP; the party that the gone customer had stays there with its documents. Which
customers were merged is read from the stored deliveries, so that two merges that became one job are both done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from oauth import audit
from sync.connectors.base import Written
from sync.domain.rules import Rules
from sync.flows.road import Work
from sync.shopify import bodies
from sync.state import links
from sync.state.models import Delivery, Link
from sync.state.settings_models import Snapshot

TOPIC = "customers/merge"
KIND = "customer"  # of links
MERGED_INTO = "merged_into"  # fact of a link: the customer that was kept
COMPLETED = "completed"
_CUSTOMER = re.compile(r"gid://shopify/Customer/[0-9]+")


def join(work: Work, *, connection_id: int, rules: Rules) -> str:
    """Does every merge into this customer that is not done yet, and says so for people."""
    with work.reading() as session:
        stored = session.scalars(
            select(Delivery.body)
            .where(Delivery.record == work.job.record, Delivery.topic == TOPIC, Delivery.body.is_not(None))
            .order_by(Delivery.id)
        ).all()
    gone = dict.fromkeys(gid for body in stored if body and (gid := _gone(bodies.parse(body))))
    gone.pop(work.job.record, None)
    if not gone:
        return ""
    with work.transaction() as session:
        changed = [each for each in gone if _join_one(session, work, connection_id, rules, gone=each)]
    return f"Merged: {', '.join(changed)}." if changed else ""


def _gone(body: Mapping[str, Any]) -> str | None:
    """The customer that is gone; none when the merge did not happen (it was refused, or is still under way)."""
    found = body.get("admin_graphql_api_customer_deleted_id")
    is_done = str(body.get("status", "")).lower() == COMPLETED
    return found if is_done and isinstance(found, str) and _CUSTOMER.fullmatch(found) else None


def _join_one(session: Session, work: Work, connection_id: int, rules: Rules, *, gone: str) -> bool:
    """Says whether anything changed."""
    kept = work.job.record
    theirs = _link(session, connection_id, gone)
    if theirs is not None and theirs.facts.get(MERGED_INTO) == kept:
        return False
    # Later requests about the person name the kept customer only.
    session.execute(update(Snapshot).where(Snapshot.customer_gid == gone).values(customer_gid=kept))
    ours = _link(session, connection_id, kept)
    party = _party(rules, ours, theirs, kept=kept, gone=gone)
    if party is None:
        return False
    before = theirs.erp_id if theirs is not None else None
    if ours is None and kept not in rules.customers:
        _record(session, work, connection_id, kept, party, because=f"merged with {gone}")
    _record(session, work, connection_id, gone, party, because=f"merged into {kept}", into=kept)
    for earlier in session.scalars(
        select(Link).where(
            Link.connection_id == connection_id, Link.kind == KIND, Link.facts[MERGED_INTO].astext == gone
        )
    ):
        _record(
            session, work, connection_id, earlier.shopify_gid, party, because=f"merged into {kept}", into=kept
        )
    audit.write(
        session,
        shop_id=work.shop.id,
        actor=audit.SHOPIFY,
        act="customers_merged",
        subject=kept,
        before={"customer": gone, "party": before},
        after={"customer": kept, "party": party.erp_id},
    )
    return True


def _party(rules: Rules, ours: Link | None, theirs: Link | None, *, kept: str, gone: str) -> Written | None:
    """The party of the kept customer; that of the gone one when only it had any. A person's choice goes first."""
    known = {link.erp_id: link for link in (theirs, ours) if link is not None}
    for erp_id in (
        rules.customers.get(kept, ""),
        ours.erp_id if ours else "",
        rules.customers.get(gone, ""),
        theirs.erp_id if theirs else "",
    ):
        if erp_id:
            model = next((link.erp_model for link in (ours, theirs) if link is not None), "party")
            number = known[erp_id].erp_number if erp_id in known else ""
            return Written(model=model, erp_id=erp_id, number=number, state="linked")
    return None


def _link(session: Session, connection_id: int, gid: str) -> Link | None:
    return links.find(session, connection_id=connection_id, kind=KIND, shopify_gid=gid)


def _record(
    session: Session,
    work: Work,
    connection_id: int,
    gid: str,
    party: Written,
    *,
    because: str,
    into: str = "",
) -> None:
    links.record(
        session,
        connection_id=connection_id,
        kind=KIND,
        shopify_gid=gid,
        record=gid,
        written=party,
        facts={"because": because, **({MERGED_INTO: into} if into else {})},
    )
