"""ID tokens: who is looking at which shop right now, signed by Shopify for about a minute.

A token identifies and allows nothing by itself. The algorithm is pinned, and issuer and destination must be the same
shop: neither of Shopify's own Python packages checks all of that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from kit import clock
from kit.config import Settings
from kit.crypto import Secret
from oauth.names import shop_domain
from oauth.signatures import client_secrets

LEEWAY_SECONDS = 10
LONGEST_TOKEN = 4096
_ALGORITHM = "HS256"
_PLACE = re.compile(r"https://([a-zA-Z0-9.-]{1,255})(/admin)?/?")
_STAFF = re.compile(r"[0-9A-Za-z_-]{1,32}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class NotSignedIn(Exception):
    """There is no good ID token. `why` is for our logs; the browser is only told to bring a fresh one."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A person in the admin of a shop, as Shopify signed it."""

    shop_domain: str
    staff_number: str
    signed_at: datetime
    session_id: str = ""


def verify(token: str, *, settings: Settings) -> Identity:
    """The identity that Shopify signed for our app. Raises NotSignedIn for anything else."""
    if len(token) > LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise NotSignedIn("the ID token is missing or has no token's form")
    claims = _claims(token, settings)
    now = int(clock.now().timestamp())
    # A boolean is a number to Python; a token's times are whole numbers or it is not Shopify's.
    expires, begins = claims.get("exp"), claims.get("nbf")
    if type(expires) is not int or type(begins) is not int:
        raise NotSignedIn("the ID token does not say when it is good")
    if now >= expires + LEEWAY_SECONDS:
        raise NotSignedIn("the ID token is over")
    if now < begins - LEEWAY_SECONDS:
        raise NotSignedIn("the ID token is not good yet")
    if claims.get("aud") != settings.client_id:
        raise NotSignedIn("the ID token is for another app")
    domain = _place(claims.get("dest"))
    if domain is None or _place(claims.get("iss")) != domain:
        raise NotSignedIn("issuer and destination are not one shop")
    staff = claims.get("sub")
    if not isinstance(staff, str) or not _STAFF.fullmatch(staff):
        raise NotSignedIn("the ID token names nobody")
    return Identity(
        shop_domain=domain,
        staff_number=staff,
        signed_at=datetime.fromtimestamp(begins, UTC),
        session_id=str(claims.get("sid") or "")[:128],
    )


def _claims(token: str, settings: Settings) -> Mapping[str, Any]:
    for secret in client_secrets(settings):
        claims = _opened(token, secret)
        if claims is not None:
            return claims
    raise NotSignedIn("no secret of ours signed the ID token")


def _opened(token: str, secret: Secret) -> Mapping[str, Any] | None:
    try:
        opened = jwt.decode(token, OctKey.import_key(secret.reveal()), algorithms=[_ALGORITHM])
    except (JoseError, ValueError):
        return None
    return opened.claims


def _place(value: Any) -> str | None:
    match = _PLACE.fullmatch(value) if isinstance(value, str) else None
    return shop_domain(match[1]) if match else None
