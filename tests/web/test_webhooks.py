"""The door for deliveries: only what Shopify signed is stored, whatever it holds, and only what is stored is answered
200. What cannot be used is shown with a reason after intake."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import all_shops
from sync.actors import Engine
from sync.state.models import Delivery, DeliveryState
from tests.oauth.shopify import ALPHA, APP_URL, ORIGIN
from tests.web.office import Office
from web.app import build, engine_of

ORDER = b'{"id": 7, "admin_graphql_api_id": "gid://shopify/Order/7"}'
WRONG_SHOPS = (
    "evil.example",
    "alpha.myshopify.com.evil.example",
    "https://alpha.myshopify.com",
    "alpha.myshopify.com/admin",
    "alpha.myshopify.com@evil.example",
    "user:pass@alpha.myshopify.com",
    "alpha.evil.myshopify.com",
    "-alpha.myshopify.com",
    "alpha_.myshopify.com",
    "../alpha.myshopify.com",
    "alpha.myshopify.com; script-src *",
    "*.myshopify.com",
    "a" * 64 + ".myshopify.com",
    "alpha",
    "",
)

BODIES = (
    (b"", DeliveryState.FAILED, "The body is empty."),
    (b"{", DeliveryState.FAILED, "The body is not JSON"),
    (b"\xff\xfe\x00", DeliveryState.FAILED, "The body is not JSON"),
    (b"[" * 100_000 + b"]" * 100_000, DeliveryState.FAILED, "The body is nested too deeply."),
    (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, DeliveryState.FAILED, "The body is nested too deeply."),
    (b"[1, 2]", DeliveryState.FAILED, "The body is not a JSON object."),
    (b"null", DeliveryState.FAILED, "The body is not a JSON object."),
    (b'"text"', DeliveryState.FAILED, "The body is not a JSON object."),
    (b"{}", DeliveryState.FAILED, "The body does not say which record it is about."),
    (b'{"id": true}', DeliveryState.FAILED, "The body does not say which record"),
    (b'{"id": -7}', DeliveryState.FAILED, "The body does not say which record"),
    (b'{"id": 7.5}', DeliveryState.FAILED, "The body does not say which record"),
    (b'{"id": NaN}', DeliveryState.FAILED, "The body does not say which record"),
    (b'{"id": ' + b"9" * 300 + b"}", DeliveryState.FAILED, "The body does not say which record"),
    (b'{"id": ' + b"9" * 5_000 + b"}", DeliveryState.FAILED, "The body is not JSON"),
    (b'{"admin_graphql_api_id": "gid://shopify/Customer/7"}', DeliveryState.FAILED, "The body does not"),
    (b'{"admin_graphql_api_id": "gid://shopify/Order/1\\u0000"}', DeliveryState.FAILED, "The body does"),
    (b'{"admin_graphql_api_id": "gid://shopify/Order/\xd9\xa3"}', DeliveryState.FAILED, "The body does"),
    (ORDER, DeliveryState.DONE, ""),
    (b'{"id": 7, "note": "half a pair: \\ud800"}', DeliveryState.DONE, ""),
    (b'{"id": 7, "note": ' + b"[" * 500 + b"]" * 500 + b"}", DeliveryState.DONE, ""),
)


def signed(settings: Settings, body: bytes) -> str:
    secret = settings.client_secret.reveal().encode()
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()


def head(
    settings: Settings, body: bytes, *, prefix: str = "X-Shopify-", **changed: str | None
) -> dict[str, str]:
    """The headers of a delivery; a changed one of None is left out."""
    given = {
        "Topic": "orders/create",
        "Hmac-Sha256": signed(settings, body),
        "Shop-Domain": ALPHA,
        "API-Version": "2026-10",
        "Webhook-Id": "w1",
        "Event-Id": "e1",
        "Triggered-At": "2026-11-20T09:00:00.000Z",
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    return {prefix + name: value for name, value in given.items() if value is not None}


def post(
    office: Office, body: bytes = ORDER, *, prefix: str = "X-Shopify-", **changed: str | None
) -> httpx2.Response:
    """Shopify sends a delivery."""
    headers = head(office.settings, body, prefix=prefix, **changed)
    return office.client.post("/webhooks", content=body, headers=headers)


def stored(office: Office) -> list[Delivery]:
    """Everything that was stored, oldest first."""
    with office.database.transaction() as session:
        return list(session.execute(all_shops(select(Delivery).order_by(Delivery.id))).scalars())


def test_a_signed_delivery_is_stored_byte_for_byte_and_then_answered(office: Office) -> None:
    shop_id = office.shop_id()
    body = b'{"id": 7,\r\n "total_price": "10.10", "note": "caf\xc3\xa9 \\u0000"}'
    assert post(office, body).status_code == 200
    (row,) = stored(office)
    assert (row.shop_id, row.body, row.topic, row.webhook_id, row.event_id) == (
        shop_id,
        body,
        "orders/create",
        "w1",
        "e1",
    )
    assert (row.state, row.copies) == (DeliveryState.WAITING, 1)


def test_what_is_not_signed_by_shopify_is_refused_and_leaves_nothing(office: Office) -> None:
    good = signed(office.settings, ORDER)
    foreign = base64.b64encode(hmac.new(b"another", ORDER, hashlib.sha256).digest()).decode()
    for wrong in (foreign, None, "", "0", good.lower(), good[:-1], good.rstrip("="), "é" + good[1:], "✓"):
        given = head(office.settings, ORDER, Hmac_Sha256=wrong)
        headers = {name.encode(): value.encode() for name, value in given.items()}
        answer = office.client.post("/webhooks", content=ORDER, headers=headers)
        assert (answer.status_code, answer.content) == (401, b""), wrong
    tampered = office.client.post("/webhooks", content=ORDER + b" ", headers=head(office.settings, ORDER))
    assert tampered.status_code == 401
    assert stored(office) == []


def test_a_signed_request_that_lacks_a_header_is_no_delivery(office: Office) -> None:
    assert post(office, Topic=None).status_code == 400
    assert post(office, Shop_Domain=None).status_code == 400
    assert post(office, Webhook_Id=None).status_code == 400
    assert post(office, API_Version=None).status_code == 400
    assert post(office, Topic="orders/create; drop").status_code == 400
    assert post(office, Webhook_Id="w" * 129).status_code == 400
    assert stored(office) == []


def test_both_families_of_headers_are_read(office: Office) -> None:
    assert post(office, prefix="X-Shopify-", Webhook_Id="old").status_code == 200
    assert post(office, prefix="Shopify-", Webhook_Id="new").status_code == 200
    assert post(office, prefix="shopify-", Webhook_Id="low").status_code == 200
    assert [row.webhook_id for row in stored(office)] == ["old", "new", "low"]


def test_the_same_webhook_twice_is_one_row_with_two_copies(office: Office) -> None:
    assert [post(office).status_code, post(office).status_code] == [200, 200]
    (row,) = stored(office)
    assert row.copies == 2


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_stored(office: Office) -> None:
    limit = office.settings.body_limit_bytes
    at_limit = b'{"id": 7, "note": "' + b"x" * (limit - 21) + b'"}'
    assert len(at_limit) == limit
    over = at_limit + b" "
    assert post(office, over).status_code == 413

    def pieces() -> Iterator[bytes]:  # without a length said beforehand
        for start in range(0, len(over), 65_536):
            yield over[start : start + 65_536]

    chunked = office.client.post("/webhooks", content=pieces(), headers=head(office.settings, over))
    assert chunked.status_code == 413
    assert stored(office) == []
    assert post(office, at_limit).status_code == 200
    assert len(stored(office)) == 1


def test_other_methods_are_refused(office: Office) -> None:
    assert {office.client.request(each, "/webhooks").status_code for each in ("GET", "PUT", "DELETE")} == {
        405
    }


def test_any_signed_bytes_are_stored_and_shown_with_what_is_wrong(door: Office) -> None:
    for number, (body, _, _) in enumerate(BODIES):
        assert post(door, body, Webhook_Id=f"w-{number}").status_code == 200, body[:40]
    door.engine.process_deliveries()
    for row, (body, state, reason) in zip(stored(door), BODIES, strict=True):
        assert row.body == body
        assert (row.state, row.reason[: len(reason)]) == (state, reason), body[:40]
        shown = door.look(f"/deliveries/{row.id}")
        assert shown.status_code == 200, body[:40]
        assert reason in shown.text, body[:40]


@pytest.fixture
def door(office: Office) -> Office:
    """An office whose shop Alpha is open."""
    office.shop_id()
    return office


def test_an_unknown_shop_or_topic_is_stored_and_ignored_with_a_reason(door: Office) -> None:
    assert post(door, Shop_Domain="nobody.myshopify.com", Webhook_Id="w-shop").status_code == 200
    assert post(door, Topic="unicorns/sighted", Webhook_Id="w-topic").status_code == 200
    door.engine.process_deliveries()
    rows = {row.webhook_id: row for row in stored(door)}
    assert rows["w-shop"].state == rows["w-topic"].state == DeliveryState.IGNORED
    assert rows["w-shop"].reason == "nobody.myshopify.com has not installed Concord."
    assert rows["w-topic"].reason == "Concord does not serve the topic unicorns/sighted."


def test_a_shop_s_name_in_capitals_is_the_same_shop(door: Office) -> None:
    assert post(door, Shop_Domain="ALPHA.myshopify.com").status_code == 200
    (row,) = stored(door)
    assert row.shop_domain == ALPHA


def test_what_is_no_shop_domain_opens_no_door(office: Office) -> None:
    own, admin = urlsplit(APP_URL).netloc, urlsplit(ORIGIN).netloc
    for shop in WRONG_SHOPS:
        assert post(office, Shop_Domain=shop).status_code == 400, shop
        for path in ("/", "/app", "/app/records", "/bounce", "/auth", "/auth/callback"):
            for embedded in ("0", "1"):
                query = {"shop": shop, "embedded": embedded, "shopify-reload": "/app"}
                answer = office.client.get(path, params=query, follow_redirects=False)
                assert answer.status_code < 500, (path, shop)
                assert urlsplit(answer.headers.get("location", "")).netloc in ("", own, admin), (path, shop)
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], (path, shop)
    assert stored(office) == []


def test_while_the_database_is_away_nothing_is_acknowledged(fresh_settings: Settings) -> None:
    away = replace(fresh_settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    with TestClient(build(away), base_url=APP_URL, raise_server_exceptions=False) as client:
        for number in range(3):
            answer = client.post(
                "/webhooks", content=ORDER, headers=head(away, ORDER, Webhook_Id=f"w{number}")
            )
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503


class Mistaken(Engine):
    """An engine with a bug where workers are woken."""

    def nudge_deliveries(self, delivery_id: int) -> None:
        raise TypeError(f"a bug, after {delivery_id} was stored")


def test_a_bug_where_workers_are_woken_holds_up_no_delivery(fresh_settings: Settings) -> None:
    def mistaken(settings: Settings) -> Engine:
        made = engine_of(settings)
        return Mistaken(made.gateways, made.nudger)

    with TestClient(build(fresh_settings, engine=mistaken), base_url=APP_URL) as client:
        for number in range(3):
            signed = head(fresh_settings, ORDER, Webhook_Id=f"w{number}")
            assert client.post("/webhooks", content=ORDER, headers=signed).status_code == 200
        assert client.get("/readyz").status_code == 200


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_process_whose_inbox_has_ended_refuses_deliveries_and_says_that_it_is_not_ready(
    fresh_settings: Settings,
) -> None:
    # No text that a connection can be made of: the writer cannot expect that, and ends.
    broken = replace(fresh_settings, database_url=f"{fresh_settings.database_url}?application_name=\udcff")
    with TestClient(build(broken), base_url=APP_URL) as client:
        for number in range(3):
            signed = head(broken, ORDER, Webhook_Id=f"w{number}")
            assert client.post("/webhooks", content=ORDER, headers=signed).status_code == 503
        ready = client.get("/readyz")
        assert (ready.status_code, ready.text) == (
            503,
            "the inbox has ended by a mistake; restart this process",
        )


def test_unsigned_deliveries_and_questions_of_readiness_are_slowed_down(office: Office) -> None:
    with clock.using(SetClock(clock.now())):  # as if all came at once
        unsigned = [office.client.post("/webhooks", content=b"{}").status_code for _ in range(400)]
        asked = [office.client.get("/readyz").status_code for _ in range(400)]
    assert (unsigned[0], unsigned[-1]) == (401, 429)
    assert (asked[0], asked[-1]) == (200, 429)
