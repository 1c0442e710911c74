"""`@idempotent`: the same key and the same input do a thing once; the answer of a repeat is rebuilt.

It owns the record of keys (24 hours, per shop and client) and the refusals for a missing, mismatching, busy or spent
key. What the mutation does is none of its business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from graphql import GraphQLObjectType, get_named_type
from graphql.execution.values import get_directive_values

from sandbox.shopify import documents, errors
from sandbox.shopify.context import Context, Place
from sandbox.shopify.schema import data, schema
from sandbox.shopify.store import Document, Store

KEPT = timedelta(hours=24)
MESSAGES = {
    "IDEMPOTENCY_CONCURRENT_REQUEST": "A request with the same idempotency key is currently in progress.",
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": "The same idempotency key was used with different parameters.",
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": "The previous attempt with this idempotency key failed."
    " Use a new idempotency key.",
}
_running: WeakKeyDictionary[Store, set[tuple[str, str, str]]] = WeakKeyDictionary()
_running_lock = Lock()

Run = Callable[[], Document]
Precheck = Callable[[Place, dict[str, Any]], None]
# Rules on arguments that are told before a missing key is.
PRECHECKS: dict[str, Precheck] = {}


def guard(context: Context, place: Place, arguments: dict[str, Any], run: Run) -> Document:
    """Runs a mutation under the key on its field, if it takes one."""
    name = place.field_name
    if precheck := PRECHECKS.get(name):
        precheck(place, arguments)
    demand = data("idempotent-mutations.json").get(context.version, {}).get(name)
    directive = schema().get_directive("idempotent")
    assert directive is not None
    given = get_directive_values(directive, place.nodes[0], place.values)
    if demand is None:
        return run()
    if given is None:
        if demand == "required":
            raise errors.bad_request(
                "The @idempotent directive is required for this mutation but was not provided."
            )
        return run()
    key = given["key"].strip()
    if not key:
        raise errors.bad_request("The idempotency key can't be blank.")
    payload_type = get_named_type(place.returns)
    assert isinstance(payload_type, GraphQLObjectType)
    fingerprint = _fingerprint(name, arguments)
    with running(context.store, context.shop, context.client_id, key) as alone:
        if not alone:
            return _refusal(payload_type, "IDEMPOTENCY_CONCURRENT_REQUEST")
        return _once(context, payload_type, key, fingerprint, run)


@contextmanager
def running(store: Store, shop: str, client_id: str, key: str) -> Iterator[bool]:
    """Holds a key while its mutation runs; gives False when another request holds it."""
    held = (shop, client_id, key)
    with _running_lock:
        busy = _running.setdefault(store, set())
        alone = held not in busy
        busy.add(held)
    try:
        yield alone
    finally:
        if alone:
            with _running_lock:
                busy.discard(held)


def _once(
    context: Context, payload_type: GraphQLObjectType, key: str, fingerprint: str, run: Run
) -> Document:
    store, shop, name = context.store, context.shop, f"{context.client_id}:{key}"
    record = store.get(shop, "idempotency", name)
    if record and store.now() - documents.moment(record["at"]) < KEPT:
        if record["fingerprint"] != fingerprint:
            return _refusal(payload_type, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
        if record["state"] == "failed":
            return _refusal(payload_type, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")
        rebuilt: Document = record["payload"]
        return rebuilt
    record = {"fingerprint": fingerprint, "at": store.now().isoformat(), "state": "failed", "payload": None}
    store.put(shop, "idempotency", name, record)  # before the batch: a crash undoes everything but this
    with store.lock, store.batch():
        payload = run()
        if not payload.get("userErrors"):
            store.put(shop, "idempotency", name, {**record, "state": "done", "payload": payload})
    return payload


def _fingerprint(name: str, arguments: dict[str, Any]) -> str:
    written = json.dumps([name, arguments], sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()


def _refusal(payload_type: GraphQLObjectType, code: str) -> Document:
    empty = dict.fromkeys(payload_type.fields)
    return {**empty, "userErrors": [errors.user(MESSAGES[code], code=code)]}
