"""Security headers of every answer, and the buckets that slow floods down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import Database
from tests.oauth.shopify import ALPHA, ORIGIN
from tests.web.doorstep import NOON, Doorstep, standing
from web.headers import SecurityHeaders
from web.limits import Buckets


@pytest.fixture
def doorstep(db: Database, settings: Settings) -> Iterator[Doorstep]:
    with standing(db, settings) as made:
        yield made


def directives(policy: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in policy.split("; ")}


def test_a_screen_may_be_framed_by_its_own_shop_and_the_admin_only(doorstep: Doorstep) -> None:
    policy = directives(doorstep.open(**doorstep.query()).headers["content-security-policy"])
    assert policy["frame-ancestors"] == [ORIGIN]  # the local shop and admin share one origin
    real = replace(doorstep.settings, shop_url="https://{shop}", admin_url="https://admin.shopify.com")
    policy = directives(SecurityHeaders(doorstep.client.app, real).policy("nonce", ALPHA))
    assert policy["frame-ancestors"] == [f"https://{ALPHA}", "https://admin.shopify.com"]


def test_scripts_come_from_us_from_app_bridge_and_from_polaris(doorstep: Doorstep) -> None:
    policy = directives(doorstep.open(**doorstep.query()).headers["content-security-policy"])
    own, nonce, *others = policy["script-src"]
    assert own == "'self'"
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", nonce)
    assert others == ["https://cdn.shopify.com"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    assert policy["default-src"] == policy["base-uri"] == policy["object-src"] == ["'none'"]


def test_no_two_answers_share_a_nonce(doorstep: Doorstep) -> None:
    policies = {doorstep.open(**doorstep.query()).headers["content-security-policy"] for _ in range(5)}
    assert len(policies) == 5


@pytest.mark.parametrize("path", ["/", "/app", "/bounce", "/auth", "/auth/callback", "/nothing/here"])
def test_every_answer_has_the_headers_and_none_refuses_the_frame(doorstep: Doorstep, path: str) -> None:
    headers = doorstep.client.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "x-frame-options" not in headers


def test_a_framed_page_announces_exactly_the_scripts_it_loads(doorstep: Doorstep) -> None:
    link = doorstep.open(**doorstep.query()).headers["link"]
    assert f"<{doorstep.settings.app_bridge_url}>; rel=preload" in link
    assert f"<{doorstep.settings.polaris_url}>; rel=preload" in link
    assert "<https://cdn.shopify.com>; rel=preconnect" in link
    assert "link" not in doorstep.open("/app").headers


def test_a_bucket_gives_its_size_at_once_and_then_its_rate() -> None:
    with clock.using(SetClock(NOON)) as at:
        buckets = Buckets(size=3, per_second=0.5)
        assert [buckets.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
        assert buckets.take("b") == 0.0
        at.sleep(2)
        assert buckets.take("a") == 0.0
        assert buckets.take("a") > 0.0


def test_buckets_forget_the_oldest_keys_first() -> None:
    with clock.using(SetClock(NOON)):
        buckets = Buckets(size=1, per_second=0.001, most_keys=2)
        assert [buckets.take(key) for key in ("a", "b", "c", "a")] == [0.0, 0.0, 0.0, 0.0]
        assert buckets.take("c") > 0.0


@given(st.lists(st.floats(min_value=0, max_value=100), max_size=60))
def test_no_pattern_of_asking_gets_more_than_size_and_rate(pauses: list[float]) -> None:
    with clock.using(SetClock(NOON)) as at:
        buckets = Buckets(size=5, per_second=2.0)
        taken = 0
        for pause in pauses:
            at.sleep(pause)
            taken += buckets.take("a") == 0.0
        assert taken <= 5 + 2.0 * sum(pauses) + 0.001
