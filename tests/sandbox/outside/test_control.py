"""The control API: what a test, a demo or a simulation does to the local Shopify from outside."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.shopify import control, control_trade
from sandbox.shopify.cost import Buckets
from sandbox.shopify.routes import CONTROL
from tests.sandbox.outside.conftest import ALPHA, App, Sandbox

LINES = [{"sku": "ALP-MUG", "quantity": 2}]


def place(sandbox: Sandbox, **spec: Any) -> int:
    """A guest's order; gives its number."""
    made = sandbox.control("POST", "/shops/alpha/orders", {"lines": LINES, "guest": True, **spec})
    return int(made["number"])


def record(sandbox: Sandbox, kind: str) -> Any:
    """The newest record of a kind."""
    return sandbox.control("GET", f"/shops/alpha/records/{kind}")[-1]


def test_every_route_is_in_the_docstrings_and_the_other_way_round() -> None:
    told = f"{control.__doc__}\n{control_trade.__doc__}"
    for _, path, _ in CONTROL:
        shown = path.removeprefix("/control").replace(":int", "").replace("/shops/{shop}", "")
        start = re.sub(r"\{id\}|\{number\}", "{X}", shown).split("/{act}")[0]
        assert start in re.sub(r"\{id\}|\{number\}", "{X}", told.replace("/shops/{shop}", "")), path


def test_health_names_the_shops(sandbox: Sandbox) -> None:
    answer = sandbox.control("GET", "/health")
    assert answer["ok"] is True
    assert answer["shops"] == ["alpha.myshopify.com", "beta.myshopify.com"]


def test_the_bucket_of_the_app_tells_how_often_it_was_too_empty(sandbox: Sandbox) -> None:
    before = sandbox.control("GET", "/shops/alpha/bucket")
    assert before == {
        "maximumAvailable": 2000,
        "currentlyAvailable": 2000,
        "restoreRate": 100,
        "throttled": 0,
    }
    buckets = Buckets.of(sandbox.world.store)
    client_id = sandbox.world.app.client_id
    assert buckets.take(ALPHA, client_id, 1990)
    assert not buckets.take(ALPHA, client_id, 1000)
    assert sandbox.control("GET", "/shops/alpha/bucket")["throttled"] == 1


def test_a_life_of_an_order(sandbox: Sandbox) -> None:
    at = place(sandbox, financial_state="pending")
    base = f"/shops/alpha/orders/{at}"
    assert sandbox.control("POST", f"{base}/pay", {})["id"].startswith("gid://shopify/OrderTransaction/")
    edit = {"add": [{"sku": "ALP-SPORK", "quantity": 1}]}
    assert sandbox.control("POST", f"{base}/edit", edit)["id"]
    assert sandbox.control("POST", f"{base}/fulfil", {"lines": {"ALP-MUG": 2}})["id"]
    refund = {"lines": [{"sku": "ALP-MUG", "quantity": 1, "restock_type": "RETURN"}], "note": "dented"}
    assert sandbox.control("POST", f"{base}/refund", refund)["id"].startswith("gid://shopify/Refund/")
    sandbox.control("POST", f"{base}/update", {"note": "Ring twice"})
    kept = record(sandbox, "order")
    assert kept["note"] == "Ring twice"
    assert len(kept["refunds"]) == 1


def test_many_orders_at_once(sandbox: Sandbox) -> None:
    specs = [{"lines": LINES, "guest": True}] * 3
    made = sandbox.control("POST", "/shops/alpha/orders", specs)
    assert len({one["number"] for one in made}) == 3


def test_a_cancelled_order(sandbox: Sandbox) -> None:
    at = place(sandbox)
    sandbox.control("POST", f"/shops/alpha/orders/{at}/cancel", {"reason": "FRAUD"})
    assert record(sandbox, "order")["cancelReason"] == "FRAUD"


