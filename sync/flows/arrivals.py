"""What a visit of staff, or a word of Shopify about scopes, sets in motion: the first jobs of a new shop, and the jobs
that waited for either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from kit import clock
from oauth.install import Arrival, ScopeChange
from sync.flows.subscriptions import granted_hint
from sync.state import jobs
from sync.state.models import Lane

RECORD = "shop"  # what a job about the shop as a whole is for
SCOPE = "scope:"
# A new pair of tokens is sealed with the current key, so it ends the wait for a lost one as well.
BROUGHT_BY_A_VISIT = ("grant", SCOPE, "key:", "seal:")


def ask(session: Session, arrival: Arrival) -> None:
    """Asks for the jobs of an arrival, in its transaction."""
    if arrival.is_installed_now or arrival.scopes_added:
        _ask(session, arrival.shop_id, "welcome", {})
        _ask(session, arrival.shop_id, "subscriptions", granted_hint(arrival.scopes_added, at=clock.now()))
    _release(session, BROUGHT_BY_A_VISIT)


def rescoped(session: Session, change: ScopeChange, *, shop_id: int, at: datetime) -> list[int]:
    """Asks for what a change of scopes needs: other subscriptions, and the jobs that waited for a scope. Returns all
    of them."""
    asked = []
    if change.added or change.removed:
        asked = [_ask(session, shop_id, "subscriptions", granted_hint(change.added, at=at))]
    return asked + _release(session, (SCOPE,))


def _ask(session: Session, shop_id: int, flow: str, hint: Mapping[str, str]) -> int:
    return jobs.ask(session, shop_id=shop_id, flow=flow, record=RECORD, lane=Lane.ORDERS, hint=hint)


def _release(session: Session, kinds: Iterable[str]) -> list[int]:
    waiting = [each for each in jobs.held_for(session) if each.startswith(tuple(kinds))]
    return jobs.release(session, misses=waiting)
