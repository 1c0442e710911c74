"""Access tokens and refresh tokens: minting, rotation, expiry, and which shop and app a token speaks for.

It owns the life of tokens and refuses, with the status and code of the platform, whatever is spent, revoked or
foreign. It does not know how a request was written; `oauth` does.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sandbox.shopify import installations, times
from sandbox.shopify.scopes import without_implied
from sandbox.shopify.staff import Staff
from sandbox.shopify.store import Document, Store

OFFLINE_LIFE_S = 3_600
ONLINE_LIFE_S = 86_399
REFRESH_LIFE_S = 7_776_000
REPLAY_WINDOW = timedelta(days=30)


class TokenRefused(Exception):
    """The token endpoint says no."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description


@dataclass(frozen=True)
class Bearer:
    """Who a valid access token speaks for."""

    client_id: str
    scopes: frozenset[str]
    staff_id: str | None


def bearer(store: Store, shop: str, token: str) -> Bearer | None:
    """The holder of a token that is good in this shop at this moment; None for anything else."""
    document = store.get(shop, "token", token) if token else None
    if document is None or _is_over(store, document["expires_at"]):
        return None
    client_id = document["client_id"]
    if installations.current(store, shop, client_id=client_id) is None:
        return None
    scopes = installations.scopes_of(store, shop, client_id=client_id)
    return Bearer(client_id=client_id, scopes=scopes, staff_id=document["staff_id"])


def offline(store: Store, shop: str, *, client_id: str, expiring: bool) -> Document:
    """The response that hands out an offline token. A non-expiring one is the same at every request."""
    with store.lock:
        if expiring:
            refresh = _new_refresh(store, shop, client_id=client_id)
            return _expiring_answer(store, shop, client_id=client_id, refresh=refresh)
        for known in store.all(shop, "token"):
            if known["client_id"] == client_id and known["kind"] == "offline" and not known["expires_at"]:
                return _plain_answer(store, shop, known)
        return _plain_answer(store, shop, _new_access(store, shop, client_id=client_id, kind="offline"))


def online(store: Store, shop: str, *, client_id: str, person: Staff) -> Document:
    """The response that hands out an online token for one person."""
    made = _new_access(
        store, shop, client_id=client_id, kind="online", life_s=ONLINE_LIFE_S, staff_id=str(person.id)
    )
    answer = _plain_answer(store, shop, made)
    return answer | {
        "expires_in": ONLINE_LIFE_S,
        "associated_user_scope": answer["scope"],
        "associated_user": {
            "id": person.id,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "email_verified": True,
            "account_owner": person.account_owner,
            "locale": person.locale,
            "collaborator": False,
        },
    }


def refresh(store: Store, shop: str, *, client_id: str, refresh_token: str) -> Document:
    """Swaps a refresh token for a new pair.

    The old one may be shown again, and gets the same replacement, until the replacement itself was used: a client
    that lost the answer is not locked out.
    """
    with store.lock:
        known = store.get(shop, "refresh_token", refresh_token)
        if known is None or known["client_id"] != client_id or _is_over(store, known["expires_at"]):
            raise TokenRefused(401, "invalid_request", "This request requires an active refresh_token")
        if known["used_at"] is None:
            replacement = _new_refresh(store, shop, client_id=client_id)
            known |= {"used_at": times.precise(store.now()), "replaced_by": replacement["token"]}
            store.put(shop, "refresh_token", refresh_token, known)
            return _expiring_answer(store, shop, client_id=client_id, refresh=replacement)
        again = store.get(shop, "refresh_token", known["replaced_by"])
        too_late = store.now() > times.parse(known["used_at"]) + REPLAY_WINDOW
        if again is None or again["used_at"] is not None or too_late:
            raise TokenRefused(400, "invalid_grant", "The refresh token was already used")
        return _expiring_answer(store, shop, client_id=client_id, refresh=again)


def migrate(store: Store, shop: str, *, client_id: str, old_token: str) -> Document:
    """Swaps a non-expiring offline token for an expiring pair; the old token dies and nothing brings it back."""
    with store.lock:
        known = store.get(shop, "token", old_token)
        if (
            known is None
            or known["client_id"] != client_id
            or known["kind"] != "offline"
            or known["expires_at"]
        ):
            raise TokenRefused(
                400, "invalid_subject_token", "The subject token is not a non-expiring offline token"
            )
        store.delete(shop, "token", old_token)
        return offline(store, shop, client_id=client_id, expiring=True)


def expire(store: Store, shop: str, *, client_id: str, refresh_too: bool = False) -> int:
    """Ages the access tokens of an app past their end, on request also the refresh tokens; returns how many."""
    over = times.precise(store.now() - timedelta(seconds=1))
    touched = 0
    with store.lock:
        for kind in ("token", "refresh_token") if refresh_too else ("token",):
            for document in store.all(shop, kind):
                if document["client_id"] == client_id:
                    store.put(shop, kind, document["token"], document | {"expires_at": over})
                    touched += 1
    return touched


def forget(store: Store, shop: str, *, client_id: str) -> int:
    """Drops all tokens of an app in a shop while it stays installed; returns how many."""
    dropped = 0
    with store.lock:
        for kind in ("token", "refresh_token"):
            for document in store.all(shop, kind):
                if document["client_id"] == client_id:
                    store.delete(shop, kind, document["token"])
                    dropped += 1
    return dropped


def _new_access(
    store: Store,
    shop: str,
    *,
    client_id: str,
    kind: str,
    life_s: int | None = None,
    staff_id: str | None = None,
    token: str | None = None,
) -> Document:
    token = token or f"{'shpat' if kind == 'offline' else 'shpua'}_{secrets.token_hex(16)}"
    return store.put(
        shop,
        "token",
        token,
        {
            "token": token,
            "client_id": client_id,
            "kind": kind,
            "staff_id": staff_id,
            "expires_at": _later(store, life_s) if life_s else None,
        },
    )


def fixed(store: Store, shop: str, *, client_id: str, token: str) -> str:
    """A non-expiring offline token with a known value, for tools on a laptop; made once."""
    if store.get(shop, "token", token) is None:
        _new_access(store, shop, client_id=client_id, kind="offline", token=token)
    return token


def _new_refresh(store: Store, shop: str, *, client_id: str) -> Document:
    token = f"shprt_{secrets.token_hex(16)}"
    document = {
        "token": token,
        "client_id": client_id,
        "used_at": None,
        "replaced_by": None,
        "expires_at": _later(store, REFRESH_LIFE_S),
    }
    return store.put(shop, "refresh_token", token, document)


def _plain_answer(store: Store, shop: str, access: Document) -> Document:
    held = installations.scopes_of(store, shop, client_id=access["client_id"])
    return {"access_token": access["token"], "scope": ",".join(without_implied(held))}


def _expiring_answer(store: Store, shop: str, *, client_id: str, refresh: Document) -> Document:
    access = _new_access(store, shop, client_id=client_id, kind="offline", life_s=OFFLINE_LIFE_S)
    left = times.parse(refresh["expires_at"]) - store.now()
    return _plain_answer(store, shop, access) | {
        "expires_in": OFFLINE_LIFE_S,
        "refresh_token": refresh["token"],
        "refresh_token_expires_in": int(left.total_seconds()),
    }


def _later(store: Store, seconds: int) -> str:
    return times.precise(store.now() + timedelta(seconds=seconds))


def _is_over(store: Store, expires_at: str | None) -> bool:
    return expires_at is not None and store.now() >= times.parse(expires_at)
