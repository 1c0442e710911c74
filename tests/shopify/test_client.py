"""What the client makes of each kind of answer, and when it dares to send again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx2
import pytest

from kit import clock, http
from kit.clock import SetClock
from kit.faults import Misconfigured, OutcomeUnknown, Rejected, Transient
from sync.shopify import client as client_module
from sync.shopify.answers import BrokenDocument
from sync.shopify.budget import Claim
from sync.shopify.client import OutOfBudget
from tests.shopify.script import Script, answered, client, error, throttled

KEY = "5f0c9ff2-1f53-5c0e-8d9a-0d5a3c2f9d11"
READ = "order_refunds"
WRITE = "fulfillment_create"
ORDERS = 10
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def watch() -> Iterator[SetClock]:
    with clock.using(SetClock(AT)) as set_clock:
        assert isinstance(set_clock, SetClock)
        yield set_clock


def test_a_read_returns_its_data_with_exact_numbers() -> None:
    script = Script([answered({"order": {"rate": "7.5"}}), answered({"order": {"weight": 2}})])
    assert client(script).run(READ, {"id": "gid://shopify/Order/1"}, lane=ORDERS) == {
        "order": {"rate": "7.5"}
    }
    exact = Script([httpx2.Response(200, content=b'{"data": {"order": {"subtotal": 0.1}}}')])
    found = client(exact).run(READ, {"id": "1"}, lane=ORDERS)["order"]["subtotal"]
    assert found == Decimal("0.1")


def test_a_request_carries_the_token_the_operation_and_the_key() -> None:
    script = Script([answered({"refundCreate": {"refund": None, "userErrors": []}})])
    client(script).run("refund_create", {"input": {}}, lane=ORDERS, key=KEY)
    request = script.requests[0]
    assert request.url.path == "/admin/api/2026-10/graphql.json"
    assert request.headers["X-Shopify-Access-Token"] == "shpat_alpha"
    assert script.sent()["operationName"] == "RefundCreate"
    assert script.sent()["variables"] == {"input": {}, "key": KEY}


def test_a_throttled_call_waits_as_long_as_the_bucket_needs_and_sends_the_same_again(watch: SetClock) -> None:
    script = Script([throttled(requested=400, available=100), answered({"refundCreate": {}})])
    client(script).run("refund_create", {"input": {}}, lane=ORDERS, key=KEY)
    assert (watch.now() - AT).total_seconds() == 3.0
    assert script.sent(0) == script.sent(1)


def test_a_call_that_stays_throttled_gives_its_thread_back_and_is_no_attempt(watch: SetClock) -> None:
    script = Script([throttled(available=399) for _ in range(50)])
    with pytest.raises(OutOfBudget) as caught:
        client(script).run(READ, {"id": "1"}, lane=ORDERS)
    assert caught.value.counts is False
    assert 30 < (watch.now() - AT).total_seconds() <= 45
    assert len(script.requests) < 12


def test_points_are_claimed_before_a_call_and_settled_after_it(watch: SetClock) -> None:
    told: list[str] = []

    class Meter:
        waits = [4.0, 0.0]

        def claim(self, operation: str, *, lane: int) -> Claim:
            told.append(f"claim {operation} {lane}")
            return Claim(7.0, self.waits.pop(0))

        def settle(self, operation: str, *, claim: Claim, cost: object) -> None:
            told.append(f"settle {operation} {claim.points:g} {cost is not None}")

    client(Script([answered({"order": None})]), budget=Meter()).run(READ, {"id": "1"}, lane=ORDERS)
    assert told == [f"claim {READ} 10", f"claim {READ} 10", f"settle {READ} 7 True"]
    assert (watch.now() - AT).total_seconds() == 4.0


REFUSED = {"errors": "[API] Invalid API key or access token"}


def test_a_token_that_stays_refused_is_reported_and_holds_for_the_grant() -> None:
    told: list[str] = []
    script = Script([httpx2.Response(401, json=REFUSED), httpx2.Response(401, json=REFUSED)])
    with pytest.raises(Misconfigured) as caught:
        client(script, on_unauthorized=lambda: told.append("401")).run(READ, {"id": "1"}, lane=ORDERS)
    assert caught.value.misses == "grant"
    assert told == ["401", "401"]


def test_a_refused_token_is_renewed_and_the_call_is_made_again() -> None:
    script = Script([httpx2.Response(401, json=REFUSED), answered({"order": {"id": "1"}})])
    assert client(script).run(READ, {"id": "1"}, lane=ORDERS) == {"order": {"id": "1"}}
    assert len(script.requests) == 2


@pytest.mark.parametrize("status", [301, 402, 403, 404, 423])
def test_a_shop_that_is_frozen_locked_or_gone_holds_everything(status: int) -> None:
    with pytest.raises(Misconfigured) as caught:
        client(Script([httpx2.Response(status, json={})])).run(WRITE, {}, lane=ORDERS)
    assert caught.value.misses == "shop"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_error_is_harmless_for_a_read_and_unknown_for_a_write(status: int) -> None:
    with pytest.raises(Transient) as caught:
        client(Script([httpx2.Response(status, headers={"Retry-After": "2.0"})])).run(
            READ, {"id": "1"}, lane=ORDERS
        )
    assert caught.value.after_seconds == 2.0
    with pytest.raises(OutcomeUnknown):
        client(Script([httpx2.Response(status)])).run(WRITE, {}, lane=ORDERS)


def test_a_write_whose_answer_is_lost_is_unknown_and_not_sent_again() -> None:
    script = Script([httpx2.ReadTimeout("")])
    with pytest.raises(OutcomeUnknown):
        client(script).run(WRITE, {}, lane=ORDERS)
    assert len(script.requests) == 1
    with pytest.raises(Transient):
        client(Script([httpx2.ConnectError("")])).run(WRITE, {}, lane=ORDERS)
    with pytest.raises(Transient):
        client(Script([httpx2.ReadTimeout("")])).run(READ, {"id": "1"}, lane=ORDERS)


def test_an_answer_that_cannot_be_read_is_unknown_for_a_write() -> None:
    for content in (b"<html>", b"[]", b"{}", b'{"data": null}'):
        with pytest.raises(OutcomeUnknown):
            client(Script([httpx2.Response(200, content=content)])).run(WRITE, {}, lane=ORDERS)
        with pytest.raises(Transient):
            client(Script([httpx2.Response(200, content=content)])).run(READ, {"id": "1"}, lane=ORDERS)


def test_an_internal_error_leaves_a_mutation_unknown() -> None:
    broken = {"data": None, "errors": [error("INTERNAL_SERVER_ERROR", "Internal error.")]}
    with pytest.raises(OutcomeUnknown):
        client(Script([httpx2.Response(200, json=broken)])).run(WRITE, {}, lane=ORDERS)
    with pytest.raises(Transient):
        client(Script([httpx2.Response(200, json=broken)])).run(READ, {"id": "1"}, lane=ORDERS)


def test_a_missing_scope_holds_for_exactly_that_scope() -> None:
    needed = "`write_returns` access scope. Also: The user must have access to orders."
    refused = error("ACCESS_DENIED", "Access denied", "returnProcess", requiredAccess=needed)
    with pytest.raises(Misconfigured) as caught:
        client(Script([answered({"returnProcess": None}, errors=[refused])])).run(
            "return_process", {"input": {}}, lane=ORDERS
        )
    assert caught.value.misses == "scope:write_returns"


def test_a_part_that_may_not_be_read_does_not_undo_a_mutation_that_was_done() -> None:
    refused = error("ACCESS_DENIED", "Access denied", "fulfillmentCreate", "fulfillment", "name")
    script = Script([answered({"fulfillmentCreate": {"fulfillment": {"id": "f"}}}, errors=[refused])])
    assert client(script).run(WRITE, {}, lane=ORDERS)["fulfillmentCreate"]["fulfillment"]["id"] == "f"


def test_a_gap_in_a_read_is_a_fault_unless_the_caller_can_live_with_it() -> None:
    refused = error("ACCESS_DENIED", "Access denied", "order", "customer", requiredAccess="`read_customers`")
    gap = answered({"order": {"id": "1", "customer": None}}, errors=[refused])
    with pytest.raises(Misconfigured) as caught:
        client(Script([gap])).run(READ, {"id": "1"}, lane=ORDERS)
    assert caught.value.misses == "scope:read_customers"
    answer = client(Script([gap])).ask(READ, {"id": "1"}, lane=ORDERS)
    assert answer.data["order"]["id"] == "1"
    assert [(one.path, one.scope) for one in answer.denied] == [(("order", "customer"), "read_customers")]


def test_a_refused_value_is_about_the_record_and_a_refused_document_is_a_bug() -> None:
    bad_value = error("INVALID_VARIABLE", "Variable $id of type ID! was provided invalid value")
    with pytest.raises(Rejected):
        client(Script([answered(errors=[bad_value], cost=None)])).run(READ, {"id": "1"}, lane=ORDERS)
    for code in ("undefinedField", "BAD_REQUEST", "MAX_COST_EXCEEDED", "PARSE_ERROR"):
        with pytest.raises(BrokenDocument):
            client(Script([answered(errors=[error(code)], cost=None)])).run(WRITE, {}, lane=ORDERS)


def test_an_error_code_of_tomorrow_is_unknown_for_a_write_and_transient_for_a_read() -> None:
    new = [error("SOMETHING_NEW", "?", "fulfillmentCreate")]
    with pytest.raises(OutcomeUnknown):
        client(Script([answered({"fulfillmentCreate": None}, errors=new)])).run(WRITE, {}, lane=ORDERS)
    with pytest.raises(Transient):
        client(Script([answered({"order": None}, errors=new)])).run(READ, {"id": "1"}, lane=ORDERS)


def test_an_answer_in_another_api_version_is_counted_and_logged_as_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = client_module.version_mismatches[("2026-10", "2026-07")]
    with caplog.at_level(logging.ERROR):
        client(Script([answered({"order": None}, version="2026-07")])).run(READ, {"id": "1"}, lane=ORDERS)
    assert client_module.version_mismatches[("2026-10", "2026-07")] == before + 1
    assert "another API version" in caplog.text


def test_a_recorded_exchange_tells_the_operation_its_cost_and_the_request_but_no_variables() -> None:
    with http.recording() as exchanges:
        client(Script([throttled(), answered({"order": None}, cost=(12, 4))])).run(
            READ, {"id": "1"}, lane=ORDERS
        )
    assert [one.note for one in exchanges] == [f"{READ} cost 400/throttled", f"{READ} cost 12/4"]
    assert exchanges[1].request_id == "req-1"
    assert exchanges[1].path == "/admin/api/2026-10/graphql.json"
