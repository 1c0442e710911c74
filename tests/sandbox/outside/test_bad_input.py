"""Nothing that a client sends breaks the local Shopify: what it does not understand it refuses with a sentence."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from sandbox.shopify import tokens
from sandbox.shopify.settings import SANDBOX_CLIENT
from tests.sandbox.outside.conftest import ALPHA, Sandbox

GRAPHQL = f"/shops/{ALPHA}/admin/api/2026-10/graphql.json"
OAUTH = f"/shops/{ALPHA}/admin/oauth/access_token"
DEEP = b"[" * 100_000
LINES = [{"sku": "ALP-MUG", "quantity": 2}]


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    sandbox.world.install_tool(ALPHA)
    return tokens.fixed(sandbox.world.store, ALPHA, client_id=SANDBOX_CLIENT, token="tool")


def ask(sandbox: Sandbox, token: str, payload: Any) -> httpx2.Response:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {"X-Shopify-Access-Token": token, "Content-Type": "application/json"}
    return sandbox.web.post(GRAPHQL, content=content, headers=headers)


NO_QUERIES: list[tuple[Any, Any]] = [
    ({"query": 5}, {"query": "Required parameter missing or invalid"}),
    ({"query": "{ shop { id } }", "variables": "{}"}, {"variables": "Required parameter missing or invalid"}),
    ({"query": "{ shop { id } }", "variables": [1]}, {"variables": "Required parameter missing or invalid"}),
    (
        {"query": "{ shop { id } }", "operationName": 5},
        {"operationName": "Required parameter missing or invalid"},
    ),
    ([], "Required parameter missing or invalid"),
    (DEEP, "The body is nested too deeply"),
    (b"\xff\xfe\xfa", "The body is not UTF-8"),
    (
        b"{",
        "The body is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ),
    (b'{"query": "{ shop { id } }", "variables": {"x": NaN}}', "The body is no JSON: NaN is no number"),
]


@pytest.mark.parametrize(("payload", "errors"), NO_QUERIES, ids=range(len(NO_QUERIES)))
def test_a_body_that_is_no_query(sandbox: Sandbox, token: str, payload: Any, errors: Any) -> None:
    answer = ask(sandbox, token, payload)
    assert (answer.status_code, answer.json()) == (400, {"errors": errors})


STATIC: list[tuple[str, str, str]] = [
    (
        "{ orders(first: 99999999999) { nodes { id } } }",
        "argumentLiteralsIncompatible",
        "Argument 'first' on Field 'orders' has an invalid value (99999999999). Expected type 'Int'.",
    ),
    ("subscription { x }", "missingSubscriptionConfiguration", "Schema is not configured for subscriptions"),
    ("{" + "a{" * 5_000, "PARSE_ERROR", "nested too deeply"),
    (
        "{ shop { " + "name ... on Shop { " * 90 + "id" + " }" * 92,
        "PARSE_ERROR",
        "nested too deeply",
    ),
    (
        "{ order(id: 5) { id } }",
        "argumentLiteralsIncompatible",
        "Invalid global id '5'",
    ),
    (
        'mutation { orderMarkAsPaid(input: {id: "x"}) { userErrors { message } } }',
        "argumentLiteralsIncompatible",
        "Invalid global id 'x'",
    ),
]


@pytest.mark.parametrize(("query", "code", "message"), STATIC, ids=range(len(STATIC)))
def test_a_document_that_cannot_run(
    sandbox: Sandbox, token: str, query: str, code: str, message: str
) -> None:
    answer = ask(sandbox, token, {"query": query})
    assert answer.status_code == 200
    assert answer.json().keys() == {"errors"}
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == code
    assert message in error["message"]


@pytest.mark.parametrize("value", [2**31, 1.5, "1", True])
def test_a_page_size_that_is_no_number(sandbox: Sandbox, token: str, value: Any) -> None:
    query = "query Q($n: Int) { orders(first: $n) { nodes { id } } }"
    body = ask(sandbox, token, {"query": query, "variables": {"n": value}}).json()
    assert [error["extensions"]["code"] for error in body["errors"]] == ["INVALID_VARIABLE"]
    assert "data" not in body


@pytest.mark.parametrize("field", ["first", "last"])
def test_a_page_below_nothing(sandbox: Sandbox, token: str, field: str) -> None:
    body = ask(sandbox, token, {"query": f"{{ orders({field}: -1) {{ nodes {{ id }} }} }}"}).json()
    (error,) = body["errors"]
    assert (error["extensions"]["code"], error["message"]) == ("BAD_REQUEST", f"{field} cannot be negative")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"[]", "application/json"),
        (b'"x"', "application/json"),
        (DEEP, "application/json"),
        (b"client_id=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"client_id=%ff%fe", "application/x-www-form-urlencoded"),
    ],
)
def test_a_token_request_that_is_none(sandbox: Sandbox, content: bytes, kind: str) -> None:
    answer = sandbox.web.post(OAUTH, content=content, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.json()["error"] == "invalid_request"


ORDERS = "/shops/alpha/orders"
WISHES: list[tuple[str, Any, str]] = [
    (ORDERS, "x", "the body must be an object"),
    (ORDERS, {}, "lines is needed"),
    (ORDERS, {"lines": []}, "lines must be a list that is not empty"),
    (ORDERS, {"lines": "x"}, "lines must be a list"),
    (ORDERS, {"lines": ["x"]}, "lines[0] must be an object"),
    (
        ORDERS,
        {"lines": [{"sku": "ALP-MUG", "quantity": -3}]},
        "lines[0].quantity must be a whole number from 1",
    ),
    (
        ORDERS,
        {"lines": [{"sku": "ALP-MUG", "quantity": 1.5}]},
        "lines[0].quantity must be a whole number from 1",
    ),
    (ORDERS, {"lines": [{"sku": "ALP-MUG", "quantity": True}]}, "lines[0].quantity must be a whole number"),
    (ORDERS, {"lines": [{"sku": "ALP-MUG", "price": "1e999999"}]}, "lines[0].price must be an amount"),
    (ORDERS, {"lines": [{"sku": "ALP-MUG", "qty": 1}]}, "lines[0].qty is not known; known are"),
    (ORDERS, {"lines": LINES, "financial_status": "paid"}, "financial_status is not known; known are"),
    (ORDERS, {"lines": LINES, "at": "soon"}, "at must be a moment"),
    (ORDERS, {"lines": [{"sku": "ALP-NONE"}]}, "the shop has no goods with SKU ALP-NONE"),
    (ORDERS, {"lines": LINES, "customer_id": "gid://shopify/Customer/1"}, "the shop has no customer"),
    (ORDERS, {"lines": LINES, "location_id": "x"}, "the shop has no location x"),
    (ORDERS, {"lines": LINES, "company_location_id": "x"}, "the shop has no company location x"),
    (ORDERS, {"lines": LINES, "presentment_currency": "QQQ"}, "presentment_currency needs a rate"),
    (ORDERS, {"lines": [{"sku": "ALP-MUG", "tax_class": "x"}]}, "tax_class must be one of"),
    (ORDERS, [{"lines": LINES}, {"lines": [{"sku": "X"}]}], "the shop has no goods with SKU X"),
    (ORDERS, [{"lines": LINES}, {}], "[1].lines is needed"),
    ("/clock", {}, "factor is needed"),
    ("/clock", {"factor": "x"}, "factor must be an amount"),
    ("/clock", {"factor": 0}, "factor must be above 0"),
    ("/clock", {"factor": -1}, "factor must be an amount"),
    ("/secrets", [], "the body must be an object"),
    ("/secrets", {"add": 5}, "add must be text"),
    ("/shops/alpha/id-token", {"life_s": "x"}, "life_s must be a whole number"),
    ("/shops/alpha/id-token", {"staff": "zz"}, "staff must be one of Ada"),
    ("/shops/alpha/app-url", {"path": 5}, "path must be text"),
    ("/shops/alpha/scopes", {"grant": "x"}, "grant must be a list"),
    ("/shops/alpha/scopes", {"grant": ["read_orders"]}, "the app is not installed in this shop"),
    ("/shops/alpha/install", {"scopes": "read_orders"}, "scopes must be a list"),
    ("/shops/alpha/tokens/expire", {"refresh_too": "yes"}, "refresh_too must be true or false"),
    ("/shops/alpha/privacy/redact-shop", {"after_s": "x"}, "after_s must be a whole number"),
    ("/shops/alpha/privacy/data-request", {"customer": "x"}, "customer must be an object"),
    ("/shops/alpha/stock", {"sku": "ALP-MUG"}, "available is needed"),
    ("/shops/alpha/stock", {"sku": "NONE", "available": 1}, "the shop has no goods with SKU NONE"),
    (
        "/shops/alpha/stock",
        {"sku": "ALP-MUG", "available": 1, "location_id": "x"},
        "the shop has no location x",
    ),
    ("/shops/alpha/products/1", {"title": "x"}, "the shop has no product"),
    ("/shops/alpha/customers/1", {"note": "x"}, "the shop has no customer"),
    ("/shops/alpha/customers", {"mail": "x"}, "mail is not known"),
    ("/shops/alpha/orders/1/explode", {}, "explode is not one of"),
    ("/shops/alpha/orders/1/pay", {}, "the shop has no order"),
    ("/shops/alpha/returns/1/close", {}, "Return not found"),
    ("/faults", {"kind": "slow", "ms": "x"}, "ms must be a whole number"),
    ("/faults", {"kind": "fail", "status": "x"}, "status must be a whole number"),
    ("/faults", {"kind": "fail", "status": 700}, "status must be"),
    ("/faults", {"kind": "x"}, "kind must be one of slow"),
    ("/faults", [{"kind": "slow"}, {}], "kind is needed"),
]


@pytest.mark.parametrize(("path", "wish", "told"), WISHES, ids=range(len(WISHES)))
def test_a_wish_that_is_not_understood(sandbox: Sandbox, path: str, wish: Any, told: str) -> None:
    sandbox.control("GET", "/shops")  # the staff is made at the first question
    before = sandbox.world.store.snapshot()
    answer = sandbox.web.post(f"/control{path}", json=wish)
    assert answer.status_code == 422, answer.text
    assert told in answer.json()["errors"]
    assert sandbox.world.store.snapshot() == before
    assert sandbox.control("GET", "/faults") == []


@pytest.mark.parametrize("path", ["orders", "stock", "id-token", "scopes", "graphql"])
@pytest.mark.parametrize("content", [DEEP, b"\xff", b"{"], ids=["deep", "no text", "cut off"])
def test_a_wish_that_is_no_json(sandbox: Sandbox, path: str, content: bytes) -> None:
    answer = sandbox.web.post(f"/control/shops/alpha/{path}", content=content)
    assert answer.status_code == 400
    assert answer.json()["errors"].startswith("The body is")


@pytest.mark.parametrize("limit", ["x", "-1", "0", "1.5", "", "²", "9" * 5_000])
@pytest.mark.parametrize("path", ["deliveries", "records/order"])
def test_a_limit_that_is_no_number(sandbox: Sandbox, path: str, limit: str) -> None:
    answer = sandbox.web.get(f"/control/shops/alpha/{path}", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["errors"].startswith("limit must be a whole number")


def test_a_refund_with_lines_of_another_form(sandbox: Sandbox) -> None:
    made = sandbox.control("POST", "/shops/alpha/orders", {"lines": LINES, "guest": True})
    url = f"/control/shops/alpha/orders/{made['number']}/refund"
    answer = sandbox.web.post(url, json={"lines": {"ALP-MUG": 1}})
    assert (answer.status_code, answer.json()["errors"]) == (422, "lines must be a list, not {'ALP-MUG': 1}")
    answer = sandbox.web.post(url, json={"lines": [{"sku": "ALP-MUG", "quantity": 3}]})
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        "Quantity cannot refund more items than were purchased",
    )


def test_a_refused_order_burns_no_number(sandbox: Sandbox) -> None:
    def name() -> int:
        sandbox.control("POST", "/shops/alpha/orders", {"lines": LINES, "guest": True})
        return int(sandbox.world.store.all(ALPHA, "order")[-1]["number"])

    before = name()
    bad = {"lines": [*LINES, {"sku": "ALP-NONE"}], "email": "someone.new@example.com"}
    assert sandbox.web.post("/control/shops/alpha/orders", json=bad).status_code == 422
    assert name() == before + 1
    people = sandbox.world.store.all(ALPHA, "customer")
    assert "someone.new@example.com" not in [one["email"] for one in people]


def test_nobody_chosen_is_the_owner(sandbox: Sandbox) -> None:
    assert sandbox.web.post("/store/alpha/staff").status_code == 303
    assert sandbox.web.get("/store/alpha").status_code == 200
