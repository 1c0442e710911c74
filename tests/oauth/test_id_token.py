"""ID tokens: every claim that is checked, and what no token gets past."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shopify import session_token

from kit import clock
from kit.clock import SetClock
from kit.config import read
from kit.crypto import Secret
from oauth import id_token
from oauth.id_token import NotSignedIn
from tests.environments import CLIENT_ID, CLIENT_SECRET, environment_for

SETTINGS = read(environment_for(database_url="postgresql://localhost/none", redis_url="redis://localhost/0"))
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": "https://alpha.myshopify.com/admin",
    "dest": "https://alpha.myshopify.com",
    "aud": CLIENT_ID,
    "sub": "42",
    "exp": SECONDS + 60,
    "nbf": SECONDS,
    "iat": SECONDS,
    "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
    "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token(claims: dict[str, Any], *, secret: str = CLIENT_SECRET, head: dict[str, Any] | None = None) -> str:
    signed = f"{part(head or {'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in CLAIMS.items() if name not in names}


def verified(text: str, *, at: datetime = NOW) -> id_token.Identity:
    with clock.using(SetClock(at)):
        return id_token.verify(text, settings=SETTINGS)


def test_a_good_token_says_who_is_in_which_shop() -> None:
    identity = verified(token(CLAIMS))
    assert (identity.shop_domain, identity.staff_number) == ("alpha.myshopify.com", "42")
    assert identity.session_id == CLAIMS["sid"]


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another-app"},
        {"aud": [CLIENT_ID]},
        {"aud": None},
        {"exp": SECONDS - 10},
        {"exp": str(SECONDS + 60)},
        {"exp": True},
        {"exp": float(SECONDS + 60)},
        {"nbf": SECONDS + 11},
        {"nbf": None},
        {"dest": "https://beta.myshopify.com"},
        {"iss": "https://beta.myshopify.com/admin"},
        {"dest": "https://evil.example", "iss": "https://evil.example/admin"},
        {"dest": "http://alpha.myshopify.com"},
        {"dest": "https://alpha.myshopify.com@evil.example"},
        {"dest": "https://alpha.myshopify.com\n"},
        {"dest": 7},
        {"sub": ""},
        {"sub": 42},
        {"sub": "4\n2"},
        {"sub": "x" * 33},
    ],
)
def test_each_claim_must_fit(changed: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        verified(token(CLAIMS | changed))


@pytest.mark.parametrize("name", ["iss", "dest", "aud", "sub", "exp", "nbf"])
def test_no_claim_may_be_missing(name: str) -> None:
    with pytest.raises(NotSignedIn):
        verified(token(without(name)))


def test_ten_seconds_of_clock_difference_are_forgiven() -> None:
    verified(token(CLAIMS | {"exp": SECONDS - 9}))
    verified(token(CLAIMS | {"nbf": SECONDS + 10}))


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512", "RS256", "hs256", ""])
def test_the_algorithm_is_pinned(algorithm: str) -> None:
    with pytest.raises(NotSignedIn):
        verified(token(CLAIMS, head={"alg": algorithm, "typ": "JWT"}))


def test_a_token_without_signature_is_refused() -> None:
    head, body, _ = token(CLAIMS).split(".")
    for text in (f"{head}.{body}.", f"{head}.{body}", f"{part({'alg': 'none'})}.{body}."):
        with pytest.raises(NotSignedIn):
            verified(text)


def test_critical_headers_that_we_do_not_know_are_refused() -> None:
    with pytest.raises(NotSignedIn):
        verified(token(CLAIMS, head={"alg": "HS256", "crit": ["x"], "x": 1}))


def test_while_the_secret_is_rotated_both_secrets_count() -> None:
    old = token(CLAIMS, secret="shpss_the_secret_before_0123456789")
    with pytest.raises(NotSignedIn):
        verified(old)
    rotating = replace(SETTINGS, previous_client_secret=Secret("shpss_the_secret_before_0123456789"))
    with clock.using(SetClock(NOW)):
        assert id_token.verify(old, settings=rotating).staff_number == "42"


@given(
    st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{0,90}\.[A-Za-z0-9_-]{0,60}")
)
def test_any_other_text_is_refused_in_the_same_way(text: str) -> None:
    with pytest.raises(NotSignedIn):
        verified(text)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(claims=junk | st.fixed_dictionaries({}, optional=dict.fromkeys(CLAIMS, junk)))
def test_signed_nonsense_is_refused_in_the_same_way(claims: Any) -> None:
    with pytest.raises(NotSignedIn):
        verified(token(claims))


@given(place=st.integers(min_value=0), mask=st.integers(min_value=1, max_value=63))
def test_a_changed_letter_anywhere_in_the_signed_part_is_refused(place: int, mask: int) -> None:
    good = token(CLAIMS)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    position = place % good.rindex(".")
    if good[position] == ".":
        return
    other = letters[(letters.index(good[position]) + mask) % 64]
    with pytest.raises(NotSignedIn):
        verified(good[:position] + other + good[position + 1 :])


def test_shopifys_own_library_accepts_what_we_accept() -> None:
    now = int(clock.now().timestamp())
    fresh = token(CLAIMS | {"exp": now + 60, "nbf": now, "iat": now})
    decoded = session_token.decode_from_header(f"Bearer {fresh}", CLIENT_ID, CLIENT_SECRET)
    assert decoded["sub"] == id_token.verify(fresh, settings=SETTINGS).staff_number


def test_a_token_is_never_longer_than_a_header_may_be() -> None:
    with pytest.raises(NotSignedIn):
        verified(token(CLAIMS | {"sid": "x" * 5000}))
