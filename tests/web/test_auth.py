"""Who is let in: documents, fetches, bounces, and nobody by an unsigned word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from shopify_app import ShopifyApp

from kit import clock
from kit.clock import SystemClock
from kit.config import Settings
from kit.db import Database
from tests.oauth.shopify import ALPHA, APP_URL, BETA, ORIGIN
from tests.web.doorstep import Doorstep, standing


@pytest.fixture
def doorstep(db: Database, settings: Settings) -> Iterator[Doorstep]:
    with standing(db, settings) as made:
        yield made


def test_a_document_with_a_good_token_is_shown(doorstep: Doorstep) -> None:
    answer = doorstep.open(**doorstep.query())
    assert answer.status_code == 200
    assert answer.text.split()[0] == ALPHA
    assert answer.text.split()[2] == "de"


def test_shopifys_own_package_lets_the_same_document_in(doorstep: Doorstep) -> None:
    with clock.using(SystemClock()):  # the package's clock is the machine's
        query = doorstep.query()
        url = f"{APP_URL}/app?{urlencode(query)}"
        secret = doorstep.settings.client_secret.reveal()
        oracle = ShopifyApp(client_id=doorstep.settings.client_id, client_secret=secret).verify_app_home_req(
            {"method": "GET", "headers": {}, "url": url, "body": ""}, app_home_patch_id_token_path="/bounce"
        )
        assert oracle.ok
        assert f"{oracle.shop}.myshopify.com" == ALPHA
        assert doorstep.open(**query).text.split()[0] == ALPHA


def test_a_document_without_token_goes_through_the_bounce_page_and_comes_back(doorstep: Doorstep) -> None:
    query = doorstep.query(id_token=None) | {"status": "held"}
    answer = doorstep.open("/app/records", **query)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    bounced = {name: values[0] for name, values in parse_qs(target.query).items()}
    assert target.path == "/bounce"
    back = urlsplit(bounced["shopify-reload"])
    carried = {name: values[0] for name, values in parse_qs(back.query).items()}
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{APP_URL}/app/records"
    assert carried["status"] == "held"
    assert carried["shop"] == ALPHA
    assert not {"id_token", "hmac", "timestamp"} & {*carried, *bounced}
    page = doorstep.client.get(answer.headers["location"])
    assert page.status_code == 200
    carried["id_token"] = doorstep.shopify.id_token()
    assert doorstep.open("/app/records", **carried).status_code == 200


def test_a_token_that_is_over_bounces_and_two_in_a_row_are_explained(doorstep: Doorstep) -> None:
    query = doorstep.query()
    doorstep.clock.move(75)
    answer = doorstep.open(**query)
    assert answer.status_code == 302
    back = parse_qs(urlsplit(answer.headers["location"]).query)["shopify-reload"][0]
    looping = doorstep.client.get(back + "&id_token=" + query["id_token"])
    assert looping.status_code == 401
    assert "clock" in looping.text
    doorstep.clock.move(30)
    assert doorstep.client.get(back + "&id_token=" + query["id_token"]).status_code == 302


def test_outside_the_admin_the_document_leads_into_it(doorstep: Doorstep) -> None:
    inside = f"{ORIGIN}/store/alpha/apps/{doorstep.settings.client_id}"
    for query in ({"shop": ALPHA}, {"shop": ALPHA, "host": doorstep.host()}, {"host": doorstep.host()}):
        answer = doorstep.open(**query)
        assert answer.status_code == 302
        assert answer.headers["location"] == inside


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"shop": "evil.example"},
        {"host": "ZXZpbC5leGFtcGxlL3N0b3JlL2FscGhh"},
        {"shop": "alpha.myshopify.com.evil.example", "embedded": "1"},
        {"embedded": "1"},
        {"shop": "https://evil.example/alpha.myshopify.com", "host": "//evil.example"},
    ],
)
def test_a_document_that_names_no_shop_leads_nowhere(doorstep: Doorstep, query: dict[str, str]) -> None:
    answer = doorstep.open(**query)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_host_of_another_shop_is_not_believed(doorstep: Doorstep) -> None:
    answer = doorstep.open(**doorstep.query(host=doorstep.host(BETA)))
    assert answer.status_code == 200
    assert answer.text.split()[3] in (doorstep.host(ALPHA), doorstep.host(BETA))
    assert answer.text.split()[0] == ALPHA


def test_the_shop_of_the_query_is_never_the_shop(doorstep: Doorstep) -> None:
    token = doorstep.shopify.id_token(BETA, staff="cy")
    answer = doorstep.open(**doorstep.query(ALPHA, id_token=token))
    assert answer.text.split()[0] == BETA
    policy = answer.headers["content-security-policy"]
    assert ALPHA not in policy


def test_a_fetch_is_let_in_by_its_bearer_token_alone(doorstep: Doorstep) -> None:
    assert doorstep.fetch(doorstep.shopify.id_token()).text.split()[0] == ALPHA
    beta = doorstep.shopify.id_token(BETA, staff="cy")
    ways: tuple[dict[str, Any], ...] = (
        {"params": {"shop": ALPHA}},
        {"headers": {"X-Shopify-Shop-Domain": ALPHA}},
        {"headers": {"Cookie": f"shop={ALPHA}"}},
        {"data": {"shop": ALPHA}},
    )
    for given in ways:
        assert doorstep.fetch(beta, **given).text.split()[0] == BETA


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_a_fetch_with_a_bad_token_is_told_to_bring_a_fresh_one(doorstep: Doorstep, token: str) -> None:
    answer = doorstep.fetch(token)
    assert answer.status_code == 401
    assert answer.headers["x-shopify-retry-invalid-session-request"] == "1"
    assert "location" not in answer.headers


def test_a_native_form_post_is_refused_even_with_a_token_in_its_address(doorstep: Doorstep) -> None:
    answer = doorstep.client.post("/app", params=doorstep.query(), data={"x": "1"})
    assert answer.status_code == 401
    assert answer.headers["x-shopify-retry-invalid-session-request"] == "1"


def test_a_script_cannot_use_the_token_of_an_address(doorstep: Doorstep) -> None:
    answer = doorstep.client.get("/app", params=doorstep.query(), headers={"Sec-Fetch-Dest": "empty"})
    assert answer.status_code == 401


def test_guessing_tokens_is_slowed_down(doorstep: Doorstep) -> None:
    statuses = [doorstep.fetch("a.b.c").status_code for _ in range(310)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    doorstep.clock.move(60)
    assert doorstep.fetch("a.b.c").status_code == 401


def test_an_id_token_that_is_stale_at_shopify_bounces(doorstep: Doorstep) -> None:
    stale = {"kind": "fail", "target": "token", "status": 400, "body": '{"error": "invalid_subject_token"}'}
    doorstep.shopify.world.faults.add(stale)
    answer = doorstep.open(**doorstep.query())
    assert answer.status_code == 302
    assert urlsplit(answer.headers["location"]).path == "/bounce"
    assert doorstep.open(**doorstep.query()).status_code == 200
