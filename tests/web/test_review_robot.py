"""What Shopify's review robot does to an app over HTTP: compliance webhooks with good and bad signatures, and loads
without cookies, outside the admin, after a return."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from kit.config import Settings
from kit.db import Database, all_shops
from oauth import install
from sandbox.shopify.settings import COMPLIANCE_TOPICS
from sync.state.models import Delivery
from tests.oauth.shopify import ALPHA, ORIGIN
from tests.web.whole import Whole, running, table


@pytest.fixture
def whole(fresh_database: Database, fresh_settings: Settings) -> Iterator[Whole]:
    with running(fresh_database, fresh_settings) as made:
        yield made


def deliver(whole: Whole, topic: str, *, signature: str | None = "", prefix: str = "X-Shopify-") -> int:
    body = json.dumps({"shop_id": 1, "shop_domain": ALPHA, "customer": {"id": 1}}).encode()
    secret = whole.settings.client_secret.reveal().encode()
    good = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    headers = {
        f"{prefix}Topic": topic,
        f"{prefix}Shop-Domain": ALPHA,
        f"{prefix}API-Version": "2026-10",
        f"{prefix}Webhook-Id": f"robot-{topic}-{prefix}-{signature}",
    }
    if signature is not None:
        headers[f"{prefix}Hmac-Sha256"] = signature or good
    return whole.client.post("/webhooks", content=body, headers=headers).status_code


def stored(whole: Whole) -> int:
    with whole.gateways.database.transaction() as session:
        query = select(func.count()).select_from(Delivery).where(Delivery.webhook_id.startswith("robot-"))
        return int(session.execute(all_shops(query)).scalar_one())


@pytest.mark.parametrize("prefix", ["X-Shopify-", "Shopify-"])
def test_each_compliance_topic_is_taken_with_a_good_signature_only(whole: Whole, prefix: str) -> None:
    for topic in COMPLIANCE_TOPICS:
        for signature in (None, "invalid", base64.b64encode(b"x" * 32).decode()):
            assert deliver(whole, topic, signature=signature, prefix=prefix) == 401
    assert stored(whole) == 0
    for topic in COMPLIANCE_TOPICS:
        assert deliver(whole, topic, prefix=prefix) == 200
    assert stored(whole) == len(COMPLIANCE_TOPICS)


def test_webhooks_are_only_posted(whole: Whole) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert whole.client.request(method, "/webhooks").status_code == 405


def test_a_body_that_is_too_large_is_refused(whole: Whole) -> None:
    body = b"x" * (whole.settings.body_limit_bytes + 1)
    assert whole.client.post("/webhooks", content=body).status_code == 413


def test_the_first_load_shows_the_app_without_cookie_login_or_question(whole: Whole) -> None:
    answer = whole.show("", shop=ALPHA, person="ada")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert 'type="password"' not in answer.text.lower()
    assert "myshopify.com</" not in answer.text


def test_no_screen_sets_a_cookie_or_shows_a_token(whole: Whole) -> None:
    shop_id = whole.shops[ALPHA].id
    token = whole.gateways.tokens.access_token(shop_id, ALPHA).reveal()
    for route in table():
        if "GET" in (route.methods or ()) and "{" not in route.path and route.path.startswith("/app"):
            answer = whole.show(route.path.removeprefix("/app"), shop=ALPHA, person="ada")
            assert answer.status_code == 200, route.path
            assert "set-cookie" not in answer.headers
            for secret in (token, whole.settings.client_secret.reveal(), "a long password"):
                assert secret not in answer.text, route.path
            policy = answer.headers["content-security-policy"]
            assert f"frame-ancestors {ORIGIN}" in policy
            assert "x-frame-options" not in answer.headers
            assert answer.headers["cache-control"] == "no-store"


def test_outside_the_admin_the_app_leads_into_it(whole: Whole) -> None:
    answer = whole.client.get("/app", params={"shop": ALPHA})
    target = urlsplit(answer.headers["location"])
    assert answer.status_code == 302
    assert f"{target.scheme}://{target.netloc}" == ORIGIN
    assert target.path == f"/store/alpha/apps/{whole.settings.client_id}"


def test_after_uninstalling_and_coming_back_the_app_opens_as_if_new(whole: Whole) -> None:
    shop = whole.shops[ALPHA]
    whole.shopify.uninstall()
    with whole.gateways.database.transaction(shop_id=shop.id) as session:
        assert install.uninstalled(session, shop.id, at=None)
    whole.shopify.install()
    assert whole.show("", shop=ALPHA, person="ada").status_code == 200
    token = whole.gateways.tokens.access_token(shop.id, ALPHA)
    assert whole.shopify.accepts(token.reveal())


def test_an_uninstalled_app_opens_nothing(whole: Whole) -> None:
    shop = whole.shops[ALPHA]
    whole.shopify.uninstall()
    with whole.gateways.database.transaction(shop_id=shop.id) as session:
        install.uninstalled(session, shop.id, at=None)
    assert whole.show("", shop=ALPHA, person="ada").status_code == 302
    assert whole.act("/jobs/retry", shop=ALPHA, person="ada", data={}).status_code == 401
