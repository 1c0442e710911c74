"""People of a shop and what they may do. A person is known by the number that Shopify signs; names are not stored.

Whoever opens the app first may do everything and gives permissions to the others. Looking needs no permission,
except at customers' personal data.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from kit import clock
from kit.db import insert
from oauth import audit
from oauth.models import Shop, Staff


class Permission(StrEnum):
    """What a person may be allowed to do."""

    CONNECT_ERP = "connect_erp"
    PUBLISH_MAPPINGS = "publish_mappings"
    REPLAY = "replay"  # replay, resync, backfill, ignore, resolve
    REFUND = "refund"  # let refunds flow back to the customer
    CHANGE_POLICIES = "change_policies"
    READ_PERSONAL_DATA = "read_personal_data"
    MANAGE_STAFF = "manage_staff"


EVERYTHING = tuple(sorted(Permission))
# What someone may do who opens the app after the first: everyday work, nothing that moves money or secrets.
EVERYDAY = (Permission.REPLAY,)


class NotAllowed(Exception):
    """The person may not do this. Answer 403 with the sentence."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        self.sentence = (
            f"You are not allowed to do this: it needs the permission “{permission.replace('_', ' ')}”."
            " Someone who manages staff in Concord can give it to you."
        )
        super().__init__(self.sentence)


@dataclass(frozen=True, kw_only=True)
class Person:
    """One member of staff with what they may do."""

    id: int
    number: str
    permissions: frozenset[str]


def arrive(
    session: Session, *, shop_id: int, number: str, signed_at: datetime | None = None, address: str = ""
) -> Person:
    """The person with this number, made with the first visit, noted as seen when Shopify last signed for them: by
    Shopify's own clock, and no oftener than once for each ID token."""
    seen_at = signed_at or clock.now()
    row = _find(session, number)
    if row is None:
        row = _make(session, shop_id=shop_id, number=number, seen_at=seen_at, address=address)
    if seen_at > row.last_seen_at:
        row.last_seen_at = seen_at
    return _person(row)


def was_seen_since(session: Session, at: datetime) -> bool:
    """Whether Shopify signed an ID token for somebody of the session's shop after a time."""
    return bool(session.scalar(select(exists().where(Staff.last_seen_at > at))))


def require(person: Person, permission: Permission) -> None:
    """Passes if the person may. Raises NotAllowed."""
    if permission.value not in person.permissions:
        raise NotAllowed(permission)


def everyone(session: Session) -> list[Person]:
    """All people of the session's shop, in the order of their first visit."""
    return [_person(row) for row in session.scalars(select(Staff).order_by(Staff.id))]


def permit(
    session: Session,
    *,
    shop_id: int,
    staff_id: int,
    permissions: Collection[str],
    actor: str,
    address: str = "",
) -> Person | None:
    """Sets what a person may do. None if there is no such person in this shop.

    The last one who manages staff keeps that permission: nobody can lock the whole shop out.
    """
    # The shop's row is the lock: two people who take the permission from each other do it one after the other.
    session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update(key_share=True))
    row = session.scalar(select(Staff).where(Staff.id == staff_id))
    if row is None:
        return None
    wanted = sorted({Permission(name).value for name in permissions})
    managers = [
        other.id for other in session.scalars(select(Staff)) if Permission.MANAGE_STAFF in other.permissions
    ]
    if managers == [row.id] and Permission.MANAGE_STAFF not in wanted:
        wanted = sorted({*wanted, Permission.MANAGE_STAFF.value})
    if wanted != row.permissions:
        audit.write(
            session,
            shop_id=shop_id,
            actor=actor,
            act="staff_permitted",
            subject=f"staff:{row.id}",
            before={"permissions": row.permissions},
            after={"permissions": wanted},
            address=address,
        )
        row.permissions = wanted
    return _person(row)


def _find(session: Session, number: str) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.shopify_user_id == number))


def _make(session: Session, *, shop_id: int, number: str, seen_at: datetime, address: str) -> Staff:
    # Two first visits at once must not both become the first: they queue at the shop's row.
    session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update(key_share=True))
    is_first = session.scalar(select(func.count()).select_from(Staff)) == 0
    made = session.scalar(
        insert(Staff)
        .values(
            shop_id=shop_id,
            shopify_user_id=number,
            permissions=list(EVERYTHING if is_first else EVERYDAY),
            first_seen_at=seen_at,
            last_seen_at=seen_at,
        )
        .on_conflict_do_nothing()
        .returning(Staff.id)
    )
    row = _find(session, number)
    if row is None:
        raise LookupError("a member of staff vanished while being written")
    if made is not None:
        audit.write(
            session,
            shop_id=shop_id,
            actor=audit.staff_actor(row.id),
            act="staff_first_seen",
            subject=audit.staff_actor(row.id),
            after={"permissions": list(row.permissions)},
            address=address,
        )
    return row


def _person(row: Staff) -> Person:
    return Person(id=row.id, number=row.shopify_user_id, permissions=frozenset(row.permissions))
