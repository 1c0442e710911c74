"""Backfill and reconciliation: walk Shopify's records by their time of change and ask for each we do not know so.

It brings history in, fills the exact gap that lost deliveries left, and finds what never came. It only asks for jobs;
its place is kept after each page, so a long walk can be stopped and goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from sync.flows.road import Done, Outcome, Work
from sync.state import cursors, jobs
from sync.state.models import Lane
from sync.state.settings_models import Snapshot

PAGE_SIZE = 100
# Shopify's search index lags behind its writes; the window of the next walk begins a little before the last one ended.
OVERLAP = timedelta(minutes=5)
SAME_SECOND = timedelta(seconds=1)
FIRST_LOOK_BACK = timedelta(hours=1)
FEED = "reconcile:orders"


@dataclass(frozen=True)
class Walk:
    """One kind of record that can be walked by its time of change."""

    operation: str
    name: str  # of the connection in the answer, and of the records in a sentence
    flow: str


ORDERS = Walk("orders_page", "orders", "order_push")
CUSTOMERS = Walk("customers_page", "customers", "customer_push")
# What a missed topic leaves to be read again. After a merge, the customer that was kept has changed; which one is gone
# is not told any more, but its orders name the kept one from then on.
OF_TOPIC: Mapping[str, Walk] = {"customers/merge": CUSTOMERS}


def reconcile(work: Work) -> Outcome:
    """Asks for every order that changed since the last walk and that we do not know in its newest state."""
    until = clock.now()
    with work.reading() as session:
        place = cursors.read(session, FEED)
    if place.position:
        since = datetime.fromisoformat(place.position["until"]) - OVERLAP
    else:
        since = until - FIRST_LOOK_BACK
    asked = _walk(work, ORDERS, since=since, until=until, feed=FEED, lane=Lane.ORDERS)
    with work.transaction() as session:
        _move(session, work, FEED, {"until": until.isoformat()})
    return Done(f"{asked} orders were behind." if asked else "Nothing was missing.")


def backfill(work: Work) -> Outcome:
    """Brings in the orders of a time span that a person asked for, or the records that a missed topic speaks of."""
    walk = OF_TOPIC.get(str(work.job.hint.get("topic")), ORDERS)
    since = datetime.fromisoformat(work.job.hint["since"])
    until = datetime.fromisoformat(work.job.hint.get("until") or clock.now().isoformat())
    feed = f"backfill:{work.job.id}"
    asked = _walk(work, walk, since=since, until=until, feed=feed, lane=Lane.BACKFILL)
    return Done(f"{asked} {walk.name} were asked for.")


def _walk(work: Work, walk: Walk, *, since: datetime, until: datetime, feed: str, lane: Lane) -> int:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    query = f"updated_at:>='{_stamp(since)}' updated_at:<='{_stamp(until)}'"
    with work.reading() as session:
        place = cursors.read(session, feed).position
    after = place.get("after") if place.get("query") == query else None
    asked = 0
    while True:
        variables = {"first": PAGE_SIZE, "after": after, "query": query}
        page = client.run(walk.operation, variables, lane=Lane.BACKFILL)[walk.name]
        after = page["pageInfo"]["endCursor"]
        with work.transaction() as session:
            asked += _ask_for(session, work, walk, page["nodes"], lane=lane)
            if page["pageInfo"]["hasNextPage"]:
                _move(session, work, feed, {"query": query, "after": after})
        if not page["pageInfo"]["hasNextPage"]:
            return asked


def _ask_for(
    session: Session, work: Work, walk: Walk, nodes: Sequence[Mapping[str, Any]], *, lane: Lane
) -> int:
    gids = [node["id"] for node in nodes]
    known = {each.record: each for each in session.scalars(select(Snapshot).where(Snapshot.record.in_(gids)))}
    behind = [node["id"] for node in nodes if _is_behind(known.get(node["id"]), node)]
    for gid in behind:
        jobs.ask(session, shop_id=work.shop.id, flow=walk.flow, record=gid, lane=lane, hint={"reread": True})
    return len(behind)


def _is_behind(known: Snapshot | None, node: Mapping[str, Any]) -> bool:
    """Whether Shopify's record may be newer than ours. Its times of change are whole seconds: what was read within
    the second of a change may have been changed once more in it, and then the state of its payments tells."""
    if known is None or known.updated_at is None:
        return True
    changed_at = datetime.fromisoformat(node["updatedAt"])
    if known.updated_at < changed_at or known.read_at < changed_at + SAME_SECOND:
        return True
    status, body = node.get("displayFinancialStatus"), known.body or {}
    return bool(status and "financial_status" in body and body["financial_status"] != status.lower())


def _move(session: Session, work: Work, feed: str, position: Mapping[str, Any]) -> None:
    cursors.move(session, feed, shop_id=work.shop.id, position=position, due_at=clock.now())


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
