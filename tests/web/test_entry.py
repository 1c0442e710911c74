"""The ways in that need no visitor: where they lead, and that they lead nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from kit.config import Settings
from kit.db import Database
from oauth.code_grant import COOKIE
from sandbox.shopify import oauth, staff
from tests.oauth.shopify import ALPHA, APP_URL, ORIGIN
from tests.web.doorstep import Doorstep, standing


@pytest.fixture
def doorstep(db: Database, settings: Settings) -> Iterator[Doorstep]:
    with standing(db, settings) as made:
        yield made


def test_the_root_leads_home_with_everything_that_was_given(doorstep: Doorstep) -> None:
    answer = doorstep.open("/", shop=ALPHA, host="x y")
    assert answer.headers["location"] == f"/app?shop={ALPHA}&host=x+y"


def test_the_bounce_page_holds_app_bridge_and_nothing_else(doorstep: Doorstep) -> None:
    back = f"{APP_URL}/app?shop={ALPHA}"
    answer = doorstep.client.get("/bounce", params={"shop": ALPHA, "shopify-reload": back})
    assert answer.status_code == 200
    assert f'content="{doorstep.settings.client_id}"' in answer.text
    assert answer.text.count("<script") == 1
    assert doorstep.settings.app_bridge_url in answer.text
    assert ALPHA not in answer.text


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/app",
        "//evil.example/app",
        "https://concord.example@evil.example/app",
        "https://concord.example.evil.example/app",
        "javascript:alert(1)",
        "/\\evil.example",
        "http://concord.example/app",
        "",
    ],
)
def test_the_bounce_page_leads_to_our_own_origin_only(doorstep: Doorstep, back: str) -> None:
    answer = doorstep.client.get("/bounce", params={"shop": ALPHA, "shopify-reload": back})
    assert answer.status_code == 400
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "shop", ["", "evil.example", "x' y.myshopify.com", "alpha.myshopify.com; script-src *"]
)
def test_the_bounce_page_is_framed_by_a_shop_only(doorstep: Doorstep, shop: str) -> None:
    answer = doorstep.client.get("/bounce", params={"shop": shop, "shopify-reload": "/app"})
    assert answer.status_code == 400
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def _begun(doorstep: Doorstep) -> tuple[str, dict[str, list[str]]]:
    answer = doorstep.client.get("/auth", params=doorstep.query(id_token=None, embedded=None))
    assert answer.status_code == 302
    cookie: SimpleCookie = SimpleCookie(answer.headers["set-cookie"])
    morsel = cookie[COOKIE]
    assert morsel["httponly"]
    assert morsel["secure"]
    assert morsel["samesite"] == "lax"
    assert morsel["path"] == "/auth"
    assert morsel["max-age"] == "60"
    target = answer.headers["location"]
    assert target.startswith(f"{ORIGIN}/shops/{ALPHA}/admin/oauth/authorize?")
    return morsel.value, parse_qs(urlsplit(target).query)


def _callback(doorstep: Doorstep, query: dict[str, list[str]]) -> str:
    redirect_uri = query["redirect_uri"][0]
    code = oauth.issue_code(
        doorstep.shopify.world,
        ALPHA,
        scopes=query["scope"][0].split(","),
        redirect_uri=redirect_uri,
        person_id=staff.find(doorstep.shopify.world.store, ALPHA, wanted="ada").id,
        per_user=False,
    )
    return oauth.callback_url(
        doorstep.shopify.world, ALPHA, redirect_uri=redirect_uri, code=code, state=query["state"][0]
    )


def test_the_code_grant_ends_inside_the_admin_and_works_once(doorstep: Doorstep) -> None:
    _, query = _begun(doorstep)
    callback = _callback(doorstep, query)
    answer = doorstep.client.get(callback)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{ORIGIN}/store/alpha/apps/{doorstep.settings.client_id}"
    assert COOKIE not in doorstep.client.cookies
    again = doorstep.client.get(callback)
    assert again.status_code == 400


def test_the_code_grant_of_another_browser_is_refused(doorstep: Doorstep) -> None:
    _, query = _begun(doorstep)
    callback = _callback(doorstep, query)
    doorstep.client.cookies.clear()
    assert doorstep.client.get(callback).status_code == 400


def test_the_code_grant_begins_only_where_shopify_sent_the_browser(doorstep: Doorstep) -> None:
    for query in ({"shop": ALPHA}, doorstep.query(id_token=None) | {"hmac": "0" * 64}, {}):
        answer = doorstep.client.get("/auth", params=query)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers


def test_when_shopify_is_down_the_grant_can_be_begun_again(doorstep: Doorstep) -> None:
    _, query = _begun(doorstep)
    callback = _callback(doorstep, query)
    doorstep.shopify.world.faults.add({"kind": "fail", "target": "token", "status": 503, "body": ""})
    answer = doorstep.client.get(callback)
    assert answer.status_code == 503
    assert "again" in answer.text


def test_no_page_asks_for_the_name_of_a_shop(doorstep: Doorstep) -> None:
    for path in ("/", "/app", "/auth", "/auth/callback", "/bounce"):
        text = doorstep.client.get(path).text.lower()
        assert "<form" not in text
        assert "<input" not in text


def test_a_flood_at_a_public_address_is_slowed_down(doorstep: Doorstep) -> None:
    statuses = [doorstep.open("/auth", shop=ALPHA).status_code for _ in range(70)]
    assert statuses[0] == 400
    assert statuses[-1] == 429


def test_inventing_shops_does_not_help_a_flood(doorstep: Doorstep) -> None:
    with TestClient(doorstep.client.app, base_url=APP_URL, client=("198.51.100.7", 1)) as flooder:
        shops = (f"shop-{number}.myshopify.com" for number in range(700))
        bounced = [flooder.get("/bounce", params={"shop": shop}).status_code for shop in shops]
    assert (bounced[0], bounced[-1]) == (400, 429)


def test_a_flood_with_a_shops_name_does_not_lock_its_staff_out(doorstep: Doorstep) -> None:
    known = {"shop": ALPHA, "shopify-reload": "/app"}
    with TestClient(doorstep.client.app, base_url=APP_URL, client=("198.51.100.9", 1)) as flooder:
        statuses = [flooder.get("/bounce", params=known).status_code for _ in range(70)]
    assert statuses[-1] == 429
    assert doorstep.client.get("/bounce", params=known).status_code == 200


def test_a_body_is_refused_where_none_belongs(doorstep: Doorstep) -> None:
    answer = doorstep.client.request("GET", "/bounce", content=b"x" * 10_000)
    assert answer.status_code in (400, 413)
