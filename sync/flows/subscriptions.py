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
from oauth.models import Grant
from sync.flows.road import Done, Outcome, Work
from sync.shopify import topics
from sync.shopify.subscriptions import actual, compare, repair
from sync.shopify.topics import Topic
from sync.state.settings_models import Cursor

FLOW = "subscriptions"
FEED = "subscriptions"
GRANTED = "granted:"  # in a job's hint: since when a scope is granted


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
