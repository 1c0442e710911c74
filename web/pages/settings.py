"""Settings: Shopify's permission, who owns which fields, what people may do, and how long things are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from starlette.responses import Response

from oauth import audit, staff
from oauth.models import Grant, Shop, Staff
from oauth.staff import Permission
from sync.domain.ownership import DEFAULTS, SPLITTABLE, Group, Side
from sync.flows import access as granting
from sync.flows import owning
from sync.state import owners
from web import access
from web.access import Access
from web.errors import NotThere
from web.screens import Asked, nudged

GROUPS = {
    Group.CUSTOMER_IDENTITY: "Customers: name, email, phone",
    Group.CUSTOMER_ADDRESS: "Customers: addresses",
    Group.CUSTOMER_TERMS: "Customers: payment terms, price list",
    Group.PRODUCT_CONTENT: "Products: title, description",
    Group.PRODUCT_PRICE: "Products: price",
    Group.STOCK: "Stock",
    Group.SHIPMENT: "Shipments",
    Group.REFUND: "Refunds",
}
PERMISSIONS = {
    Permission.REPLAY: "Replay, resync, retry and ignore",
    Permission.CONNECT_ERP: "Connect the ERP and replace its credential",
    Permission.PUBLISH_MAPPINGS: "Publish mappings",
    Permission.REFUND: "Let refunds flow back to customers",
    Permission.CHANGE_POLICIES: "Change settings",
    Permission.READ_PERSONAL_DATA: "See customers’ personal data",
    Permission.MANAGE_STAFF: "Manage what others may do",
}


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Who owns one group of fields."""

    group: str
    label: str
    owner: str
    may_split: bool
    error: str


@dataclass(frozen=True, kw_only=True)
class OwnersVersion:
    """The owners as somebody set them once."""

    number: int
    actor: str
    at: datetime
    of_erp: tuple[str, ...]  # labels of what the ERP owned, whole or its part


@dataclass(frozen=True, kw_only=True)
class Member:
    """One person with what they may do."""

    staff_id: int
    actor: str
    permissions: tuple[tuple[str, str, bool], ...]  # name, label, is ticked
    last_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class SettingsPage:
    """What the page shows."""

    installation: str
    domain: str
    installed_at: datetime
    access: Access
    granted_at: datetime | None
    owners: tuple[Ownership, ...]
    owners_version: int
    versions: tuple[OwnersVersion, ...]
    people: tuple[Member, ...]
    delivery_days: int
    history_days: int
    audit_days: int
    guide_is_dismissed: bool
    may_change: bool
    may_manage: bool


def show(asked: Asked) -> Response:
    """The settings."""
    return asked.page("settings", _page(asked, {}))


def _page(
    asked: Asked, errors: Mapping[str, str], *, typed: Mapping[Group, Side] | None = None
) -> SettingsPage:
    settings = asked.state["settings"]
    with asked.transaction() as session:
        shop = session.get_one(Shop, asked.visit.shop_id)
        grant = session.scalar(select(Grant))
        rows = list(session.scalars(select(Staff).order_by(Staff.id)))
        granted = access.of(session, domain=shop.domain, settings=settings)
        versions = owners.versions(session, shop.id)
    chosen = typed or shop.policies.get(owners.OWNERS, {})
    return SettingsPage(
        installation=shop.state,
        domain=shop.domain,
        installed_at=shop.installed_at,
        access=granted,
        granted_at=grant.obtained_at if grant and grant.is_valid else None,
        owners=tuple(_owner(group, label, chosen.get(group), errors) for group, label in GROUPS.items()),
        owners_version=int(shop.policies.get(owners.VERSION, 0)),
        versions=tuple(_version(each) for each in versions),
        people=tuple(_member(row) for row in rows),
        delivery_days=settings.delivery_days,
        history_days=settings.history_days,
        audit_days=settings.audit_days,
        guide_is_dismissed=bool(shop.policies.get("guide_is_dismissed")),
        may_change=asked.may(Permission.CHANGE_POLICIES),
        may_manage=asked.may(Permission.MANAGE_STAFF),
    )


