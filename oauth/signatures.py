"""Proof that a request comes from Shopify: the HMAC over a webhook's raw bytes, and the one over a query.

Both are checked in constant time against the current and the previous client secret. A body is never parsed here.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from shopify.session import Session

from kit import clock
from kit.config import Settings
from kit.crypto import Secret
from oauth.names import shop_domain

QUERY_WINDOW_SECONDS = 90
ONCE_ONLY = ("hmac", "shop", "timestamp", "state", "code", "host", "id_token", "embedded", "signature")
# What is kept of the headers, and the two names that each may come under.
KEPT_HEADERS = {
    name: (f"x-shopify-{name}", f"shopify-{name}")
    for name in (
        *("topic", "shop-domain", "api-version", "webhook-id", "event-id", "triggered-at"),
        *("name", "sub-topic", "handle", "action"),
    )
}
_TOPIC = re.compile(r"[A-Za-z0-9_/.-]{1,64}")
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_VERSION = re.compile(r"[A-Za-z0-9-]{1,16}")
LONGEST_HEADER = 512


class BadSignature(Exception):
    """The request was not signed with a secret of ours, or too long ago. Answer 401 and say nothing more."""


class BadDelivery(Exception):
    """Signed, but not a delivery: a needed header is missing or breaks its rule. Answer 400."""


@dataclass(frozen=True, kw_only=True)
class SignedDelivery:
    """One POST of Shopify whose bytes are proven. Shop and topic come from headers, which Shopify does not sign."""

    shop_domain: str
    topic: str
    webhook_id: str
    event_id: str
    api_version: str
    triggered_at: datetime | None
    headers: dict[str, str]
    body: bytes


def client_secrets(settings: Settings) -> tuple[Secret, ...]:
    """The secrets that may have signed: the current one, and the one before while it is rotated."""
    return tuple(secret for secret in (settings.client_secret, settings.previous_client_secret) if secret)


def verify_delivery(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[Secret]) -> SignedDelivery:
    """The delivery, proven. Raises BadSignature (401) before it looks at anything else, then BadDelivery (400)."""
    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get("x-shopify-hmac-sha256") or given.get("shopify-hmac-sha256") or ""
    digests = [base64.b64encode(_digest(secret, body)) for secret in secrets]
    _require_one(digests, signature)
    found = _kept(given)
    return SignedDelivery(
        shop_domain=_shop(found),
        topic=_ruled(found, "topic", _TOPIC),
        webhook_id=_ruled(found, "webhook-id", _ID),
        event_id=_ruled(found, "event-id", _ID) if found.get("event-id") else "",
        api_version=_ruled(found, "api-version", _VERSION),
        triggered_at=_moment(found.get("triggered-at", "")),
        headers=found,
        body=body,
    )


def verify_query(pairs: Sequence[tuple[str, str]], *, secrets: Sequence[Secret]) -> dict[str, str]:
    """The parameters of a query signed by Shopify within the last 90 seconds. Raises BadSignature.

    Shopify's two libraries put the message together differently once a value needs escaping; either form counts.
    """
    query: dict[str, str] = {}
    for name, value in pairs:
        if name in query and name in ONCE_ONLY:
            raise BadSignature(f"the parameter {name} is given twice")
        query[name] = value
    digests = [form(pairs, secret).encode() for secret in secrets for form in (encoded_form, decoded_form)]
    _require_one(digests, query.get("hmac", ""))
    _require_recent(query.get("timestamp", ""))
    return query


def encoded_form(pairs: Iterable[tuple[str, str]], secret: Secret) -> str:
    """The query signature over percent-encoded values, as Shopify's JavaScript library makes it."""
    signed = sorted((name, value) for name, value in pairs if name not in ("hmac", "signature"))
    message = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in signed)
    return _digest(secret, message.encode()).hex()


def decoded_form(pairs: Iterable[tuple[str, str]], secret: Secret) -> str:
    """The query signature over decoded values, made by Shopify's Python library itself."""
    params: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            params.setdefault(name, []).append(value)
        elif name != "signature":
            params[name] = value

    # The library reads the secret from its class; a class of our own keeps two secrets and two threads apart.
    class Signer(Session):  # type: ignore[misc]
        pass

    Signer.secret = secret.reveal()
    return str(Signer.calculate_hmac(params))


def _digest(secret: Secret, message: bytes) -> bytes:
    return hmac.digest(secret.reveal().encode(), message, "sha256")


def _require_one(digests: Sequence[bytes], given: str) -> None:
    # Bytes, because a header may hold any character; every digest is compared, so time tells nothing of which.
    candidate = given.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(digest, candidate) for digest in digests]
    if not any(matches):
        raise BadSignature("no secret of ours made this signature")


def _require_recent(timestamp: str) -> None:
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise BadSignature("the timestamp is missing")
    if abs(clock.now().timestamp() - int(timestamp)) > QUERY_WINDOW_SECONDS:
        raise BadSignature("the timestamp is too far from now")


def _kept(given: Mapping[str, str]) -> dict[str, str]:
    found = {name: given.get(one) or given.get(other) for name, (one, other) in KEPT_HEADERS.items()}
    return {name: value for name, value in found.items() if value and len(value) <= LONGEST_HEADER}


def _shop(found: Mapping[str, str]) -> str:
    domain = shop_domain(found.get("shop-domain", ""))
    if domain is None:
        raise BadDelivery("the shop domain is missing or no shop domain")
    return domain


def _ruled(found: Mapping[str, str], name: str, rule: re.Pattern[str]) -> str:
    value = found.get(name, "")
    if not rule.fullmatch(value):
        raise BadDelivery(f"the header {name} is missing or malformed")
    return value


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # no moment, or one outside the years that UTC has
        return None
