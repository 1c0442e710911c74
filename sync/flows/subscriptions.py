"""Keeps a shop's own webhook subscriptions as they should be, and says which time nobody listened.

Shopify deletes subscriptions made by the API after repeated failures, without telling. What is missing, wrong or left
over is repaired; the gap between the last time a topic was seen in place and now is noted before the repair, so that
a backfill can close it even if this process dies in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.db import insert
from kit.faults import Rejected
from oauth.models import Grant
from sync.flows.road import Done, Outcome, Work
from sync.shopify import topics
from sync.shopify.answers import user_errors
from sync.shopify.client import Client
from sync.shopify.topics import Topic
from sync.state.models import Lane
from sync.state.settings_models import Cursor

FLOW = "subscriptions"
FEED = "subscriptions"
PAGES_LIMIT = 20
GRANTED = "granted:"  # in a job's hint: since when a scope is granted
TAKEN = "has already been taken"  # another process made the same subscription a moment ago


@dataclass(frozen=True)
class Subscription:
    """One subscription as Shopify has it."""

    gid: str
    topic: str  # the enum name
    uri: str
    is_plain: bool  # JSON, the whole body, every event
    version: str  # of the API that shapes its bodies


@dataclass(frozen=True)
class Changes:
    """What must be done so that exactly the wanted ones are there."""

    missing: tuple[Topic, ...]
    wrong: tuple[tuple[Topic, Subscription], ...]
    surplus: tuple[Subscription, ...]
    aged: tuple[
        tuple[Topic, Subscription], ...
    ]  # made by an older API version, which an update does not change
    is_moved: frozenset[str]  # wrong ones whose events went to another address: those were missed as well


@dataclass(frozen=True)
class Gap:
    """A time in which a topic may have been missed."""

    topic: str
    since: datetime
    until: datetime


def run(work: Work) -> Outcome:
    """Brings one shop's subscriptions into order."""
    uri = f"{work.gateways.settings.app_url}/webhooks"
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    with work.reading() as session:
        scopes = session.scalar(select(Grant.scopes)) or []
    wanted = topics.of_shop(scopes)
    changes = compare(wanted, actual(client), uri=uri, version=work.gateways.settings.api_version)
    # One that is made anew may miss what happens in between, and all of it if this process dies there.
    unheard = [topic.name for topic in changes.missing] + sorted(changes.is_moved)
    unheard += [topic.name for topic, _ in changes.aged]
    granted = {topic.name: at for topic in changes.missing if (at := _granted_at(topic, work.job.hint))}
    with work.transaction() as session:
        note_gaps(session, unheard, shop_id=work.shop.id, granted=granted)
    repair(client, changes, uri=uri)
    with work.transaction() as session:
        note_seen(session, [topic.name for topic in wanted], shop_id=work.shop.id)
    count = len(changes.missing) + len(changes.wrong) + len(changes.surplus) + len(changes.aged)
    return Done(
        f"{count} webhook subscriptions repaired." if count else "All webhook subscriptions are in place."
    )


def granted_hint(scopes: Iterable[str], *, at: datetime) -> dict[str, str]:
    """What the job is told of scopes that were just granted: since then their topics may have been missed."""
    return {f"{GRANTED}{scope}": at.isoformat() for scope in scopes}


def _granted_at(topic: Topic, hint: Mapping[str, Any]) -> str | None:
    found = [str(hint[f"{GRANTED}{scope}"]) for scope in topic.scopes if f"{GRANTED}{scope}" in hint]
    return min(found, default=None)


