"""ERPs that speak OAuth 2.0: tokens are fetched, kept, renewed, and never mixed up between two credentials."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from urllib.parse import parse_qs

import httpx2
import pytest

from kit import clock
from kit.clock import SetClock
from kit.crypto import Sealer
from kit.db import Database
from kit.faults import Misconfigured, Transient
from kit.http import Door
from oauth import erp, erp_oauth
from tests.state.conftest import make_shop

ORIGIN = "https://erp.example"
CLIENT = {
    "token_url": f"{ORIGIN}/token",
    "client_id": "ada",
    "client_secret": "words of ada",
    "scope": "stock",
}


class SignIn(httpx2.BaseTransport):
    """The token address of an ERP; each refresh token works once."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.spent: set[str] = set()
        self.answer: httpx2.Response | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.read().decode()).items()}
        self.asked.append((request.headers.get("authorization", ""), form))
        if self.answer is not None:
            return self.answer
        refresh = form.get("refresh_token", "")
        if refresh in self.spent:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        self.spent |= {refresh} - {""}
        token = {"access_token": f"t{len(self.asked)}", "token_type": "bearer", "expires_in": 3600}
        return httpx2.Response(
            200, json=token | ({"refresh_token": f"r{len(self.asked)}"} if refresh else {})
        )


class Desk:
    """A shop's credential and the ERP's token address."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self.db, self.sealer, self.erp = db, sealer, SignIn()
        self.shop_id = make_shop(db, "alpha.myshopify.com")
        self.door = Door(transports={ORIGIN: self.erp})

    def keep(self, values: dict[str, str]) -> int:
        with self.db.transaction(shop_id=self.shop_id) as session:
            return erp.create(
                session, self.sealer, shop_id=self.shop_id, kind="x", values=values, actor="staff:1"
            )

    def current(self, credential_id: int) -> dict[str, str]:
        found: dict[str, str] = json.loads(
            erp_oauth.current(
                self.db, self.sealer, self.door, shop_id=self.shop_id, credential_id=credential_id
            ).reveal()
        )
        return found


@pytest.fixture
def desk(db: Database, sealer: Sealer, noon: SetClock) -> Desk:
    return Desk(db, sealer)


def test_a_plain_key_is_handed_out_as_it_is(desk: Desk) -> None:
    assert desk.current(desk.keep({"key": "k"})) == {"key": "k"}
    assert desk.erp.asked == []


def test_client_credentials_are_swapped_once_an_hour(desk: Desk, noon: SetClock) -> None:
    number = desk.keep(CLIENT)
    assert desk.current(number)["access_token"] == "t1"
    noon.move(3_500)
    assert desk.current(number)["access_token"] == "t1"
    noon.move(60)
    assert desk.current(number)["access_token"] == "t2"
    basic, form = desk.erp.asked[0]
    assert basic == "Basic " + base64.b64encode(b"ada:words of ada").decode()
    assert form == {"grant_type": "client_credentials", "scope": "stock"}


def test_a_refresh_token_that_changes_is_kept(desk: Desk, noon: SetClock) -> None:
    number = desk.keep(CLIENT | {"refresh_token": "r0"})
    for wanted in ("r1", "r2", "r3"):
        assert desk.current(number)["refresh_token"] == wanted
        noon.move(3_600)
    assert [form["refresh_token"] for _, form in desk.erp.asked] == ["r0", "r1", "r2"]


def test_a_refusal_asks_for_the_credential_and_names_no_secret(desk: Desk) -> None:
    desk.erp.spent.add("r0")
    number = desk.keep(CLIENT | {"refresh_token": "r0"})
    with pytest.raises(Misconfigured) as caught:
        desk.current(number)
    assert caught.value.misses == f"credential:{number}"
    assert "r0" not in caught.value.detail + caught.value.sentence


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(503, text="no"),
        httpx2.Response(429),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json={"token_type": "bearer"}),
        httpx2.Response(200, json=["t1"]),
        httpx2.Response(200, json=None),
        httpx2.Response(200, json={"access_token": "t1", "expires_in": "\u00b2"}),
        httpx2.Response(200, json={"access_token": "t1", "expires_in": [3600]}),
        httpx2.Response(200, text='{"access_token": "t1", "expires_in": 1e999}'),
        httpx2.Response(302, headers={"location": "http://169.254.169.254/"}),
    ],
)
def test_any_other_answer_is_tried_again_later(desk: Desk, answer: httpx2.Response) -> None:
    number = desk.keep(CLIENT)
    desk.erp.answer = answer
    with pytest.raises(Transient):
        desk.current(number)
    desk.erp.answer = None
    assert desk.current(number)["access_token"]


@pytest.mark.parametrize("told", ["9" * 30, 10**400, -5, True, 1.5, None])
def test_a_life_that_is_no_number_of_seconds_is_taken_as_a_short_one(desk: Desk, told: object) -> None:
    body = json.dumps({"access_token": "t1", "token_type": "bearer", "expires_in": told}).encode()
    desk.erp.answer = httpx2.Response(200, content=body)
    found = desk.current(desk.keep(CLIENT))
    assert datetime.fromisoformat(found["access_expires_at"]) == clock.now() + erp_oauth.LIVES_IF_UNSAID


def test_one_credential_never_signs_with_anothers_secret(desk: Desk) -> None:
    desk.current(desk.keep(CLIENT))
    desk.current(desk.keep(CLIENT | {"client_id": "bo", "auth_method": "client_secret_post"}))
    basic, form = desk.erp.asked[1]
    assert basic == ""
    assert form["client_id"] == "bo"


def test_a_token_address_inside_our_network_is_refused(desk: Desk) -> None:
    number = desk.keep(CLIENT | {"token_url": "https://169.254.169.254/token"})
    with pytest.raises(Misconfigured) as caught:
        desk.current(number)
    assert caught.value.code == "address_refused"