def save_owners(asked: Asked) -> Response:
    """Who owns which fields, from now on."""
    sides = {side.value for side in Side}
    typed = {group: asked.form.text(f"owner_{group.value}") for group in GROUPS}
    wanted = {
        group: Side(side)
        for group, side in typed.items()
        if side in sides and (side != Side.SPLIT or group in SPLITTABLE)
    }
    shop_id = asked.visit.shop_id
    with asked.transaction() as session:
        kinds = asked.state["engine"].gateways.kinds
        wrong = owning.why_not(session, shop_id, wanted, kinds=kinds)
        if not wrong:
            number, ids = owning.change(
                session, shop_id, wanted, actor=asked.actor, address=asked.visit.address
            )
    if wrong:
        return asked.refused("settings", _page(asked, {Group.STOCK.value: wrong}, typed=wanted))
    nudged(asked, ids)
    return asked.done(go="/settings", say=f"The owners are saved as version {number}.")


def roll_back_owners(asked: Asked) -> Response:
    """Puts an older version of the owners in force again."""
    older = asked.form.number("number") or 0
    with asked.transaction() as session:
        number, ids = owning.roll_back(
            session, asked.visit.shop_id, older, actor=asked.actor, address=asked.visit.address
        )
    nudged(asked, ids)
    if number is None:
        raise NotThere(str(older))
    return asked.done(go="/settings", say=f"The owners of version {older} are in force, as version {number}.")


def permit(asked: Asked) -> Response:
    """What one person may do, from now on."""
    allowed = [each.value for each in Permission if asked.form.is_on(f"may_{each.value}")]
    with asked.transaction() as session:
        person = staff.permit(
            session,
            shop_id=asked.visit.shop_id,
            staff_id=asked.number("staff"),
            permissions=allowed,
            actor=asked.actor,
            address=asked.visit.address,
        )
    if person is None:
        raise NotThere("staff")
    kept = (
        Permission.MANAGE_STAFF.value in person.permissions and Permission.MANAGE_STAFF.value not in allowed
    )
    say = (
        "Saved. One person must be able to manage staff, so that stays."
        if kept
        else "The permissions are saved."
    )
    return asked.done(go="/settings", say=say)


def granted(asked: Asked) -> Response:
    """A person allowed more in the admin: what waited for it goes on now."""
    gateways = asked.state["engine"].gateways
    nudged(asked, granting.learn(gateways, shop_id=asked.visit.shop_id, domain=asked.visit.shop_domain))
    return asked.done(go="/settings", say="Thank you. What waited for it goes on now.")


def show_guide(asked: Asked) -> Response:
    """Shows the set-up guide on the home page again."""
    with asked.transaction() as session:
        shop = session.get_one(Shop, asked.visit.shop_id)
        shop.policies = {name: value for name, value in shop.policies.items() if name != "guide_is_dismissed"}
        audit.write(
            session, shop_id=shop.id, actor=asked.actor, act="guide.shown", address=asked.visit.address
        )
    return asked.done(go="/", say="The guide is back on Home.")


def _owner(group: Group, label: str, chosen: str | None, errors: Mapping[str, str]) -> Ownership:
    return Ownership(
        group=group.value,
        label=label,
        owner=chosen or DEFAULTS[group].value,
        may_split=group in SPLITTABLE,
        error=errors.get(group.value, ""),
    )


def _version(version: owners.Version) -> OwnersVersion:
    return OwnersVersion(
        number=version.number,
        actor=version.actor,
        at=version.at,
        of_erp=tuple(
            f"{label} (changes only)" if side is Side.SPLIT else label
            for group, label in GROUPS.items()
            if (side := version.owners.get(group, DEFAULTS[group])) is not Side.SHOPIFY
        ),
    )


def _member(row: Staff) -> Member:
    return Member(
        staff_id=row.id,
        actor=audit.staff_actor(row.id),
        permissions=tuple(
            (name.value, label, name.value in row.permissions) for name, label in PERMISSIONS.items()
        ),
        last_seen_at=row.last_seen_at,
    )
