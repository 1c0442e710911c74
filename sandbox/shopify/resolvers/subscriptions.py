"""Webhook subscriptions made through the API: what is accepted, and the words for what is not.

It owns the `subscription` documents of a shop. Who gets which event is decided by the webhook sender.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.shopify import webhooks
from sandbox.shopify.connections import SortKey, count, sort_by
from sandbox.shopify.context import Context
from sandbox.shopify.documents import new_gid, now, number
from sandbox.shopify.errors import unsupported, user
from sandbox.shopify.resolvers.nodes import resolved_namespace
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.schema import VERSION
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

ADDRESS = ("webhookSubscription", "callbackUrl")
LARGEST_TEXT = 65_535
FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
    "topic": Field(lambda row: [row["topic"]]),
    "format": Field(lambda row: [row["format"]]),
    "uri": Field(lambda row: [row["uri"]]),
    "endpoint": Field(lambda row: [row["uri"]]),
}
SORTS: dict[str, SortKey] = {
    "ID": lambda row: number(row["id"]),
    "CREATED_AT": lambda row: str(row["createdAt"]),
}


def _own(context: Context) -> list[Document]:
    return [row for row in context.views("subscription") if row["client_id"] == context.client_id]


def _wanted(context: Context, global_id: str) -> Document | None:
    """A subscription of the caller; those of other clients are not there."""
    found = context.wanted(global_id, "WebhookSubscription")
    return found if found and found["client_id"] == context.client_id else None


@resolves("QueryRoot.webhookSubscription")
def webhook_subscription(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return _wanted(context, arguments["id"])


@resolves("QueryRoot.webhookSubscriptions")
def webhook_subscriptions(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = _own(context)
    if arguments.get("topics"):
        rows = [row for row in rows if row["topic"] in arguments["topics"]]
    if arguments.get("format"):
        rows = [row for row in rows if row["format"] == arguments["format"]]
    uri = arguments.get("uri") or arguments.get("callbackUrl")
    rows = [row for row in rows if uri in (None, row["uri"])]
    sort = sort_by(SORTS, arguments, "CREATED_AT")
    return context.search(rows, arguments, FIELDS, sort=sort)


@resolves("QueryRoot.webhookSubscriptionsCount")
def webhook_subscriptions_count(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = context.matching(_own(context), arguments.get("query"), FIELDS)
    return count(len(rows), arguments.get("limit"))


@resolves("WebhookSubscription.apiVersion")
def api_version(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    handle = source.get("version", VERSION)  # the one in whose address it was made
    return {"handle": handle, "displayName": handle, "supported": True}


@resolves("WebhookSubscription.callbackUrl")
def callback_url(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    return str(source["uri"])


@resolves("WebhookSubscription.endpoint")
def endpoint(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    uri = source["uri"]
    if uri.startswith("pubsub://"):
        project, _, topic = uri.removeprefix("pubsub://").partition(":")
        return {"__typename": "WebhookPubSubEndpoint", "pubSubProject": project, "pubSubTopic": topic}
    if uri.startswith("arn:"):
        return {"__typename": "WebhookEventBridgeEndpoint", "arn": uri}
    return {"__typename": "WebhookHttpEndpoint", "callbackUrl": uri}


@resolves("Mutation.webhookSubscriptionCreate")
def create(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish, topic = arguments["webhookSubscription"], arguments["topic"]
    at = now(context.store)
    document = _changed(
        context,
        {
            "id": "",
            "topic": topic,
            "uri": "",
            "format": "JSON",
            "includeFields": [],
            "metafieldNamespaces": [],
            "metafields": [],
            "filter": None,
            "name": None,
            "client_id": context.client_id,
            "version": context.version,
            "createdAt": at,
            "updatedAt": at,
        },
        wish,
    )
    if faults := _faults(context, document):
        return {"webhookSubscription": None, "userErrors": faults}
    _must_be_sent(document)
    document["id"] = new_gid(context.store, "WebhookSubscription")
    return {"webhookSubscription": _put(context, document), "userErrors": []}


@resolves("Mutation.webhookSubscriptionUpdate")
def update(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    kept = _wanted(context, arguments["id"])
    if kept is None:
        return {
            "webhookSubscription": None,
            "userErrors": [user("Webhook subscription does not exist", "id")],
        }
    document = _changed(context, {**kept, "updatedAt": now(context.store)}, arguments["webhookSubscription"])
    if faults := _faults(context, document):
        return {"webhookSubscription": None, "userErrors": faults}
    _must_be_sent(document)
    return {"webhookSubscription": _put(context, document), "userErrors": []}


@resolves("Mutation.webhookSubscriptionDelete")
def delete(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    if _wanted(context, arguments["id"]) is None:
        error = user("Webhook subscription does not exist", "id")
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
    context.store.delete(context.shop, "subscription", arguments["id"])
    return {"deletedWebhookSubscriptionId": arguments["id"], "userErrors": []}


def _put(context: Context, document: Document) -> Document:
    return context.store.put(context.shop, "subscription", document["id"], document)


def _must_be_sent(document: Document) -> None:
    """Refuses by name what Shopify would take but what would never arrive from here."""
    topic = document["topic"]
    if not webhooks.is_sent(webhooks.topic_name(topic)):
        raise unsupported(f"webhooks of topic {topic}")
    if document["format"] == "XML":
        raise unsupported("webhooks of format XML")
    if document["metafields"] or document["metafieldNamespaces"]:
        raise unsupported("metafields in webhooks")


def _changed(context: Context, document: Document, wish: dict[str, Any]) -> Document:
    document = dict(document)
    uri = wish.get("uri", wish.get("callbackUrl"))
    if uri is not None:
        document["uri"] = uri.strip()
    for key in ("format", "filter", "name", "includeFields", "metafields"):
        if wish.get(key) is not None:
            document[key] = wish[key]
    if wish.get("metafieldNamespaces") is not None:
        document["metafieldNamespaces"] = [
            resolved_namespace(context.client_id, one) for one in wish["metafieldNamespaces"]
        ]
    return document


def _faults(context: Context, document: Document) -> list[Document]:
    faults = [user(message, *ADDRESS) for message in _address_faults(context, document["uri"])]
    others = [row for row in _own(context) if row["id"] != document["id"]]
    key = (document["topic"], document["uri"], document["format"])
    if not faults and any((row["topic"], row["uri"], row["format"]) == key for row in others):
        faults.append(user("Address for this topic has already been taken", *ADDRESS))
    if document["format"] == "XML" and not document["uri"].startswith("http"):
        faults.append(user("Format can only be used with format: 'json'", "webhookSubscription", "format"))
    faults += [
        user(message, "webhookSubscription", "name") for message in _name_faults(document["name"], others)
    ]
    text = document["filter"]
    if text and len(text.encode()) > LARGEST_TEXT:
        faults.append(user("The specified filter exceeds the maximum allowed size.", "webhookSubscription"))
    elif text and not re.fullmatch(r"(?:\(*-?[\w.]+:\S+\)*|AND|OR|NOT|\s)+", text):
        message = (
            "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on."
        )
        faults.append(user(message, "webhookSubscription"))
    return faults


def _address_faults(context: Context, uri: str) -> list[str]:
    if not uri:
        return ["Address can't be blank"]
    if len(uri.encode()) > LARGEST_TEXT:
        return ["Address is too big (maximum is 64 KB)"]
    if uri.startswith("arn:"):
        return [] if re.match(r"arn:aws:events:[\w-]+::event-source/aws\.partner/", uri) else _bad_arn()
    scheme, separator, rest = uri.partition("://")
    if scheme == "pubsub" and separator:
        return _pubsub_faults(rest)
    if scheme == "kafka":
        return ["Address protocol kafka:// is not supported", "Address is not a valid kafka topic"]
    if not separator:
        return ["Address is invalid"]
    try:
        host = urlsplit(uri).hostname
    except ValueError:  # half a bracket of an IPv6 address
        return ["Address is invalid"]
    # The app under test runs on this machine, where nobody serves https: loopback alone may use http.
    if scheme != "https" and not (scheme == "http" and host in ("127.0.0.1", "localhost", "testserver")):
        return [f"Address protocol {scheme}:// is not supported"]
    if not host:
        return ["Address is invalid"]
    if (
        host == context.shop
        or host == "shopify.com"
        or host.endswith((".shopify.com", ".myshopify.com", ".internal"))
    ):
        return ["Address cannot be a Shopify or an internal domain"]
    return []


def _bad_arn() -> list[str]:
    return ["Address is invalid", "Address is not a valid AWS ARN"]


def _pubsub_faults(rest: str) -> list[str]:
    project, separator, topic = rest.partition(":")
    if not separator or not topic:
        return [
            "Address protocol pubsub:// is not supported",
            "Address is not a valid GCP pub/sub format. Format should be pubsub://project:topic",
        ]
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{4,28}[a-z0-9]", project):
        return ["Address is invalid", "Address is not a valid GCP project id."]
    if topic.startswith("goog") or not re.fullmatch(r"[A-Za-z][\w.~+%-]{2,254}", topic):
        return ["Address is invalid", "Address is not a valid GCP topic id."]
    return []


def _name_faults(name: str | None, others: list[Document]) -> list[str]:
    if name is None:
        return []
    faults = []
    if not name:
        faults.append("Name is too short (minimum is 1 character)")
    if not re.fullmatch(r"[\w-]+", name, flags=re.ASCII):
        faults.append("Name name field can only contain alphanumeric characters, underscores, and hyphens")
    if any((row["name"] or "").lower() == name.lower() for row in others if row["name"]):
        faults.append("Name already exists, no duplicate allowed")
    return faults
