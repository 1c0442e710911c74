"""Faults on request: each kind does what it says, as often as asked, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from sandbox.shopify import pace, tokens
from sandbox.shopify.settings import SANDBOX_CLIENT
from tests.sandbox.outside.conftest import ALPHA, App, Clock, Sandbox

GRAPHQL = f"/shops/{ALPHA}/admin/api/2026-10/graphql.json"


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    sandbox.world.install_tool(ALPHA)
    return tokens.fixed(sandbox.world.store, ALPHA, client_id=SANDBOX_CLIENT, token="tool")


def wish(sandbox: Sandbox, **fault: Any) -> None:
    """Asks for a fault."""
    sandbox.control("POST", "/faults", fault)


def test_a_failure_happens_as_often_as_asked(sandbox: Sandbox, token: str) -> None:
    wish(sandbox, kind="fail", status=503, times=2)
    assert [sandbox.ask(token).status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_can_be_meant_for_one_operation(sandbox: Sandbox, token: str) -> None:
    wish(sandbox, kind="fail", status=500, match="locations")
    assert sandbox.ask(token).status_code == 200
    assert sandbox.ask(token, "{ locations(first: 1) { nodes { id } } }").status_code == 500


def test_a_throttled_question_says_so_with_status_200(sandbox: Sandbox, token: str) -> None:
    wish(sandbox, kind="throttle")
    answer = sandbox.ask(token)
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "THROTTLED"


def test_a_cut_answer_is_lost_after_the_work_was_done(sandbox: Sandbox, token: str) -> None:
    wish(sandbox, kind="cut")
    query = 'mutation { tagsAdd(id: "gid://shopify/Customer/0", tags: ["x"]) { userErrors { message } } }'
    with pytest.raises(httpx2.ReadError), sandbox.direct() as client:
        client.post(GRAPHQL, json={"query": query}, headers={"X-Shopify-Access-Token": token})
    assert sandbox.control("GET", "/faults") == []


def test_a_slow_answer_takes_its_time(sandbox: Sandbox, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("sandbox.shopify.api.pause", waited.append)
    wish(sandbox, kind="slow", ms=250)
    assert sandbox.ask(token).status_code == 200
    assert waited == [250]
    pace.pause(0)


def test_the_token_endpoint_can_fail_too(sandbox: Sandbox) -> None:
    wish(sandbox, kind="fail", target="token", status=520)
    assert sandbox.token(grant_type="refresh_token").status_code == 520
    assert sandbox.token(grant_type="refresh_token").status_code == 401


def stock(sandbox: Sandbox, available: int) -> None:
    """One event of one topic."""
    sandbox.control("POST", "/shops/alpha/stock", {"sku": "ALP-MUG", "available": available})


def test_a_dropped_webhook_never_comes(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    wish(sandbox, kind="drop")
    stock(sandbox, 5)
    stock(sandbox, 6)
    clock.move(days=1)
    sandbox.world.sender.deliver_due()
    assert len(app.requests) == 1
    states = {one["state"] for one in sandbox.control("GET", "/shops/alpha/deliveries")}
    assert states == {"lost", "delivered"}


def test_a_duplicate_comes_twice_under_one_id(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    wish(sandbox, kind="duplicate", match="inventory_levels/update")
    stock(sandbox, 5)
    sandbox.world.sender.deliver_due()
    assert len(app.requests) == 2
    assert len({r.headers["x-shopify-webhook-id"] for r in app.requests}) == 1


def test_reordered_webhooks_come_in_reverse(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    wish(sandbox, kind="reorder", times=3)
    for available in (5, 6, 7):
        stock(sandbox, available)
    assert sandbox.world.sender.deliver_due() == 0
    for _ in range(5):
        clock.move(seconds=0.1)
        sandbox.world.sender.deliver_due()
    assert [_available(request) for request in app.requests] == [7, 6, 5]


def test_a_delayed_webhook_comes_late(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    wish(sandbox, kind="delay", seconds=90)
    stock(sandbox, 5)
    clock.move(seconds=89)
    assert sandbox.world.sender.deliver_due() == 0
    clock.move(seconds=1)
    assert sandbox.world.sender.deliver_due() == 1


def test_what_is_no_fault_is_refused_with_the_known_kinds(sandbox: Sandbox) -> None:
    answer = sandbox.web.post("/control/faults", json={"kind": "explode"})
    assert answer.status_code == 422
    assert "duplicate" in answer.json()["errors"]


def test_faults_can_be_cleared(sandbox: Sandbox, token: str) -> None:
    wish(sandbox, kind="fail", times=None)
    assert sandbox.ask(token).status_code == 503
    assert sandbox.control("DELETE", "/faults") == []
    assert sandbox.ask(token).status_code == 200


def _available(request: httpx2.Request) -> int:
    return int(json.loads(request.content)["available"])
