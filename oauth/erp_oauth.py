"""Credentials of ERPs that speak OAuth 2.0: the access token is fetched and renewed here, and kept with the credential.

Two grants are known: client credentials, and a refresh token that may change with each use. The token address is typed
by a merchant, so it goes through the guarded door; no transaction is open while the ERP is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from kit import clock
from kit.crypto import Sealer, Secret
from kit.db import Database
from kit.faults import Misconfigured, Transient
from kit.http import Door
from oauth import erp

RENEW_BEFORE = timedelta(minutes=1)
LIVES_IF_UNSAID = timedelta(minutes=5)
LONGEST_SECONDS = 9  # digits, thirty years; more is nonsense
READ_SECONDS = 15.0


class _DoorSession:
    """What Authlib takes for an HTTP session: our door. Headers are copied, because Authlib signs the ones it is given
    in place, and its default ones are shared by all clients."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any
    ) -> httpx2.Response:
        """Sends a form to the token address. Raises Transient when the ERP cannot answer now."""
        url, signed, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        response = self._door.call(
            "POST",
            url,
            headers=signed,
            content=body.encode(),
            repeatable=True,
            guarded=True,
            read_seconds=READ_SECONDS,
        )
        if response.status_code == 429 or response.status_code >= 500:
            raise Transient(
                "erp_sign_in_down",
                "The ERP's sign-in does not answer.",
                detail=f"HTTP {response.status_code}",
            )
        return response


def current(database: Database, sealer: Sealer, door: Door, *, shop_id: int, credential_id: int) -> Secret:
    """The credential's values as one secret JSON object, with an `access_token` that is good now if the ERP speaks
    OAuth. Raises Misconfigured (misses `credential:<id>`) when the ERP refuses to sign us in."""
    values = _read(database, sealer, shop_id, credential_id)
    if "token_url" in values and not _is_fresh(values):
        values = _renewed(database, sealer, door, shop_id, credential_id, values)
    return Secret(json.dumps(values, sort_keys=True, separators=(",", ":")))


def _renewed(
    database: Database, sealer: Sealer, door: Door, shop_id: int, credential_id: int, values: dict[str, str]
) -> dict[str, str]:
    try:
        answer = _ask(door, values)
    except OAuth2Error as error:
        now = _read(database, sealer, shop_id, credential_id)
        if now != values and _is_fresh(now):
            return now  # another process renewed it meanwhile, and spent the refresh token that we showed
        raise Misconfigured(
            "erp_sign_in_refused",
            "The ERP refuses to sign Concord in. Enter its credential again on the Connection page.",
            misses=f"credential:{credential_id}",
            detail=f"OAuth error {error.error}"[:200],
        ) from error
    kept = values | answer
    with database.transaction(shop_id=shop_id) as session:
        erp.remember(session, sealer, credential_id=credential_id, values=kept)
    return kept


def _ask(door: Door, values: Mapping[str, str]) -> dict[str, str]:
    client = OAuth2Client(
        _DoorSession(door),
        client_id=values.get("client_id", ""),
        client_secret=values.get("client_secret", ""),
        scope=values.get("scope") or None,
        token_endpoint_auth_method=values.get("auth_method") or "client_secret_basic",
    )
    try:
        if refresh := values.get("refresh_token"):
            token = client.refresh_token(values["token_url"], refresh_token=refresh)
        else:
            token = client.fetch_token(values["token_url"], grant_type="client_credentials")
    # Authlib believes the answer's form: what it cannot compute with comes out as one of these.
    except (ValueError, TypeError, OverflowError, httpx2.HTTPStatusError) as error:
        raise Transient(
            "erp_sign_in_odd", "The ERP's sign-in gave no token.", detail=type(error).__name__
        ) from error
    access = token.get("access_token") if isinstance(token, Mapping) else None
    if not isinstance(access, str) or not access:
        raise Transient("erp_sign_in_odd", "The ERP's sign-in gave no token.")
    found = {
        "access_token": access,
        "access_expires_at": (clock.now() + _lives(token.get("expires_in"))).isoformat(),
    }
    if isinstance(token.get("refresh_token"), str):
        found["refresh_token"] = token["refresh_token"]
    return found


def _lives(told: Any) -> timedelta:
    seconds = str(told)
    is_number = seconds.isascii() and seconds.isdigit() and len(seconds) <= LONGEST_SECONDS
    return timedelta(seconds=int(seconds)) if is_number else LIVES_IF_UNSAID


def _read(database: Database, sealer: Sealer, shop_id: int, credential_id: int) -> dict[str, str]:
    with database.transaction(shop_id=shop_id) as session:
        return erp.open_values(session, sealer, credential_id=credential_id)


def _is_fresh(values: Mapping[str, str]) -> bool:
    until = values.get("access_expires_at")
    return until is not None and datetime.fromisoformat(until) - RENEW_BEFORE > clock.now()