def test_a_return_from_request_to_close(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    at = place(sandbox)
    sandbox.control("POST", f"/shops/alpha/orders/{at}/fulfil", {})
    wish = {"lines": [{"sku": "ALP-MUG", "quantity": 1}]}
    made = sandbox.control("POST", f"/shops/alpha/orders/{at}/request-return", wish)["id"].rsplit("/", 1)[-1]
    for act in ("approve", "close", "reopen", "cancel"):
        sandbox.control("POST", f"/shops/alpha/returns/{made}/{act}", {})
    other = sandbox.control("POST", f"/shops/alpha/orders/{at}/request-return", wish)["id"].rsplit("/", 1)[-1]
    sandbox.control("POST", f"/shops/alpha/returns/{other}/decline", {"note": "too late"})
    sandbox.world.sender.deliver_due()
    told = [topic for topic in app.topics() if topic.startswith("returns/")]
    assert {"returns/request", "returns/approve", "returns/close", "returns/reopen", "returns/cancel"} <= set(
        told
    )
    assert "returns/decline" in told


def test_goods_and_people(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/shops/alpha/stock", {"sku": "ALP-MUG", "available": 7})
    product = record(sandbox, "product")["id"].rsplit("/", 1)[-1]
    sandbox.control("POST", f"/shops/alpha/products/{product}", {"title": "Renamed"})
    assert record(sandbox, "product")["title"] == "Renamed"
    person = {"email": "new@example.com", "first_name": "Noa"}
    made = sandbox.control("POST", "/shops/alpha/customers", person)["id"].rsplit("/", 1)[-1]
    sandbox.control("POST", f"/shops/alpha/customers/{made}", {"last_name": "Nordin"})
    assert record(sandbox, "customer")["lastName"] == "Nordin"


def test_the_merchant_may_ask_everything(sandbox: Sandbox) -> None:
    answer = sandbox.control("POST", "/shops/alpha/graphql", {"query": "{ shop { name } }"})
    assert answer["data"]["shop"]["name"] == "Alpha Outdoor"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/shops/alpha/orders", {"lines": [{"sku": "NO-SUCH", "quantity": 1}]}),
        ("/shops/alpha/orders/1/pay", {}),
        ("/shops/alpha/orders/1/explode", {}),
        ("/shops/alpha/returns/1/explode", {}),
        ("/shops/alpha/stock", {"sku": "ALP-MUG"}),
        ("/shops/alpha/customers/1", {"note": "x"}),
    ],
)
def test_what_is_not_possible_is_refused_with_a_reason(sandbox: Sandbox, path: str, body: Any) -> None:
    answer = sandbox.web.post(f"/control{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_an_unknown_shop_and_a_broken_body_are_refused(sandbox: Sandbox) -> None:
    assert sandbox.web.post("/control/shops/gamma/orders", json={}).status_code == 404
    assert sandbox.web.post("/control/shops/alpha/orders", content=b"{").status_code == 400


def test_tokens_can_be_aged_and_dropped(sandbox: Sandbox) -> None:
    sandbox.install()
    grant = "urn:ietf:params:oauth:grant-type:token-exchange"
    made = sandbox.control("POST", "/shops/alpha/id-token", {"staff": "bo"})
    fields = {
        "grant_type": grant,
        "subject_token": made["id_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "expiring": "1",
    }
    token = sandbox.token(**fields).json()["access_token"]
    assert sandbox.control("POST", "/shops/alpha/tokens/expire", {}) == {"touched": 1}
    assert sandbox.ask(token).status_code == 401
    assert sandbox.control("POST", "/shops/alpha/tokens/revoke", {}) == {"dropped": 2}


def test_the_address_of_the_frame_can_be_asked_for(sandbox: Sandbox) -> None:
    sandbox.install()
    url = sandbox.control("POST", "/shops/alpha/app-url", {"path": "/app/records", "staff": "bo"})["url"]
    assert url.startswith("https://app.example/app/records?embedded=1")


def test_the_same_addresses_answer_without_a_server(sandbox: Sandbox) -> None:
    with sandbox.direct() as client:
        assert client.get("/control/health").json()["ok"] is True
        made = client.post("/control/shops/alpha/orders", json={"lines": LINES, "guest": True}).json()
        assert client.get(f"/store/alpha/orders/{made['number']}").status_code == 200
        assert client.get("/nowhere").status_code == 404
        refused = client.post(
            f"/shops/{ALPHA}/admin/api/2026-10/graphql.json", json={"query": "{ shop { id } }"}
        )
        assert refused.status_code == 401


def test_an_old_version_falls_forward_and_the_header_says_so(sandbox: Sandbox) -> None:
    sandbox.world.install_tool(ALPHA)
    asked = {"query": "{ shop { name } }"}
    for version, served in (("2020-01", "2025-10"), ("2026-10", "2026-10"), ("2030-01", "2026-10")):
        answer = sandbox.web.post(f"/shops/{ALPHA}/admin/api/{version}/graphql.json", json=asked)
        assert answer.headers["x-shopify-api-version"] == served
        assert answer.headers["x-request-id"]
