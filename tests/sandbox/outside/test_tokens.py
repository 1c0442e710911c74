"""The token endpoint: every way to a token, every way to lose it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sandbox.outside.conftest import ALPHA, SECRET, Clock, Sandbox

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"


def exchange(sandbox: Sandbox, *, kind: str = OFFLINE, expiring: str = "1", staff: str = "ada") -> Any:
    """A token exchange with a fresh ID token."""
    return sandbox.token(
        grant_type=EXCHANGE,
        subject_token=sandbox.world.id_token(ALPHA, wanted=staff),
        subject_token_type=ID_TOKEN,
        requested_token_type=kind,
        expiring=expiring,
    )


def test_an_id_token_becomes_an_expiring_offline_token_that_works(sandbox: Sandbox) -> None:
    sandbox.install()
    answer = exchange(sandbox).json()
    assert answer["expires_in"] == 3_600
    assert answer["refresh_token_expires_in"] == 7_776_000
    assert sandbox.ask(answer["access_token"]).json()["data"] == {"shop": {"name": "Alpha Outdoor"}}


def test_a_granted_write_scope_is_named_without_the_read_scope_that_it_implies(sandbox: Sandbox) -> None:
    sandbox.install()
    scope = exchange(sandbox).json()["scope"].split(",")
    assert "write_orders" in scope
    assert "read_orders" not in scope


def test_an_access_token_stops_after_an_hour_in_shopifys_words(sandbox: Sandbox, clock: Clock) -> None:
    sandbox.install()
    token = exchange(sandbox).json()["access_token"]
    clock.move(seconds=3_599)
    assert sandbox.ask(token).status_code == 200
    clock.move(seconds=1)
    refused = sandbox.ask(token)
    assert refused.status_code == 401
    expected = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    assert refused.json() == {"errors": expected}


def test_an_online_token_names_the_person_who_asked(sandbox: Sandbox) -> None:
    sandbox.install()
    answer = exchange(sandbox, kind=ONLINE, staff="bo").json()
    assert answer["expires_in"] == 86_399
    assert answer["associated_user"]["first_name"] == "Bo"
    assert answer["associated_user"]["account_owner"] is False


def test_a_non_expiring_token_is_the_same_at_every_request(sandbox: Sandbox) -> None:
    sandbox.install()
    first, second = exchange(sandbox, expiring="0").json(), exchange(sandbox, expiring="0").json()
    assert first == second
    assert "expires_in" not in first


def test_a_stale_id_token_is_refused(sandbox: Sandbox, clock: Clock) -> None:
    sandbox.install()
    stale = sandbox.world.id_token(ALPHA)
    clock.move(seconds=71)
    answer = sandbox.token(grant_type=EXCHANGE, subject_token=stale, subject_token_type=ID_TOKEN)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_subject_token"


def test_an_id_token_of_another_shop_is_refused(sandbox: Sandbox) -> None:
    sandbox.install()
    foreign = sandbox.world.id_token("beta.myshopify.com")
    answer = sandbox.token(grant_type=EXCHANGE, subject_token=foreign, subject_token_type=ID_TOKEN)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_subject_token")


@pytest.mark.parametrize("broken", ["", "a.b.c", "ä.ö.ü", "only-one-part"])
def test_what_is_no_id_token_is_refused(sandbox: Sandbox, broken: str) -> None:
    sandbox.install()
    answer = sandbox.token(grant_type=EXCHANGE, subject_token=broken, subject_token_type=ID_TOKEN)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_subject_token")


def test_wrong_credentials_are_refused(sandbox: Sandbox) -> None:
    sandbox.install()
    answer = sandbox.token(grant_type=EXCHANGE, client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_refresh_token_may_be_shown_again_until_its_replacement_is_used(sandbox: Sandbox) -> None:
    sandbox.install()
    first = exchange(sandbox).json()["refresh_token"]
    second = sandbox.token(grant_type="refresh_token", refresh_token=first).json()
    again = sandbox.token(grant_type="refresh_token", refresh_token=first).json()
    assert again["refresh_token"] == second["refresh_token"]
    assert sandbox.ask(again["access_token"]).status_code == 200
    third = sandbox.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert third.status_code == 200
    spent = sandbox.token(grant_type="refresh_token", refresh_token=first)
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_grant")


def test_a_refresh_token_dies_after_ninety_days_without_use(sandbox: Sandbox, clock: Clock) -> None:
    sandbox.install()
    token = exchange(sandbox).json()["refresh_token"]
    clock.move(days=90)
    answer = sandbox.token(grant_type="refresh_token", refresh_token=token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_request")
    assert "active refresh_token" in answer.json()["error_description"]


def test_a_migration_swaps_a_non_expiring_token_and_kills_it(sandbox: Sandbox) -> None:
    sandbox.install()
    old = exchange(sandbox, expiring="0").json()["access_token"]
    answer = sandbox.token(
        grant_type=EXCHANGE,
        subject_token=old,
        subject_token_type=OFFLINE,
        requested_token_type=OFFLINE,
        expiring="1",
    ).json()
    assert answer["refresh_token"]
    assert sandbox.ask(old).status_code == 401
    assert sandbox.ask(answer["access_token"]).status_code == 200


def test_uninstalling_stops_every_token_at_once(sandbox: Sandbox) -> None:
    sandbox.install()
    answer = exchange(sandbox).json()
    assert sandbox.control("POST", "/shops/alpha/uninstall") == {"uninstalled": True}
    assert sandbox.ask(answer["access_token"]).status_code == 401
    refresh = sandbox.token(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert refresh.status_code == 401
    assert exchange(sandbox).json()["error"] == "invalid_subject_token"


def test_an_id_token_carries_what_the_platform_promises(sandbox: Sandbox) -> None:

    head, payload, _ = sandbox.world.id_token(ALPHA, wanted="bo").split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert claims["iss"] == f"https://{ALPHA}/admin"
    assert claims["dest"] == f"https://{ALPHA}"
    assert claims["aud"] == sandbox.world.app.client_id
    assert claims["exp"] - claims["iat"] == 60
    assert {"nbf", "jti", "sid", "sub"} <= claims.keys()


def test_during_a_rotation_both_secrets_are_good(sandbox: Sandbox) -> None:
    sandbox.install()
    assert sandbox.control("POST", "/secrets", {"add": "the-next-secret"}) == {"secrets": 2}
    assert exchange(sandbox).status_code == 200
    assert sandbox.world.secrets.oldest == SECRET
    assert sandbox.control("POST", "/secrets", {"revoke_oldest": True}) == {"secrets": 1}
    assert exchange(sandbox).json()["error"] == "invalid_client"
