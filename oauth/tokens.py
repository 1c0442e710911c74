"""The offline tokens of shops: kept sealed, refreshed before they end, by one caller at a time per shop.

Every row here is read and written in short transactions of its own, so nothing that fails later can roll a new pair
back. Shopify is only asked while a lease is held and no transaction is open. A lost grant makes the shop need a visit.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from kit import clock
from kit.config import Settings
from kit.crypto import Sealer, Secret, place
from kit.db import Database, all_shops
from kit.faults import Fault, Misconfigured, Transient
from kit.http import Door
from oauth import audit, lease
from oauth.models import Grant, Installation, Shop
from oauth.token_calls import GrantLost, Pair, TokenEndpoint, mark

log = logging.getLogger(__name__)

REFRESH_BEFORE = timedelta(minutes=5)
USABLE_FOR = timedelta(seconds=15)
KEEP_ALIVE_BEFORE = timedelta(days=14)
RENEW_AGAIN_AFTER = timedelta(hours=6)
WAIT_SECONDS = 45.0
LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Held:
    """The stored grant of a shop, opened."""

    access: Secret
    expires_at: datetime | None
    refresh: Secret | None
    scopes: tuple[str, ...]
    is_valid: bool
    obtained_at: datetime

    def is_fresh(self) -> bool:
        """Good for a while yet, and of the kind that ends."""
        return (
            self.is_valid and self.expires_at is not None and self.expires_at - REFRESH_BEFORE > clock.now()
        )

    def is_usable(self) -> bool:
        """Good for the next call at least."""
        return self.is_valid and (self.expires_at is None or self.expires_at - USABLE_FOR > clock.now())


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What storing a new pair changed."""

    is_new: bool  # the shop had no grant at all: it was just installed
    was_valid: bool
    scopes: tuple[str, ...]
    scopes_before: tuple[str, ...]


Then = Callable[[Session, Shop, Stored], None]


def needs_visit(detail: str = "") -> Misconfigured:
    """The fault of a shop without a good grant."""
    return Misconfigured(
        "needs_visit",
        "Shopify no longer accepts Concord's access. Open Concord once in the Shopify admin to renew it.",
        misses="grant",
        detail=detail,
    )


def renewable() -> ColumnElement[bool]:
    """Grants that can be renewed without a person: the refresh token has not ended, or there is none to need."""
    return or_(
        Grant.refresh_token.is_(None),
        Grant.refresh_expires_at.is_(None),
        Grant.refresh_expires_at > clock.now(),
    )


