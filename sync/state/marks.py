"""Marks of e-mail addresses: enough to find what belongs to an address that somebody names, nothing to read it from.

A mark is an HMAC with a key of the shop's own. The key is sealed, so a dump of the database does not tell whether an
address bought something; a shop that is emptied loses its key, and its marks mean nothing any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable

from sqlalchemy import update
from sqlalchemy.orm import Session

from kit.crypto import Sealer, Secret, place
from kit.faults import Misconfigured
from kit.sql import Sql
from oauth.models import Shop

log = logging.getLogger(__name__)

KEY_BYTES = 32
_SEALED = Sql("select sealed_mark_key from shop where id = %(shop_id)s")


def of(session: Session, sealer: Sealer, *, shop_id: int, email: str) -> str | None:
    """The mark of an address, made with the shop's key, which is made with the first mark. None without an address,
    or while the key cannot be opened: nothing has to wait for that."""
    if not email.strip():
        return None
    sealed = _sealed(session)
    if sealed is None:
        _make(session, sealer, shop_id)
        sealed = _sealed(session)
    key = _opened(sealer, sealed, shop_id)
    return _mark(key, email) if key else None


def known(session: Session, sealer: Sealer, *, shop_id: int, words: Iterable[str]) -> tuple[str, ...]:
    """The marks that the shop's records would have for these addresses."""
    key = _opened(sealer, _sealed(session), shop_id)
    return tuple(_mark(key, word) for word in words if "@" in word) if key else ()


def _mark(key: bytes, email: str) -> str:
    return hmac.new(key, email.strip().casefold().encode(), hashlib.sha256).hexdigest()


def _opened(sealer: Sealer, sealed: str | None, shop_id: int) -> bytes | None:
    if sealed is None:
        return None
    try:
        return base64.b64decode(sealer.open(sealed, _place(shop_id)).reveal())
    except Misconfigured as fault:
        log.warning("marks.key_lost", extra={"code": fault.code})
        return None


def _sealed(session: Session) -> str | None:
    sealed: str | None = _SEALED.run(session).scalar()
    return sealed


def _make(session: Session, sealer: Sealer, shop_id: int) -> None:
    """Two may make one at once: the first that commits is kept."""
    key = Secret(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
    session.execute(
        update(Shop)
        .where(Shop.id == shop_id, Shop.sealed_mark_key.is_(None))
        .values(sealed_mark_key=sealer.seal(key, _place(shop_id)))
    )


def _place(shop_id: int) -> bytes:
    return place("shop", "sealed_mark_key", shop_id)
