"""Orders cancelled, changed and paid by apps, with their user errors."""

from __future__ import annotations

import pytest

from tests.sandbox.admin.benches import OrderBench, Row
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.documents import CANCEL, CAPTURE, MARK_AS_PAID, UPDATE
from tests.sandbox.admin.specs import ALPHA_SPECS


@pytest.fixture
def bench(shopify: Shopify) -> OrderBench:
    return OrderBench(shopify)


def test_a_cancellation_pays_back_and_closes(bench: OrderBench) -> None:
    payload = bench.send(CANCEL, {"id": bench.id, "method": {"originalPaymentMethodsRefund": True}})
    assert payload["orderCancelUserErrors"] == []
    assert payload["jobResult"]["status"] == "SUCCEEDED"
    order = bench.order
    assert (order["closed"], order["displayFinancialStatus"], order["displayFulfillmentStatus"]) == (
        True,
        "REFUNDED",
        "UNFULFILLED",
    )
    assert order["totalReceivedSet"]["shopMoney"]["amount"] == "257.92"
    assert order["netPaymentSet"]["shopMoney"]["amount"] == "0.0"
    assert {part["status"] for part in order["fulfillmentOrders"]["nodes"]} == {"CLOSED"}
    again = bench.send(CANCEL, {"id": bench.id})
    assert (
        again["orderCancelUserErrors"][0]["message"]
        == "Cannot cancel an order that has already been canceled"
    )


CANCEL_FAULTS = [
    ({"note": "x" * 300}, ["staffNote"], "Staff note is too long. Maximum length is 255 characters."),
    (
        {"refund": False, "method": {"originalPaymentMethodsRefund": True}},
        ["refund"],
        "Only one of the arguments `refund` or `refund_method` is allowed.",
    ),
]


@pytest.mark.parametrize(("more", "field", "message"), CANCEL_FAULTS)
def test_a_refused_cancellation_says_it_in_both_lists(
    bench: OrderBench, more: Row, field: list[str], message: str
) -> None:
    payload = bench.send(CANCEL, {"id": bench.id, **more})
    assert payload == {
        "job": None,
        "jobResult": None,
        "orderCancelUserErrors": [{"field": field, "code": "INVALID", "message": message}],
        "userErrors": [{"field": field, "message": message}],
    }


UPDATE_FAULTS: list[tuple[Row, list[str] | None, str]] = [
    ({}, None, "No valid update parameters have been provided"),
    ({"phone": "nope"}, ["phone"], "Phone is invalid"),
    ({"shippingAddress": {"lastName": ""}}, ["shippingAddress", "lastName"], "Enter a last name"),
    ({"shippingAddress": {"zip": ""}}, ["shippingAddress", "zip"], "Enter a ZIP code"),
    (
        {"shippingAddress": {"countryCode": "US", "provinceCode": "XX"}},
        ["shippingAddress", "province"],
        "State is not a valid state in United States",
    ),
]


@pytest.mark.parametrize(("wish", "field", "message"), UPDATE_FAULTS)
def test_a_refused_update_leaves_the_order(
    bench: OrderBench, wish: Row, field: list[str] | None, message: str
) -> None:
    payload = bench.send(UPDATE, {"input": {"id": bench.id, **wish}})
    assert payload["order"]["shippingAddress"] == {"lastName": "Luna", "city": "Boston"}
    assert payload["userErrors"] == [{"field": field, "message": message}]


def test_an_update_is_told_to_the_app_that_made_it(bench: OrderBench) -> None:
    wish = {
        "id": bench.id,
        "note": "ERP 100045",
        "tags": ["b", "a", "B"],
        "poNumber": "PO-1",
        "customAttributes": [{"key": "erp", "value": "SO1"}],
        "shippingAddress": {"city": "Salem"},
    }
    assert bench.send(UPDATE, {"input": wish})["order"] == {
        "note": "ERP 100045",
        "tags": ["a", "b"],
        "poNumber": "PO-1",
        "customAttributes": [{"key": "erp", "value": "SO1"}],
        "shippingAddress": {"lastName": "Luna", "city": "Salem"},
    }
    assert bench.shopify.topics() == ["orders/updated"]


def test_marking_as_paid_works_once(shopify: Shopify) -> None:
    bench = OrderBench(shopify, ALPHA_SPECS["pending"])
    assert bench.send(MARK_AS_PAID, {"input": {"id": bench.id}}) == {
        "order": {"displayFinancialStatus": "PAID"},
        "userErrors": [],
    }
    assert bench.send(MARK_AS_PAID, {"input": {"id": bench.id}})["userErrors"] == [
        {"field": ["id"], "message": "Order cannot be marked as paid."}
    ]


def test_capturing_an_authorization(shopify: Shopify) -> None:
    bench = OrderBench(shopify, ALPHA_SPECS["authorized"])
    facts = {"id": bench.id, "parentTransactionId": bench.sale()}
    errors = [
        bench.send(CAPTURE, {"input": {**facts, "amount": amount}})["userErrors"]
        for amount in ("0", "257.93")
    ]
    assert [one[0]["message"] for one in errors] == [
        "Amount must be greater than zero for capture transactions",
        "Cannot capture more than the authorized 257.92 for this payment.",
    ]
    assert bench.send(CAPTURE, {"input": {**facts, "amount": "257.92"}})["transaction"] == {
        "kind": "CAPTURE",
        "parentTransaction": {"id": bench.sale()},
    }
    assert bench.order["displayFinancialStatus"] == "PAID"
    again = bench.send(CAPTURE, {"input": {**facts, "amount": "1"}})["userErrors"]
    assert again[0]["message"] == "Can only capture successful authorizations"
