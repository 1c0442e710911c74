"""Parcels and fulfilment orders written by apps."""

from __future__ import annotations

import pytest

from sandbox.shopify import seed
from sandbox.shopify.commands import fulfilments
from tests.sandbox.admin import schemas
from tests.sandbox.admin.benches import OrderBench, Row
from tests.sandbox.admin.conftest import ALL_SCOPES, Shopify
from tests.sandbox.admin.documents import CALL_OFF, HOLD, MOVE, RELEASE, SHIP, TRACK


@pytest.fixture
def bench(shopify: Shopify) -> OrderBench:
    return OrderBench(shopify)


def groups(part: Row, *lines: tuple[str, int]) -> Row:
    rows = [{"id": line, "quantity": quantity} for line, quantity in lines]
    group: Row = {"fulfillmentOrderId": part["id"]}
    return {"lineItemsByFulfillmentOrder": [{**group, "fulfillmentOrderLineItems": rows} if rows else group]}


def test_a_parcel_of_everything(bench: OrderBench) -> None:
    tracking = {"company": "UPS", "numbers": ["1Z1", "1Z2"]}
    payload = bench.send(SHIP, {"f": {**groups(bench.part()), "trackingInfo": tracking}})
    made = payload["fulfillment"]
    assert (made["status"], made["displayStatus"], made["totalQuantity"]) == ("SUCCESS", "FULFILLED", 5)
    assert [(one["company"], one["number"]) for one in made["trackingInfo"]] == [
        ("UPS", "1Z1"),
        ("UPS", "1Z2"),
    ]
    assert bench.part()["status"] == "CLOSED"
    assert bench.order["displayFulfillmentStatus"] == "FULFILLED"
    number = bench.part()["id"].rsplit("/", 1)[1]
    assert bench.send(SHIP, {"f": groups(bench.part())})["userErrors"] == [
        {
            "field": ["fulfillment"],
            "message": f"Fulfillment order {number} has an unfulfillable status= closed.",
        }
    ]
    for event in bench.shopify.events:
        schemas.check(event.topic, event.body)


def test_parcels_that_cannot_be(bench: OrderBench) -> None:
    part = bench.part()
    line = part["lineItems"]["nodes"][0]["id"]
    over = bench.send(SHIP, {"f": groups(part, (line, 4))})["userErrors"]
    assert over == [
        {"field": ["fulfillment"], "message": "Invalid fulfillment order line item quantity requested."}
    ]
    none = bench.send(SHIP, {"f": groups(part, (line, 0))})["userErrors"][0]
    assert none["message"] == "Quantity must be greater than 0"
    assert none["field"][-1] == "quantity"
    strange = bench.send(SHIP, {"f": groups(part, ("gid://shopify/FulfillmentOrderLineItem/1", 1))})[
        "userErrors"
    ]
    assert strange[0]["message"] == "Fulfillment order line item does not exist."
    unknown = bench.send(SHIP, {"f": groups({"id": "gid://shopify/FulfillmentOrder/1"})})["userErrors"]
    assert unknown[0]["message"] == "Fulfillment order does not exist."
    error = bench.shopify.ask(SHIP, {"f": groups({"id": "gid://shopify/FulfillmentOrder/0"})})["errors"][0]
    assert (error["message"], error["extensions"]["code"]) == ("invalid id", "RESOURCE_NOT_FOUND")


def test_tracking_and_cancelling_a_parcel(bench: OrderBench) -> None:
    parcel = fulfilments.create(bench.shopify.store, seed.ALPHA, bench.id)
    tracked = bench.send(TRACK, {"id": parcel, "t": {"number": "7"}})
    assert tracked["fulfillment"]["trackingInfo"] == [{"number": "7"}]
    for _ in range(2):
        done = bench.send(CALL_OFF, {"id": parcel})
        assert done == {"fulfillment": {"status": "CANCELLED", "displayStatus": "CANCELED"}, "userErrors": []}
    unknown = "gid://shopify/Fulfillment/1"
    assert bench.send(CALL_OFF, {"id": unknown})["userErrors"] == [
        {"field": ["id"], "message": "Fulfillment not found."}
    ]
    assert bench.send(TRACK, {"id": unknown, "t": {}})["userErrors"] == [
        {"field": ["fulfillmentId"], "message": "Fulfillment does not exist."}
    ]


