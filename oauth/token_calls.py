"""What is said at a shop's token endpoint: exchange, refresh, migration, authorization code; and what its answers mean.

It knows no table. An answer is a pair of tokens or a reason, and each reason is told apart: the grant is lost, the
ID token is stale, our own client secret is refused, or nothing happened and it may be asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2

from kit import clock
from kit.config import Settings
from kit.crypto import Secret
from kit.faults import Misconfigured, Transient
from kit.http import Door
from oauth import scopes
from oauth.id_token import NotSignedIn

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a name, not a secret
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
READ_SECONDS = 10.0
BUSY_SECONDS = 5.0
CLOSED_SECONDS = 900.0
_LOST = ("invalid_grant", "invalid_request", "invalid_token", "invalid_subject_token")
_OURS = ("invalid_client", "unauthorized_client", "application_cannot_be_found")


class GrantLost(Exception):
    """Shopify no longer knows these tokens; only a visit of staff brings new ones. `why` holds no secret."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Tokens as Shopify handed them out. Without `refresh` it is the old kind that never ends."""

    access: Secret
    expires_at: datetime | None
    refresh: Secret | None
    refresh_expires_at: datetime | None
    scopes: tuple[str, ...]
    minted_with: str


class TokenEndpoint:
    """Asks the token endpoint of any shop."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door = door
        self._settings = settings

    def exchange(self, domain: str, id_token: str) -> Pair:
        """Offline tokens for an ID token. Raises NotSignedIn when it is too old: the browser brings a fresh one."""
        asked = {
            "grant_type": EXCHANGE,
            "subject_token": id_token,
            "subject_token_type": ID_TOKEN,
            "requested_token_type": OFFLINE,
            "expiring": "1",
        }
        try:
            return self._ask(domain, asked)
        except GrantLost as lost:
            raise NotSignedIn(f"Shopify refuses the ID token: {lost.why}") from lost

    def refresh(self, domain: str, token: Secret) -> Pair:
        """A new pair. Asking again with the same token is harmless until the new pair was used."""
        return self._ask(domain, {"grant_type": "refresh_token", "refresh_token": token.reveal()})

    def migrate(self, domain: str, token: Secret) -> Pair:
        """An expiring pair for a token that never ends; that one dies. Raises GrantLost if it is dead already."""
        asked = {
            "grant_type": EXCHANGE,
            "subject_token": token.reveal(),
            "subject_token_type": OFFLINE,
            "requested_token_type": OFFLINE,
            "expiring": "1",
        }
        return self._ask(domain, asked)

    def redeem(self, domain: str, code: str) -> Pair:
        """Tokens for an authorization code. Raises GrantLost when the code is spent or not ours."""
        return self._ask(domain, {"code": code, "expiring": "1"})

    def _ask(self, domain: str, asked: Mapping[str, str]) -> Pair:
        client = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.reveal(),
        }
        response = self._door.call(
            "POST",
            f"{self._settings.shop_base(domain)}/admin/oauth/access_token",
            json={**client, **asked},
            headers={"Accept": "application/json"},
            repeatable=True,  # nothing is bought or booked here; a lost answer is asked for again
            read_seconds=READ_SECONDS,
        )
        answer = _object(response)
        if response.status_code == 200:
            return _pair(answer, mark(self._settings.client_secret))
        raise _refusal(response, answer)


def mark(secret: Secret) -> str:
    """Tells one client secret from another without telling either."""
    return hashlib.sha256(b"concord client secret:" + secret.reveal().encode()).hexdigest()[:16]


def _object(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _pair(answer: Mapping[str, Any], minted_with: str) -> Pair:
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    if not isinstance(access, str) or not access or not isinstance(answer.get("scope"), str):
        raise Transient(
            "token_answer_odd",
            "Shopify's answer held no token.",
            detail=f"keys: {', '.join(sorted(answer))[:200]}",
        )
    is_whole = isinstance(refresh, str) and refresh
    return Pair(
        access=Secret(access),
        expires_at=_after(answer.get("expires_in")),
        refresh=Secret(str(refresh)) if is_whole else None,
        refresh_expires_at=_after(answer.get("refresh_token_expires_in")) if is_whole else None,
        scopes=scopes.parse(answer["scope"]),
        minted_with=minted_with,
    )


def _after(seconds: Any) -> datetime | None:
    if type(seconds) is not int or seconds <= 0:
        return None
    return clock.now() + timedelta(seconds=seconds)


def _refusal(response: httpx2.Response, answer: Mapping[str, Any]) -> Exception:
    status, error = response.status_code, str(answer.get("error", ""))
    detail = f"token endpoint: {status} {error}"[:200]
    if status in (400, 401) and error in _OURS:
        return Misconfigured(
            "client_refused",
            "Shopify refuses Concord's own client id or secret. The operator must correct the settings.",
            misses="settings:client_secret",
            detail=detail,
        )
    if status in (400, 401) and error in _LOST:
        return GrantLost(f"{status} {error}")
    if status in (402, 403, 404, 423):
        return Transient(
            "shop_closed",
            "The shop is paused or closed at Shopify; Concord tries again later.",
            detail=detail,
            after_seconds=CLOSED_SECONDS,
        )
    return Transient(
        "token_endpoint_down",
        "Shopify could not hand out an access token right now.",
        detail=detail,
        after_seconds=_retry_after(response.headers.get("retry-after", "")),
    )


def _retry_after(text: str) -> float:
    try:
        return min(max(float(text), 1.0), CLOSED_SECONDS)
    except ValueError:
        return BUSY_SECONDS
