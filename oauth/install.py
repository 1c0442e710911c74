"""The relation of a shop to us over time: arrives, loses or regains scopes, uninstalls, comes back, is redacted.

Each change of state happens in one transaction with its audit entry and with whatever the caller asks for in it (the
first backfill, the release of held jobs): a crash in between cannot lose one of them. Late notices change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database, all_shops, insert
from oauth import audit, scopes, staff
from oauth.id_token import Identity
from oauth.models import Grant, Installation, Shop
from oauth.tokens import Held, Stored, Then, Tokens

# With scopes missing, each visit may look for a wider grant, but not each click.
LOOK_AGAIN_AFTER = timedelta(minutes=1)
LIVING = (Installation.INSTALLED, Installation.SCOPES_MISSING)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What a visit changed, and so what the caller must ask for."""

    shop_id: int
    shop_domain: str
    is_installed_now: bool = False  # first installation or a return: reconcile subscriptions, backfill
    is_renewed: bool = False  # tokens are good again: release the jobs that are held for `grant`
    scopes_added: tuple[str, ...] = ()
    scopes_removed: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScopeChange:
    """What a notice about scopes changed: flows that must pause now, and flows that may run again."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    paused_flows: tuple[str, ...] = ()
    resumed_flows: tuple[str, ...] = ()


Ask = Callable[[Session, Arrival], None]


def nothing(_session: Session, _arrival: Arrival) -> None:
    """Asks for nothing."""


class Installer:
    """Lets shops in. `ask` runs in the transaction of the arrival, whenever it changed something."""

    def __init__(self, database: Database, tokens: Tokens, *, ask: Ask = nothing) -> None:
        self._database = database
        self._tokens = tokens
        self._ask = ask

    def arrive(self, identity: Identity, id_token: str, *, address: str = "") -> Arrival:
        """The shop of a verified identity, with a good grant. Raises NotSignedIn when Shopify finds the ID token
        stale, Transient when Shopify cannot be asked."""
        shop_id, arrival = self._glance(identity.shop_domain)
        if arrival is not None:
            return arrival
        made: list[Arrival] = []
        self._tokens.exchange(
            shop_id,
            identity.shop_domain,
            id_token,
            is_needed=_needs_exchange,
            then=self._recorder(made, actor=f"shopify_user:{identity.staff_number}", address=address),
        )
        return made[0] if made else self._seen_again(identity.shop_domain)

    def arrive_by_code(self, domain: str, code: str, *, address: str = "") -> Arrival:
        """The shop that sent a proven authorization code. Raises GrantLost when the code is spent."""
        shop_id, _ = self._glance(domain)
        made: list[Arrival] = []
        then = self._recorder(made, actor=audit.SHOPIFY, address=address)
        self._tokens.redeem(shop_id, domain, code, then=then)
        return made[0] if made else self._seen_again(domain)

    def _glance(self, domain: str) -> tuple[int, Arrival | None]:
        """The shop's id, made on the first visit, and the arrival if there is nothing to do."""
        query = all_shops(
            select(Shop.id, Shop.state, Grant)
            .outerjoin(Grant, Grant.shop_id == Shop.id)
            .where(Shop.domain == domain)
        )
        with self._database.transaction() as session:
            row = session.execute(query).one_or_none()
            if row is None:
                session.execute(
                    insert(Shop)
                    .values(domain=domain, state=Installation.NEEDS_VISIT.value, installed_at=clock.now())
                    .on_conflict_do_nothing()
                )
                row = session.execute(query).one()
        grant = row.Grant
        is_settled = (
            row.state in LIVING and grant is not None and grant.is_valid and self._tokens.opens(grant)
        )
        if not is_settled or _wants_wider(grant.scopes, grant.obtained_at):
            return row.id, None
        missing = scopes.missing(grant.scopes, scopes.REQUIRED)
        return row.id, Arrival(shop_id=row.id, shop_domain=domain, missing_scopes=missing)

    def _seen_again(self, domain: str) -> Arrival:
        shop_id, arrival = self._glance(domain)
        return arrival or Arrival(shop_id=shop_id, shop_domain=domain)

    def _recorder(self, made: list[Arrival], *, actor: str, address: str) -> Then:
        def record(session: Session, shop: Shop, stored: Stored) -> None:
            arrival = _arrival(shop, stored)
            before = {"state": shop.state, "scopes": list(stored.scopes_before)}
            if arrival.is_installed_now:
                shop.installed_at, shop.uninstalled_at = clock.now(), None
            shop.state = _state(stored.scopes)
            audit.write(
                session,
                shop_id=shop.id,
                actor=actor,
                act="installed" if arrival.is_installed_now else "grant_renewed",
                before=before,
                after={"state": shop.state, "scopes": list(stored.scopes)},
                address=address,
            )
            self._ask(session, arrival)
            made.append(arrival)

        return record


def find(session: Session, domain: str) -> Shop | None:
    """The shop with this domain, whatever its state."""
    return session.scalar(select(Shop).where(Shop.domain == domain))