def actual(client: Client) -> list[Subscription]:
    """All subscriptions of the shop that were made by the API, oldest first."""
    found: list[Subscription] = []
    after: str | None = None
    for _ in range(PAGES_LIMIT):
        page = client.run("webhook_subscriptions", {"after": after}, lane=Lane.ORDERS)["webhookSubscriptions"]
        found += [_subscription(node) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return found


def compare(wanted: Iterable[Topic], found: Sequence[Subscription], *, uri: str, version: str) -> Changes:
    """Which subscriptions are missing, wrong, of an older version or too many. Of several for one topic the best one
    stays. A newer version is let be: Shopify moves up by itself what it no longer serves."""
    left = list(found)
    missing: list[Topic] = []
    wrong: list[tuple[Topic, Subscription]] = []
    aged: list[tuple[Topic, Subscription]] = []
    for topic in wanted:
        same = [one for one in left if one.topic == topic.enum]
        if not same:
            missing.append(topic)
            continue
        best = max(same, key=lambda one: (one.uri == uri, one.is_plain, one.version))
        left.remove(best)
        if best.version < version:
            aged.append((topic, best))
        elif best.uri != uri or not best.is_plain:
            wrong.append((topic, best))
    moved = frozenset(topic.name for topic, one in wrong if one.uri != uri)
    return Changes(tuple(missing), tuple(wrong), tuple(left), tuple(aged), moved)


def repair(client: Client, changes: Changes, *, uri: str) -> None:
    """Makes it so. What goes, goes first: a duplicate keeps its topic's address taken."""
    for one in [*changes.surplus, *(one for _, one in changes.aged)]:
        _do(client, "webhook_subscription_delete", {"id": one.gid})
    for _, one in changes.wrong:
        _do(client, "webhook_subscription_update", {"id": one.gid, "subscription": _plain(uri)})
    for topic in [*changes.missing, *(topic for topic, _ in changes.aged)]:
        _do(client, "webhook_subscription_create", {"topic": topic.enum, "subscription": _plain(uri)})


def gaps(session: Session) -> list[Gap]:
    """The gaps of the session's shop that no backfill has closed yet."""
    position = _position(session)
    return [
        Gap(topic, datetime.fromisoformat(since), datetime.fromisoformat(until))
        for topic, (since, until) in sorted(position.get("gaps", {}).items())
    ]


def close_gap(session: Session, gap: Gap, *, shop_id: int) -> None:
    """A backfill was asked for over this gap. One that grew meanwhile stays open."""
    position = _position(session)
    open_gaps = dict(position.get("gaps", {}))
    if open_gaps.get(gap.topic) == [gap.since.isoformat(), gap.until.isoformat()]:
        del open_gaps[gap.topic]
        _keep(session, {**position, "gaps": open_gaps}, shop_id=shop_id)


def note_gaps(
    session: Session, unheard: Sequence[str], *, shop_id: int, granted: Mapping[str, str] | None = None
) -> None:
    """Notes since when topics may have been missed: since they were last in place, or else since their scope was
    granted. Without either there is no gap: history before that is a backfill that somebody asks for."""
    position = _position(session)
    seen, open_gaps = position.get("seen", {}), dict(position.get("gaps", {}))
    now = clock.now().isoformat()
    for topic in unheard:
        since = open_gaps[topic][0] if topic in open_gaps else seen.get(topic) or (granted or {}).get(topic)
        if since is not None:
            open_gaps[topic] = [since, now]
    if open_gaps != position.get("gaps", {}):
        _keep(session, {**position, "gaps": open_gaps}, shop_id=shop_id)


def note_seen(session: Session, names: Sequence[str], *, shop_id: int) -> None:
    """Notes that these topics, and no others, are in place now."""
    now = clock.now().isoformat()
    _keep(session, {**_position(session), "seen": dict.fromkeys(names, now)}, shop_id=shop_id)


def _position(session: Session) -> Mapping[str, Any]:
    return session.scalar(select(Cursor.position).where(Cursor.feed == FEED)) or {}


def _keep(session: Session, position: Mapping[str, Any], *, shop_id: int) -> None:
    now = clock.now()
    values = {"position": dict(position), "polled_at": now}
    session.execute(
        insert(Cursor)
        .values(shop_id=shop_id, feed=FEED, due_at=now, **values)
        .on_conflict_do_update(index_elements=[Cursor.shop_id, Cursor.feed], set_=values)
    )


def _plain(uri: str) -> dict[str, Any]:
    return {"uri": uri, "format": "JSON", "filter": "", "includeFields": [], "metafieldNamespaces": []}


def _subscription(node: Mapping[str, Any]) -> Subscription:
    shaped = node.get("filter") or node.get("includeFields") or node.get("metafieldNamespaces")
    return Subscription(
        node["id"],
        node["topic"],
        node["uri"],
        is_plain=node["format"] == "JSON" and not shaped,
        version=node["apiVersion"]["handle"],
    )


def _do(client: Client, operation: str, variables: Mapping[str, Any]) -> None:
    (payload,) = client.run(operation, variables, lane=Lane.ORDERS).values()
    refused = [
        error
        for error in user_errors(payload).errors
        # Gone already, or there already: both are what we wanted.
        if TAKEN not in error.message and not error.message.endswith("does not exist")
    ]
    if refused:
        raise Rejected(
            "subscription_refused",
            f"Shopify refuses a webhook subscription: {refused[0].message}",
            detail=f"{operation}: {[error.message for error in refused]}",
        )
