"""Refunds written by apps, with their user errors and what Shopify suggests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sandbox.admin import schemas
from tests.sandbox.admin.benches import OrderBench, Row
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.documents import REFUND, SUGGEST


@pytest.fixture
def bench(shopify: Shopify) -> OrderBench:
    return OrderBench(shopify)


def test_a_refund_of_lines_and_shipping(bench: OrderBench) -> None:
    lines = [{"lineItemId": bench.line(), "quantity": 1, "restockType": "CANCEL"}]
    payload = bench.refund(
        refundLineItems=lines, shipping={"fullRefund": True}, note="Sorry", **bench.paid_back("44.89")
    )
    assert payload["userErrors"] == []
    assert payload["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "44.89"
    assert payload["order"]["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    order = bench.order
    assert order["refunds"][0]["note"] == "Sorry"
    refund = order["transactions"][-1]
    assert (refund["kind"], refund["gateway"], refund["parentTransaction"]["id"]) == (
        "REFUND",
        "shopify_payments",
        bench.sale(),
    )
    assert [s["lineType"] for s in order["agreements"]["nodes"][1]["sales"]["nodes"]] == [
        "PRODUCT",
        "SHIPPING",
    ]
    for event in bench.shopify.events:
        schemas.check(event.topic, event.body)


def test_a_refund_happens_once_per_key(bench: OrderBench) -> None:
    first = bench.refund(key="k", **bench.paid_back("5.00"))
    again = bench.refund(key="k", **bench.paid_back("5.00"))
    assert first == again
    assert len(bench.order["refunds"]) == 1
    other = bench.refund(key="k", **bench.paid_back("6.00"))
    assert other == {
        "refund": None,
        "order": None,
        "userErrors": [
            {"field": None, "message": "The same idempotency key was used with different parameters."}
        ],
    }


RefundCase = tuple[str, Callable[[OrderBench], Row], list[str] | None, str]
REFUND_CASES: list[RefundCase] = [
    (
        "too much",
        lambda b: b.refund(**b.paid_back("900.00")),
        None,
        "Refund amount $900.00 is greater than net payment received $257.92",
    ),
    (
        "less than nothing",
        lambda b: b.refund(**b.paid_back("-1.00")),
        ["transactions"],
        "Amount must be greater than or equal to 0",
    ),
    (
        "too many",
        lambda b: b.refund(refundLineItems=[{"lineItemId": b.line(), "quantity": 4}]),
        ["refundLineItems", "0", "quantity"],
        "Quantity cannot refund more items than were purchased",
    ),
    (
        "another kind",
        lambda b: b.refund(**b.paid_back("1.00", kind="AUTHORIZATION")),
        None,
        "Kind authorization is not a valid transaction",
    ),
    (
        "another parent",
        lambda b: b.refund(**b.paid_back("1.00", parentId="gid://shopify/OrderTransaction/1")),
        ["transactions"],
        "Transactions require a parent_id associated with the order",
    ),
    (
        "unknown order",
        lambda b: b.send(REFUND, {"input": {"orderId": "gid://shopify/Order/1"}, "key": "u"}),
        ["orderId"],
        "Order does not exist",
    ),
]


@pytest.mark.parametrize(("case", "act", "field", "message"), REFUND_CASES, ids=[c[0] for c in REFUND_CASES])
def test_a_refused_refund(
    bench: OrderBench, case: str, act: Callable[[OrderBench], Row], field: list[str] | None, message: str
) -> None:
    payload = act(bench)
    assert payload["refund"] is None
    assert payload["userErrors"] == [{"field": field, "message": message}]
    assert (payload["order"] is None) == (case == "unknown order")
    assert bench.order["refunds"] == []
    assert bench.shopify.events == []


def test_the_suggested_refund_is_what_a_refund_is_worth(bench: OrderBench) -> None:
    suggested = bench.shopify.data(SUGGEST, {"id": bench.id, "line": bench.line()})["order"][
        "suggestedRefund"
    ]
    assert suggested["amountSet"]["shopMoney"]["amount"] == "44.89"
    assert suggested["suggestedTransactions"][0]["parentTransaction"]["id"] == bench.sale()
