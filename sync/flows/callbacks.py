"""Callbacks: an ERP that can push says "look now", and its feeds are read at once instead of at their next time.

A callback carries no data, so a lost, late or repeated one changes nothing but when we look. It is proven by an HMAC
with the connection's own secret over the time and the raw body; that proof alone says which shop it is about.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import Sealer
from kit.db import all_shops
from kit.faults import Misconfigured
from oauth import erp
from oauth.models import Credential
from sync.connectors.base import Feed
from sync.flows import erp_feeds
from sync.gateways import Gateways
from sync.state.settings_models import Connection, ConnectionState

TIME_HEADER = "X-Concord-Time"
SIGNATURE_HEADER = "X-Concord-Signature"
WINDOW_SECONDS = 300
SECRET_BYTES = 32
KIND = "callback:"  # kind of the credential that keeps the secret: this and the connection


class NotProven(Exception):
    """The callback is not signed with the secret of an active connection, or too long ago. Answer 401."""


class NotUnderstood(Exception):
    """Proven, but the body names no feeds. Answer 400 with these words."""


def renew(session: Session, sealer: Sealer, connection: Connection, *, actor: str, address: str) -> str:
    """Makes a new secret for a connection and returns it, the only time that it is shown. The old one ends."""
    secret = secrets.token_hex(SECRET_BYTES)
    values = {"secret": secret}
    known = _credential(session, connection)
    if known is None:
        erp.create(
            session,
            sealer,
            shop_id=connection.shop_id,
            kind=f"{KIND}{connection.id}",
            values=values,
            actor=actor,
            address=address,
        )
    else:
        erp.replace(session, sealer, credential_id=known.id, values=values, actor=actor, address=address)
    return secret


def hint(session: Session, connection: Connection) -> str:
    """The end of the secret, to recognise it by; empty while there is none."""
    known = _credential(session, connection)
    return known.hint if known else ""


def signature(secret: str, time: str, body: bytes) -> str:
    """What an ERP sends as its signature: hex HMAC-SHA256 over the time, a full stop and the raw body."""
    return hmac.new(secret.encode(), time.encode() + b"." + body, hashlib.sha256).hexdigest()


def take(gateways: Gateways, connection_id: int, *, time: str, given: str, body: bytes) -> list[int]:
    """Asks for the feeds that a proven callback names, or for all, and returns the jobs. Raises NotProven first, then
    NotUnderstood."""
    shop_id = _proven(gateways, connection_id, time=time, given=given, body=body)
    feeds = _feeds(body)
    with gateways.database.transaction(shop_id=shop_id) as session:
        return erp_feeds.ask_now(session, shop_id=shop_id, feeds=feeds)


def _proven(gateways: Gateways, connection_id: int, *, time: str, given: str, body: bytes) -> int:
    """The shop whose ERP it was."""
    if not time.isascii() or not time.isdigit() or len(time) > 12:
        raise NotProven
    if abs(clock.now().timestamp() - int(time)) > WINDOW_SECONDS:
        raise NotProven
    with gateways.database.transaction() as session:
        found = session.execute(
            all_shops(
                select(Connection.shop_id).where(
                    Connection.id == connection_id, Connection.state == ConnectionState.ACTIVE
                )
            )
        ).scalar()
    if found is None:
        raise NotProven
    with gateways.database.transaction(shop_id=found) as session:
        connection = session.get_one(Connection, connection_id)
        known = _credential(session, connection)
        if known is None:
            raise NotProven
        try:
            values = erp.open_values(session, gateways.sealer, credential_id=known.id)
        except Misconfigured as lost:  # its key is gone: the page shows it, the caller learns nothing
            raise NotProven from lost
    if not hmac.compare_digest(signature(values["secret"], time, body).encode(), given.encode()):
        raise NotProven
    return found


def _feeds(body: bytes) -> Sequence[Feed]:
    if not body.strip():
        return tuple(Feed)
    try:
        named = json.loads(body)["feeds"]
        return tuple(Feed(each) for each in named)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        known = ", ".join(Feed)
        raise NotUnderstood(f'The body is empty or {{"feeds": [...]}} with some of: {known}.') from error


def _credential(session: Session, connection: Connection) -> Credential | None:
    return session.scalar(select(Credential).where(Credential.kind == f"{KIND}{connection.id}"))