def test_a_part_of_a_fulfilment_order_moves(bench: OrderBench) -> None:
    part, target = bench.part(), bench.shopify.store.all(seed.ALPHA, "location")[1]["id"]
    row = {"id": part["lineItems"]["nodes"][0]["id"], "quantity": 2}
    payload = bench.send(MOVE, {"id": part["id"], "to": target, "rows": [row]})
    moved = payload["movedFulfillmentOrder"]
    assert moved["id"] != part["id"] == payload["originalFulfillmentOrder"]["id"]
    assert payload["remainingFulfillmentOrder"]["id"] == part["id"]
    assert moved["assignedLocation"]["name"] == "Albany Shop"
    assert moved["lineItems"]["nodes"] == [{"remainingQuantity": 2, "sku": "ALP-MUG"}]
    schemas.check("fulfillment_orders/moved", bench.shopify.events[-1].body)
    unknown = bench.send(MOVE, {"id": part["id"], "to": "gid://shopify/Location/1"})["userErrors"]
    assert unknown == [{"field": ["id"], "message": "Location not found.", "code": None}]


def test_holds_add_up_and_are_released_one_by_one(bench: OrderBench) -> None:
    part = bench.part()["id"]
    first = bench.send(HOLD, {"id": part, "hold": {"reason": "OTHER", "handle": "erp"}})
    assert first["fulfillmentOrder"]["status"] == "ON_HOLD"
    assert [one["action"] for one in first["fulfillmentOrder"]["supportedActions"]] == [
        "RELEASE_HOLD",
        "HOLD",
        "MOVE",
    ]
    assert first["fulfillmentHold"]["displayReason"] == "Other"
    assert bench.order["displayFulfillmentStatus"] == "ON_HOLD"
    twice = bench.send(HOLD, {"id": part, "hold": {"reason": "OTHER", "handle": "erp"}})["userErrors"][0]
    assert (twice["field"], twice["code"]) == (
        ["fulfillmentHold", "handle"],
        "DUPLICATE_FULFILLMENT_HOLD_HANDLE",
    )
    second = bench.send(HOLD, {"id": part, "hold": {"reason": "OTHER", "handle": "fraud"}})
    one, two = first["fulfillmentHold"]["id"], second["fulfillmentHold"]["id"]
    assert bench.send(RELEASE, {"id": part, "holds": [one]})["fulfillmentOrder"]["status"] == "ON_HOLD"
    assert bench.send(RELEASE, {"id": part, "holds": [two]})["fulfillmentOrder"]["status"] == "OPEN"
    for event in bench.shopify.events:
        if event.topic in schemas.topics():
            schemas.check(event.topic, event.body)


def test_who_holds_a_fulfilment_order_is_secret_without_a_scope(bench: OrderBench) -> None:
    part = bench.part()["id"]
    bench.send(HOLD, {"id": part, "hold": {"reason": "OTHER"}})
    text = (
        f'{{ fulfillmentOrder(id: "{part}") {{ status fulfillmentHolds {{ reason heldByApp {{ id }} }} }} }}'
    )
    body = bench.shopify.ask(text, scopes=ALL_SCOPES - {"read_apps"})
    assert body["data"]["fulfillmentOrder"]["fulfillmentHolds"] == [{"reason": "OTHER", "heldByApp": None}]
    assert body["errors"][0]["path"] == ["fulfillmentOrder", "fulfillmentHolds", 0, "heldByApp"]
    assert body["errors"][0]["message"] == (
        "Access denied for heldByApp field. Required access: `read_apps` access scope."
    )
