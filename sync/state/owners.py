"""Who owns which fields in a shop, as numbered versions: who changed it, when, and back to an older one.

The owners in force are part of the shop's policies. The versions are entries of the audit log, so nobody can change
one afterwards; going back is a new version with an older one's contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from oauth import audit
from oauth.models import AuditEntry, Shop
from sync.domain.ownership import DEFAULTS, Group, Side

ACT = "owners_changed"
OWNERS = "owners"  # in the shop's policies: group -> side, where it differs from the default
VERSION = "owners_version"
VERSIONS_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Version:
    """The owners as somebody set them."""

    number: int
    actor: str
    at: datetime
    owners: Mapping[Group, Side]


def change(
    session: Session, shop_id: int, owners: Mapping[Group, Side], *, actor: str, address: str = ""
) -> int:
    """Puts these owners in force and returns the version's number. Nothing is written when they are in force."""
    shop = session.get_one(Shop, shop_id, with_for_update=True, populate_existing=True)
    before = dict(shop.policies.get(OWNERS, {}))
    number = int(shop.policies.get(VERSION, 0))
    after = {group.value: side.value for group, side in owners.items() if side is not DEFAULTS[group]}
    if after == before:
        return number
    shop.policies = {**shop.policies, OWNERS: after, VERSION: number + 1}
    audit.write(
        session,
        shop_id=shop_id,
        actor=actor,
        act=ACT,
        subject=f"version {number + 1}",
        before={"version": number, **before},
        after={"version": number + 1, **after},
        address=address,
    )
    return number + 1


def versions(session: Session, shop_id: int) -> list[Version]:
    """The newest versions first, as far back as the audit log goes."""
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.shop_id == shop_id, AuditEntry.act == ACT, AuditEntry.after.has_key("version"))
        .order_by(AuditEntry.id.desc())
        .limit(VERSIONS_SHOWN)
    )
    return [_version(entry) for entry in entries]


def roll_back(session: Session, shop_id: int, number: int, *, actor: str, address: str = "") -> int | None:
    """Puts an older version in force again, as a new one. None when it is not known (any more)."""
    older = next((each for each in versions(session, shop_id) if each.number == number), None)
    if older is None:
        return None
    return change(session, shop_id, older.owners, actor=actor, address=address)


def _version(entry: AuditEntry) -> Version:
    told = dict(entry.after or {})
    number = int(told.pop("version"))
    return Version(
        number=number,
        actor=entry.actor,
        at=entry.at,
        owners={Group(group): Side(side) for group, side in told.items()},
    )
