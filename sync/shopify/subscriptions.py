"""A shop's own webhook subscriptions at Shopify: what is there, how it differs from what is wanted, and the repair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.faults import Rejected
from sync.shopify.answers import user_errors
from sync.shopify.client import Client
from sync.shopify.topics import ORDERS, Topic

PAGES_LIMIT = 20
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


def actual(client: Client) -> list[Subscription]:
    """All subscriptions of the shop that were made by the API, oldest first."""
    found: list[Subscription] = []
    after: str | None = None
    for _ in range(PAGES_LIMIT):
        page = client.run("webhook_subscriptions", {"after": after}, lane=ORDERS)["webhookSubscriptions"]
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
    (payload,) = client.run(operation, variables, lane=ORDERS).values()
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