def uninstalled(session: Session, shop_id: int, *, at: datetime | None) -> bool:
    """Notes that the shop removed us: its tokens are forgotten at once. The caller holds what is owed.

    A notice older than the newest installation, or than a grant that Shopify gave since, is late and changes nothing.
    One that is older than somebody's visit is late too: the shop came back before we knew that it had left, and only
    the tokens of before are gone. The next visit mints new ones, as in every new installation."""
    shop = _locked(session, shop_id)
    if shop is None or shop.state in (Installation.UNINSTALLED, Installation.REDACTED):
        return False
    if at is not None and (at < shop.installed_at or _was_granted_since(session, at)):
        return False
    session.execute(delete(Grant).where(Grant.shop_id == shop_id))
    before = shop.state
    if at is not None and staff.was_seen_since(session, at):
        shop.state = Installation.NEEDS_VISIT.value
        _note(session, shop, act="came_back", before=before)
        return False
    shop.state, shop.uninstalled_at = Installation.UNINSTALLED.value, clock.now()
    _note(session, shop, act="uninstalled", before=before)
    return True


def redacted(session: Session, shop_id: int) -> bool:
    """Notes that everything personal of the shop is gone. False for a shop that is with us (again)."""
    shop = _locked(session, shop_id)
    if shop is None or shop.state in LIVING:
        return False
    session.execute(delete(Grant).where(Grant.shop_id == shop_id))
    before = shop.state
    shop.state, shop.redacted_at, shop.name = Installation.REDACTED.value, clock.now(), ""
    _note(session, shop, act="shop_redacted", before=before)
    return True


def scopes_updated(session: Session, shop_id: int, current: Iterable[str], *, at: datetime) -> ScopeChange:
    """Takes over the scopes that Shopify tells; an older notice than what we know changes nothing."""
    shop = _locked(session, shop_id)
    row = session.scalar(select(Grant).with_for_update())
    if shop is None or row is None or at < row.scopes_at:
        return ScopeChange()
    before, now = tuple(row.scopes), scopes.parse(",".join(current))
    row.scopes, row.scopes_at = list(now), at
    if shop.state in LIVING:
        shop.state = _state(now)
    change = _change(before, now)
    if change.added or change.removed:
        audit.write(
            session,
            shop_id=shop_id,
            actor=audit.SHOPIFY,
            act="scopes_updated",
            before={"scopes": list(before)},
            after={
                "scopes": list(now),
                "state": shop.state,
                "paused": list(change.paused_flows),
                "resumed": list(change.resumed_flows),
            },
        )
    return change


def described(session: Session, shop_id: int, *, name: str, currency: str, timezone: str) -> None:
    """Takes over what Shopify says of the shop itself."""
    shop = _locked(session, shop_id)
    if shop is not None and shop.state != Installation.REDACTED:
        shop.name, shop.currency, shop.timezone = name[:255], currency[:3], timezone[:64]


def _wants_wider(granted: Iterable[str], obtained_at: datetime) -> bool:
    return not scopes.covers(granted, scopes.REQUIRED) and obtained_at + LOOK_AGAIN_AFTER < clock.now()


def _needs_exchange(held: Held | None) -> bool:
    return held is None or not held.is_valid or _wants_wider(held.scopes, held.obtained_at)


def _arrival(shop: Shop, stored: Stored) -> Arrival:
    change = _change(stored.scopes_before, stored.scopes)
    return Arrival(
        shop_id=shop.id,
        shop_domain=shop.domain,
        is_installed_now=stored.is_new,
        is_renewed=not stored.was_valid,
        scopes_added=change.added,
        scopes_removed=change.removed,
        missing_scopes=scopes.missing(stored.scopes, scopes.REQUIRED),
    )


def _change(before: tuple[str, ...], now: tuple[str, ...]) -> ScopeChange:
    paused_before, paused_now = scopes.paused_flows(before), scopes.paused_flows(now)
    return ScopeChange(
        added=scopes.missing(before, now),
        removed=scopes.missing(now, before),
        paused_flows=tuple(flow for flow in paused_now if flow not in paused_before),
        resumed_flows=tuple(flow for flow in paused_before if flow not in paused_now),
    )


def _state(granted: Iterable[str]) -> str:
    is_whole = scopes.covers(granted, scopes.REQUIRED)
    return (Installation.INSTALLED if is_whole else Installation.SCOPES_MISSING).value


def _was_granted_since(session: Session, at: datetime) -> bool:
    """A shop without the app is given no tokens: a good grant that is newer proves that the shop came back, even when
    its return was no new installation for us because the notice had not arrived yet."""
    return bool(session.scalar(select(exists().where(Grant.is_valid, Grant.obtained_at > at))))


def _locked(session: Session, shop_id: int) -> Shop | None:
    return session.scalar(select(Shop).where(Shop.id == shop_id).with_for_update(key_share=True))


def _note(session: Session, shop: Shop, *, act: str, before: str) -> None:
    audit.write(
        session,
        shop_id=shop.id,
        actor=audit.SHOPIFY,
        act=act,
        before={"state": before},
        after={"state": shop.state},
    )
