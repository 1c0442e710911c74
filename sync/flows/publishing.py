"""Puts a draft of the mapping in force, or an older version again, and lets the held jobs run that it answers.
Products are linked anew by it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync.domain.answering import VARIANT, Change
from sync.domain.rules import Rules
from sync.domain.rules_json import read_rules
from sync.flows.arrivals import RECORD as SHOP
from sync.state import jobs, mappings
from sync.state.models import Lane, Link


@dataclass(frozen=True, kw_only=True)
class Published:
    """The version in force now, and the jobs that it released."""

    number: int
    job_ids: tuple[int, ...]


def publish(session: Session, *, shop_id: int, connection_id: int, by: str, address: str = "") -> Published:
    """Puts the draft in force. Raises LookupError when there is none, Misconfigured when it cannot be understood."""
    draft = mappings.draft(session, connection_id)
    if draft is None:
        raise LookupError("there is no draft to publish")
    rules = read_rules(draft.rules)
    present = mappings.published(session, connection_id)
    change = Change(
        before=read_rules(present.rules) if present else None, after=rules, variants=_variants(session, rules)
    )
    version = mappings.publish(session, shop_id=shop_id, connection_id=connection_id, by=by, address=address)
    answered = [misses for misses in jobs.held_for(session) if change.answers(misses)]
    # The roads back know a product by its link, and what is linked to what depends on the mapping.
    jobs.ask(session, shop_id=shop_id, flow="product_pull", record=SHOP, lane=Lane.BACKFILL)
    return Published(number=version.number, job_ids=tuple(jobs.release(session, misses=answered)))


def roll_back(
    session: Session, *, shop_id: int, connection_id: int, number: int, by: str, address: str = ""
) -> Published:
    """Puts the rules of an older version in force, as a new version. Raises LookupError when there is no such one."""
    older = mappings.find(session, connection_id, number)
    if older is None or older.state == "draft":
        raise LookupError(f"there is no version {number}")
    mappings.save_draft(
        session,
        shop_id=shop_id,
        connection_id=connection_id,
        rules=older.rules,
        author=by,
        note=f"Roll back to version {number}",
    )
    return publish(session, shop_id=shop_id, connection_id=connection_id, by=by, address=address)


def _variants(session: Session, rules: Rules) -> dict[str, str]:
    """What a miss calls the variants that are linked by their gid: their SKU, or the title of one that has none."""
    wanted = [key for key in rules.products.links if key.startswith(VARIANT)]
    if not wanted:
        return {}
    rows = session.scalars(select(Link).where(Link.kind == "product", Link.shopify_gid.in_(wanted)))
    names = {link.shopify_gid: link.facts.get("sku") or link.facts.get("title") for link in rows}
    return {gid: str(name) for gid, name in names.items() if name}