class Tokens:
    """Hands out access tokens of shops. One per process."""

    def __init__(self, database: Database, door: Door, sealer: Sealer, settings: Settings) -> None:
        self._database = database
        self._endpoint = TokenEndpoint(door, settings)
        self._sealer = sealer
        self._settings = settings

    def access_token(self, shop_id: int, domain: str) -> Secret:
        """A token that is good now; ask for it again before each call. Raises Misconfigured (misses `grant`) when
        only a visit of staff helps, Transient when Shopify cannot be asked."""
        held = self.read(shop_id)
        if held is None or not held.is_valid:
            raise needs_visit("no valid grant is stored")
        if held.is_fresh():
            return held.access
        try:
            self.obtain(shop_id, self._refreshed(domain), may_skip=held.is_usable())
        except Transient:
            if held.is_usable():
                return held.access
            raise
        held = self.read(shop_id)
        if held is None or not held.is_usable():
            raise needs_visit("the grant was lost while it was refreshed")
        return held.access

    def exchange(
        self,
        shop_id: int,
        domain: str,
        id_token: str,
        *,
        is_needed: Callable[[Held | None], bool],
        then: Then,
    ) -> bool:
        """Swaps a verified ID token for a new pair, unless someone else did meanwhile. `then` runs in the storing
        transaction. False: it was no longer needed. Raises NotSignedIn when Shopify finds the ID token stale."""
        return self.obtain(
            shop_id,
            lambda held: self._endpoint.exchange(domain, id_token) if is_needed(held) else None,
            then=then,
        )

    def redeem(self, shop_id: int, domain: str, code: str, *, then: Then) -> bool:
        """Swaps an authorization code for a pair. Raises GrantLost when the code is spent."""
        return self.obtain(
            shop_id, lambda _: self._endpoint.redeem(domain, code), then=then, loses_grant=False
        )

    def refused(self, shop_id: int, token: Secret) -> None:
        """Notes that Shopify answered 401 to this access token: the next call refreshes it, or finds it lost."""
        with self._database.transaction(shop_id=shop_id) as session:
            row = self._row(session, lock=True)
            if row is None or not row.is_valid or self._opened(row).access != token:
                return  # someone else has renewed it meanwhile
            if row.refresh_token is not None:
                row.access_expires_at = min(clock.now(), row.access_expires_at or clock.now())
                return
        self.invalidate(shop_id, "the access token is refused and cannot be refreshed")

    def invalidate(self, shop_id: int, why: str) -> None:
        """Gives the grant up: the shop needs a visit. The caller holds the shop's jobs with misses `grant`."""
        with self._database.transaction(shop_id=shop_id) as session:
            shop = session.scalar(select(Shop).where(Shop.id == shop_id).with_for_update(key_share=True))
            if shop is not None:
                self._lose(session, shop, why)

    def read(self, shop_id: int) -> Held | None:
        """The stored grant; None when there is none."""
        with self._database.transaction(shop_id=shop_id) as session:
            row = self._row(session)
            return self._opened(row) if row is not None else None

    def opens(self, row: Grant) -> bool:
        """Whether the stored pair can be opened with our keys. One that cannot is as good as none: a visit mints
        another."""
        try:
            self._opened(row)
        except Misconfigured:
            return False
        return True

    def renew_aging(self, *, limit: int) -> int:
        """Refreshes grants that would end unused, that hang on the previous client secret, or that never end. Returns
        how many. One that fails is tried again after a while, so that closed shops keep nobody waiting."""
        now, current = clock.now(), mark(self._settings.client_secret)
        query = all_shops(
            select(Grant.shop_id, Shop.domain)
            .join(Shop, Shop.id == Grant.shop_id)
            .where(Grant.is_valid, renewable())
            .where(
                or_(
                    Grant.refresh_token.is_(None),
                    Grant.refresh_expires_at < now + KEEP_ALIVE_BEFORE,
                    Grant.minted_with != current,
                )
            )
            .where(or_(Grant.renewal_due_at.is_(None), Grant.renewal_due_at <= now))
            .order_by(Grant.refresh_expires_at.nulls_last(), Grant.shop_id)
            .limit(limit)
        )
        with self._database.transaction() as session:
            due = [(row.shop_id, row.domain) for row in session.execute(query)]
        renewed = 0
        for shop_id, domain in due:
            try:
                renewed += self.obtain(shop_id, self._refreshed(domain, always=True), may_skip=True)
            except Fault as fault:
                log.warning("token.renewal_failed", extra={"shop": domain, "fault_code": fault.code})
                self._put_off(shop_id)
        return renewed

    def obtain(
        self,
        shop_id: int,
        ask: Callable[[Held | None], Pair | None],
        *,
        then: Then | None = None,
        may_skip: bool = False,
        loses_grant: bool = True,
    ) -> bool:
        """Takes the shop's lease, reads again, asks Shopify and stores the pair. False when `ask` found nothing to
        do, or when someone else is at it and `may_skip`. Raises Transient when the lease stays taken."""
        mine = self._lease(shop_id, may_skip=may_skip)
        if mine is None:
            return False
        try:
            # Whoever brings a proof of the shop's own (`then`) needs nothing of the old pair, so that a lost key is no
            # dead end; everybody else is told which key is missing.
            pair = ask(self.read(shop_id) if then is None else self._openable(shop_id))
            return pair is not None and self._store(shop_id, mine, pair, then)
        except GrantLost as lost:
            if not loses_grant:
                raise
            self._lost(shop_id, mine, lost.why)
            raise needs_visit(lost.why) from lost
        finally:
            lease.give_back(self._database, shop_id, mine)

    def _put_off(self, shop_id: int) -> None:
        with self._database.transaction(shop_id=shop_id) as session:
            row = self._row(session, lock=True)
            if row is not None:
                row.renewal_due_at = clock.now() + RENEW_AGAIN_AFTER

    def _openable(self, shop_id: int) -> Held | None:
        with self._database.transaction(shop_id=shop_id) as session:
            row = self._row(session)
            return self._opened(row) if row is not None and self.opens(row) else None

    def _lease(self, shop_id: int, *, may_skip: bool) -> uuid.UUID | None:
        give_up_at = clock.monotonic() + WAIT_SECONDS
        while True:
            mine = lease.take(self._database, shop_id)
            if mine is not None or may_skip:
                return mine
            if clock.monotonic() > give_up_at:
                raise Transient(
                    "token_busy", "Another process is renewing the access of this shop.", after_seconds=5
                )
            clock.sleep(LOOK_EVERY_SECONDS)

    def _refreshed(self, domain: str, *, always: bool = False) -> Callable[[Held | None], Pair | None]:
        def ask(held: Held | None) -> Pair | None:
            if held is None or not held.is_valid or (held.is_fresh() and not always):
                return None
            if held.refresh is not None:
                return self._endpoint.refresh(domain, held.refresh)
            return self._endpoint.migrate(domain, held.access)

        return ask

    def _store(self, shop_id: int, mine: uuid.UUID, pair: Pair, then: Then | None) -> bool:
        with self._database.transaction(shop_id=shop_id) as session:
            shop = lease.hold(session, shop_id, mine)
            if shop is None:
                return False  # our lease ran out; whoever has it now stores what counts
            row = self._row(session, lock=True)
            if row is None and then is None:
                return False  # uninstalled while we asked
            stored = Stored(
                is_new=row is None,
                was_valid=row is not None and row.is_valid and self.opens(row),
                scopes=pair.scopes,
                scopes_before=tuple(row.scopes) if row is not None else (),
            )
            self._write(session, row or Grant(shop_id=shop_id), pair)
            if then is not None:
                then(session, shop, stored)
        return True

    def _write(self, session: Session, row: Grant, pair: Pair) -> None:
        shop_id = row.shop_id
        row.access_token = self._sealer.seal(pair.access, place("grant", "access_token", shop_id))
        row.access_expires_at = pair.expires_at
        row.refresh_token = (
            self._sealer.seal(pair.refresh, place("grant", "refresh_token", shop_id))
            if pair.refresh
            else None
        )
        row.refresh_expires_at = pair.refresh_expires_at
        row.scopes, row.minted_with = list(pair.scopes), pair.minted_with
        row.is_valid, row.obtained_at, row.scopes_at = True, clock.now(), clock.now()
        row.renewal_due_at = None
        session.add(row)

    def _lost(self, shop_id: int, mine: uuid.UUID, why: str) -> None:
        with self._database.transaction(shop_id=shop_id) as session:
            shop = lease.hold(session, shop_id, mine)
            if shop is not None:
                self._lose(session, shop, why)

    def _lose(self, session: Session, shop: Shop, why: str) -> None:
        row = self._row(session, lock=True)
        if row is not None:
            row.is_valid = False
        if shop.state in (Installation.INSTALLED, Installation.SCOPES_MISSING):
            audit.write(
                session,
                shop_id=shop.id,
                actor=audit.SHOPIFY,
                act="grant_lost",
                before={"state": shop.state},
                after={"state": Installation.NEEDS_VISIT.value, "why": why[:200]},
            )
            shop.state = Installation.NEEDS_VISIT

    def _row(self, session: Session, *, lock: bool = False) -> Grant | None:
        query = select(Grant)
        return session.scalar(query.with_for_update() if lock else query)

    def _opened(self, row: Grant) -> Held:
        refresh = row.refresh_token
        return Held(
            access=self._sealer.open(row.access_token, place("grant", "access_token", row.shop_id)),
            expires_at=row.access_expires_at,
            refresh=self._sealer.open(refresh, place("grant", "refresh_token", row.shop_id))
            if refresh
            else None,
            scopes=tuple(row.scopes),
            is_valid=row.is_valid,
            obtained_at=row.obtained_at,
        )
