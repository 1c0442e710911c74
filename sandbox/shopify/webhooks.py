"""From an event to the deliveries it causes: who subscribed, who may know, and what exactly is in the body.

It owns matching (topic, scope, filter) and shaping (included fields, headers). It neither stores nor sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.shopify import bodies, installations, times
from sandbox.shopify.client_secrets import sign_body
from sandbox.shopify.scopes import allows_topic
from sandbox.shopify.settings import COMPLIANCE_TOPICS, AppConfig, Subscription
from sandbox.shopify.store import Document, Event, Store

ALWAYS = frozenset({*COMPLIANCE_TOPICS, "app/uninstalled"})
_TERM = re.compile(r"(-?)([\w.]+):(>=|<=|>|<)?(\"[^\"]*\"|'[^']*'|\S+)")


@dataclass(frozen=True)
class Addressee:
    """One subscription that gets an event."""

    client_id: str
    subscription: Subscription


def addressees(store: Store, app: AppConfig, event: Event) -> list[Addressee]:
    """Every subscription that the event reaches: those the app declares, and those any client made in this shop."""
    found = [Addressee(app.client_id, one) for one in app.subscriptions if one.topic == event.topic]
    if event.topic not in COMPLIANCE_TOPICS:
        found += shop_specific(store, event.shop, topic=event.topic)
    hears = {one.client_id: _may_hear(store, event, client_id=one.client_id) for one in found}
    return [one for one in found if hears[one.client_id] and passes(event.body, one.subscription.filter)]


def shop_specific(store: Store, shop: str, *, topic: str) -> list[Addressee]:
    """The subscriptions to a topic that clients made through the API of this shop."""
    return [
        Addressee(
            document["client_id"],
            Subscription(
                topic=topic,
                uri=document["uri"],
                api_version=document["version"],
                name=document["name"] or "",
                subscription_id=document["id"],
                include_fields=tuple(document["includeFields"]),
                filter=document["filter"] or "",
            ),
        )
        for document in store.views(shop, "subscription")
        if topic_name(document["topic"]) == topic
    ]


def _may_hear(store: Store, event: Event, *, client_id: str) -> bool:
    """Whether a client hears of the event: by its own scopes, and without the app only of its end and of privacy."""
    if isinstance(event, installations.AppEvent) and event.client_id != client_id:
        return False
    return event.topic in ALWAYS or (
        installations.current(store, event.shop, client_id=client_id) is not None
        and allows_topic(installations.scopes_of(store, event.shop, client_id=client_id), event.topic)
    )


def is_sent(topic: str) -> bool:
    """Whether anything here can cause the topic."""
    return topic in bodies.TOPICS or topic == "app/scopes_update"


def topic_name(topic: str) -> str:
    """`ORDERS_CREATE` as `orders/create`; a name with a stroke stays."""
    if "/" in topic:
        return topic
    lower = topic.lower()
    for subject in (
        "fulfillment_orders",
        "fulfillment_holds",
        "order_transactions",
        "tender_transactions",
        "inventory_levels",
        "inventory_items",
        "company_locations",
        "company_contacts",
        "bulk_operations",
        "draft_orders",
    ):
        if lower.startswith(f"{subject}_"):
            return f"{subject}/{lower[len(subject) + 1 :]}"
    return lower.replace("_", "/", 1)


def passes(body: Document, search: str) -> bool:
    """True when the body satisfies the filter: `field:value` terms joined by AND (or a blank), groups by OR."""
    if not search.strip():
        return True
    return any(_all_terms(body, group) for group in re.split(r"\s+OR\s+", search))


def shaped(body: Document, include_fields: Iterable[str]) -> Document:
    """The body with only the named fields (`a.b` reaches inside); all of it when none is named."""
    names = list(include_fields)
    return _pick(body, [name.split(".") for name in names]) if names else body


def encoded(body: Document) -> str:
    """The text whose UTF-8 bytes are sent and signed."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def headers(delivery: Document, *, body: bytes, secret: str) -> dict[str, str]:
    """The headers of a delivery with the signature over exactly these bytes."""
    found = {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": delivery["topic"],
        "X-Shopify-Hmac-Sha256": sign_body(secret, body),
        "X-Shopify-Shop-Domain": delivery["shop"],
        "X-Shopify-API-Version": delivery["api_version"],
        "X-Shopify-Webhook-Id": delivery["webhook_id"],
        "X-Shopify-Event-Id": delivery["event_id"],
        "X-Shopify-Triggered-At": times.nanoseconds(times.parse(delivery["triggered_at"])),
    }
    if delivery["name"]:
        found["X-Shopify-Name"] = delivery["name"]
    return found


def _all_terms(body: Document, group: str) -> bool:
    for negated, field, operator, raw in _TERM.findall(group.strip("() ")):
        wanted = raw.strip("\"'()")
        holds = any(_compare(value, operator, wanted) for value in _values(body, field.split(".")))
        if holds == bool(negated):
            return False
    return True


def _values(value: Any, path: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _values(item, path)]
    if not path:
        return [value]
    return _values(value.get(path[0]), path[1:]) if isinstance(value, dict) else []


def _compare(value: Any, operator: str, wanted: str) -> bool:
    if isinstance(value, bool):
        return str(value).lower() == wanted.lower()
    if not operator:
        return value is not None and wanted in ("*", str(value), str(value).lower())
    try:
        left, right = float(value), float(wanted)
    except (TypeError, ValueError):
        return False
    match operator:
        case ">":
            return left > right
        case "<":
            return left < right
        case ">=":
            return left >= right
        case _:
            return left <= right


def _pick(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [_pick(item, paths) for item in value]
    if not isinstance(value, dict):
        return value
    picked: Document = {}
    for key, inner in value.items():
        below = [path[1:] for path in paths if path[0] == key]
        if below:
            picked[key] = inner if any(not path for path in below) else _pick(inner, below)
    return picked
