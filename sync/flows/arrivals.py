"""What a visit of staff sets in motion: the first jobs of a new shop, and the jobs that waited for a visit."""

from __future__ import annotations

from sqlalchemy.orm import Session

from oauth.install import Arrival
from sync.state import jobs
from sync.state.models import Lane

# A new pair of tokens is sealed with the current key, so it ends the wait for a lost one as well.
BROUGHT_BY_A_VISIT = ("grant", "scope:", "key:", "seal:")
RECORD = "shop"  # what a job about the shop as a whole is for


def ask(session: Session, arrival: Arrival) -> None:
    """Asks for the jobs of an arrival, in its transaction."""
    if arrival.is_installed_now or arrival.scopes_added:
        for flow in ("welcome", "subscriptions"):
            jobs.ask(session, shop_id=arrival.shop_id, flow=flow, record=RECORD, lane=Lane.ORDERS)
    waiting = [misses for misses in jobs.held_for(session) if misses.startswith(BROUGHT_BY_A_VISIT)]
    jobs.release(session, misses=waiting)
