"""Returns opened, processed and closed by apps."""

from __future__ import annotations

import pytest

from sandbox.shopify import seed
from sandbox.shopify.commands import fulfilments
from tests.sandbox.admin.benches import OrderBench, Row
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.documents import APPROVE_RETURN, CLOSE_RETURN, PROCESS_RETURN, REQUEST_RETURN, RETURN


@pytest.fixture
def bench(shopify: Shopify) -> OrderBench:
    return OrderBench(shopify)


def shipped_line(bench: OrderBench) -> str:
    fulfilments.create(bench.shopify.store, seed.ALPHA, bench.id)
    stored = bench.shopify.store.view(seed.ALPHA, "order", bench.id) or {}
    return str(stored["fulfillments"][0]["fulfillmentLineItems"][0]["id"])


def test_a_return_is_processed_with_its_refund(bench: OrderBench) -> None:
    row = {"fulfillmentLineItemId": shipped_line(bench), "quantity": 2, "returnReason": "DEFECTIVE"}
    made = bench.send(RETURN, {"input": {"orderId": bench.id, "returnLineItems": [row]}})["return"]
    assert (made["name"], made["status"], made["totalQuantity"]) == ("#1001-R1", "OPEN", 2)
    line = made["returnLineItems"]["nodes"][0]
    reverse = made["reverseFulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"][0]["id"]
    place = bench.shopify.first("location")["id"]
    wish = {
        "returnId": made["id"],
        "returnLineItems": [
            {
                "id": line["id"],
                "quantity": 2,
                "dispositions": [
                    {
                        "reverseFulfillmentOrderLineItemId": reverse,
                        "quantity": 2,
                        "dispositionType": "RESTOCKED",
                        "locationId": place,
                    }
                ],
            }
        ],
        "financialTransfer": {
            "issueRefund": {
                "orderTransactions": [
                    {
                        "parentId": bench.sale(),
                        "transactionAmount": {"amount": "72.58", "currencyCode": "USD"},
                    }
                ]
            }
        },
    }
    done = bench.send(PROCESS_RETURN, {"input": wish})
    assert done["userErrors"] == []
    assert done["return"]["status"] == "OPEN"
    assert done["return"]["returnLineItems"]["nodes"] == [
        {"processedQuantity": 2, "unprocessedQuantity": 0, "refundedQuantity": 2}
    ]
    order = bench.order
    assert order["totalOutstandingSet"]["shopMoney"]["amount"] == "0.0"
    assert order["refunds"][0]["return"]["id"] == made["id"]
    assert order["refunds"][0]["refundLineItems"]["nodes"][0]["restockType"] == "RETURN"
    kinds = [(a["reason"], len(a["sales"]["nodes"])) for a in order["agreements"]["nodes"]]
    assert kinds[:2] == [("ORDER", 3), ("RETURN", 1)]


RETURN_FAULTS: list[tuple[Row, list[str], str, str]] = [
    (
        {"quantity": 9, "returnReason": "UNWANTED"},
        ["returnInput", "returnLineItems", "0", "quantity"],
        "INVALID",
        "Return line item has an invalid quantity.",
    ),
    (
        {"quantity": 1},
        ["returnInput", "returnLineItems", "0"],
        "NOT_FOUND",
        "Return line items Either return reason or return reason definition must be provided",
    ),
    (
        {"quantity": 1, "returnReason": "OTHER"},
        ["returnInput", "returnLineItems", "0", "returnReasonNote"],
        "BLANK",
        "Return reason note can't be blank",
    ),
    (
        {
            "quantity": 1,
            "returnReason": "OTHER",
            "fulfillmentLineItemId": "gid://shopify/FulfillmentLineItem/1",
        },
        ["returnInput", "returnLineItems", "0", "fulfillmentLineItemId"],
        "NOT_FOUND",
        "Fulfillment Line Item was not found.",
    ),
]


@pytest.mark.parametrize(("more", "field", "code", "message"), RETURN_FAULTS)
def test_a_refused_return(bench: OrderBench, more: Row, field: list[str], code: str, message: str) -> None:
    row = {"fulfillmentLineItemId": shipped_line(bench), **more}
    payload = bench.send(RETURN, {"input": {"orderId": bench.id, "returnLineItems": [row]}})
    assert payload == {"return": None, "userErrors": [{"field": field, "message": message, "code": code}]}


def test_the_state_of_a_return_is_guarded(bench: OrderBench) -> None:
    row = {"fulfillmentLineItemId": shipped_line(bench), "quantity": 1, "returnReason": "UNWANTED"}
    made = bench.send(REQUEST_RETURN, {"input": {"orderId": bench.id, "returnLineItems": [row]}})["return"]
    assert made["status"] == "REQUESTED"
    assert (
        bench.send(CLOSE_RETURN, {"id": made["id"]})["userErrors"][0]["message"]
        == "Return status is invalid."
    )
    assert bench.send(APPROVE_RETURN, {"input": {"id": made["id"]}})["return"] == {"status": "OPEN"}
    assert (
        bench.send(APPROVE_RETURN, {"input": {"id": made["id"]}})["userErrors"][0]["code"] == "INVALID_STATE"
    )
    for _ in range(2):
        assert bench.send(CLOSE_RETURN, {"id": made["id"]})["return"] == {"status": "CLOSED"}
    unknown = bench.send(CLOSE_RETURN, {"id": "gid://shopify/Return/1"})["userErrors"][0]
    assert (unknown["code"], unknown["message"]) == ("NOT_FOUND", "Return not found.")
