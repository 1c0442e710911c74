"""ID tokens: the short proof that a person has the app open in a shop's admin.

HS256 with the client secret, one minute of life. They identify and allow nothing. Verification here is what the
token endpoint does with a token that comes back to it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox.shopify import times
from sandbox.shopify.staff import Staff

LIFE_S = 60
LEEWAY_S = 10


@dataclass(frozen=True)
class Claims:
    """What the token endpoint needs to know from an ID token."""

    shop: str
    staff_id: str


def mint(
    shop: str,
    person: Staff,
    *,
    client_id: str,
    secret: str,
    now: datetime,
    sid: str = "",
    life_s: int = LIFE_S,
) -> str:
    """An ID token of the person in the shop for the client."""
    issued = times.epoch(now)
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": client_id,
        "sub": str(person.id),
        "exp": issued + life_s,
        "nbf": issued,
        "iat": issued,
        "jti": str(uuid4()),
        "sid": sid or secrets.token_hex(16),
    }
    head = _part({"alg": "HS256", "typ": "JWT"})
    signed = f"{head}.{_part(claims)}"
    return f"{signed}.{_signature(secret, signed)}"


def read(token: str, *, client_id: str, secrets_known: list[str], now: datetime) -> Claims | None:
    """The claims of a token that is ours, fresh and for this client; None for anything else."""
    head, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    signed = f"{head}.{payload}"
    if not any(
        hmac.compare_digest(_signature(one, signed).encode(), signature.encode()) for one in secrets_known
    ):
        return None
    claims = _read(payload)
    at = times.epoch(now)
    if claims.get("aud") != client_id or not isinstance(claims.get("exp"), int):
        return None
    if at > claims["exp"] + LEEWAY_S or at < int(claims.get("nbf", 0)) - LEEWAY_S:
        return None
    return Claims(shop=str(claims["dest"]).removeprefix("https://"), staff_id=str(claims["sub"]))


def _part(value: dict[str, Any]) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _signature(secret: str, text: str) -> str:
    return _encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(payload: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded
