"""Orders: their money adds up in both currencies, the ledger is the truth, and bodies say the same as reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify import seed
from sandbox.shopify.commands import orders
from tests.sandbox.admin import schemas
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.specs import ALPHA_SPECS, BETA_SPECS, ORDER, PLAIN

CASES = [(seed.ALPHA, name) for name in ALPHA_SPECS] + [(seed.BETA, name) for name in BETA_SPECS]
SIDES = ("shopMoney", "presentmentMoney")


def spec_of(shop: str, name: str) -> dict[str, Any]:
    return (ALPHA_SPECS if shop == seed.ALPHA else BETA_SPECS)[name]


def amount(bag: dict[str, Any], side: str) -> Decimal:
    return Decimal(bag[side]["amount"])


@pytest.mark.parametrize(("shop", "name"), CASES)
def test_an_order_reads_whole_and_its_ledger_sums_to_its_total(
    shopify: Shopify, shop: str, name: str
) -> None:
    order_id = orders.create(shopify.store, shop, spec_of(shop, name))
    order = shopify.data(ORDER, {"id": order_id}, shop=shop)["order"]
    for side in SIDES:
        sold = sum(
            (
                amount(sale["totalAmount"], side)
                for agreement in order["agreements"]["nodes"]
                for sale in agreement["sales"]["nodes"]
            ),
            Decimal(0),
        )
        assert sold == amount(order["totalPriceSet"], side) == amount(order["currentTotalPriceSet"], side)


@pytest.mark.parametrize(("shop", "name"), CASES)
def test_the_total_is_the_sum_of_its_parts(shopify: Shopify, shop: str, name: str) -> None:
    order = shopify.data(ORDER, {"id": orders.create(shopify.store, shop, spec_of(shop, name))}, shop=shop)[
        "order"
    ]
    lines, shipping = order["lineItems"]["nodes"], order["shippingLines"]["nodes"]
    stored = shopify.store.view(shop, "order", order["id"]) or {}
    for side in SIDES:
        parts = sum((amount(line["originalTotalSet"], side) for line in lines), Decimal(0))
        parts -= sum(
            (amount(a["allocatedAmountSet"], side) for line in lines for a in line["discountAllocations"]),
            Decimal(0),
        )
        parts += sum((amount(line["discountedPriceSet"], side) for line in shipping), Decimal(0))
        parts += sum((amount(duty["price"], side) for line in lines for duty in line["duties"]), Decimal(0))
        parts += sum((amount(fee["price"], side) for fee in stored["additionalFees"]), Decimal(0))
        if not order["taxesIncluded"]:
            taxed = [*lines, *shipping]
            parts += sum((amount(t["priceSet"], side) for one in taxed for t in one["taxLines"]), Decimal(0))
        assert parts == amount(order["totalPriceSet"], side)


@pytest.mark.parametrize(("shop", "name"), CASES)
def test_every_body_satisfies_its_schema(shopify: Shopify, shop: str, name: str) -> None:
    orders.create(shopify.store, shop, spec_of(shop, name))
    assert shopify.events[0].topic in ("orders/create", "customers/create")
    for event in shopify.events:
        schemas.check(event.topic, event.body)


@pytest.mark.parametrize(("shop", "name"), CASES)
def test_the_body_of_an_order_says_what_a_read_says(shopify: Shopify, shop: str, name: str) -> None:
    order_id = orders.create(shopify.store, shop, spec_of(shop, name))
    order = shopify.data(ORDER, {"id": order_id}, shop=shop)["order"]
    body = next(event.body for event in shopify.events if event.topic == "orders/create")
    assert str(body["id"]) == order["legacyResourceId"]
    assert body["admin_graphql_api_id"] == order["id"]
    assert [line["admin_graphql_api_id"] for line in body["line_items"]] == [
        line["id"] for line in order["lineItems"]["nodes"]
    ]
    for key, field in (("total_price_set", "totalPriceSet"), ("total_tax_set", "totalTaxSet")):
        for side, camel in (("shop_money", "shopMoney"), ("presentment_money", "presentmentMoney")):
            assert Decimal(body[key][side]["amount"]) == amount(order[field], camel)
    assert body["financial_status"] == order["displayFinancialStatus"].lower()


def test_an_order_tells_its_topics_once_with_one_event_id(shopify: Shopify) -> None:
    orders.create(shopify.store, seed.ALPHA, PLAIN)
    assert len({event.event_id for event in shopify.events}) == 1
    assert shopify.topics() == [
        "customers/create",
        "orders/create",
        "order_transactions/create",
        "tender_transactions/create",
        "inventory_levels/update",
        "inventory_levels/update",
        "fulfillment_orders/order_routing_complete",
        "orders/paid",
    ]


def test_buying_promises_stock_without_taking_it_off_the_shelf(shopify: Shopify) -> None:
    orders.create(shopify.store, seed.ALPHA, {"lines": [{"sku": "ALP-MUG", "quantity": 3}], "guest": True})
    found = shopify.data(
        '{ inventoryItems(first: 1, query: "sku:ALP-MUG") { nodes { inventoryLevels(first: 5) { nodes {'
        ' quantities(names: ["available", "committed", "on_hand"]) { name quantity } } } } } }'
    )
    levels = found["inventoryItems"]["nodes"][0]["inventoryLevels"]["nodes"]
    assert [row["quantity"] for row in levels[0]["quantities"]] == [117, 3, 120]


def test_a_pending_order_becomes_paid_by_hand(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, ALPHA_SPECS["pending"])
    shopify.topics()
    shopify.wait(minutes=5)
    orders.pay(shopify.store, seed.ALPHA, order_id)
    assert shopify.topics() == [
        "orders/updated",
        "order_transactions/create",
        "tender_transactions/create",
        "orders/paid",
    ]
    order = shopify.data(ORDER, {"id": order_id})["order"]
    assert order["displayFinancialStatus"] == "PAID"
    assert [(t["kind"], t["status"]) for t in order["transactions"]] == [
        ("SALE", "PENDING"),
        ("SALE", "SUCCESS"),
    ]


def test_an_authorized_order_owes_nothing_and_can_be_captured(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, ALPHA_SPECS["authorized"])
    order = shopify.data(ORDER, {"id": order_id})["order"]
    assert order["displayFinancialStatus"] == "AUTHORIZED"
    assert order["totalOutstandingSet"]["shopMoney"]["amount"] == "0.0"
    assert Decimal(order["totalCapturable"]) == Decimal(order["totalPrice"])
    orders.pay(shopify.store, seed.ALPHA, order_id)
    order = shopify.data(ORDER, {"id": order_id})["order"]
    assert [t["kind"] for t in order["transactions"]] == ["AUTHORIZATION", "CAPTURE"]
    assert order["totalCapturable"] == "0.00"


def test_a_change_of_note_and_tags_is_told(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    shopify.topics()
    orders.update(shopify.store, seed.ALPHA, order_id, {"note": "Leave at the door", "tags": ["b", "A", "a"]})
    body = shopify.events[0].body
    assert (body["note"], body["tags"]) == ("Leave at the door", "A, b")
    schemas.check("orders/updated", body)


@pytest.mark.parametrize(("shop", "name"), CASES)
@pytest.mark.parametrize("refund", [True, False])
def test_a_cancelled_order_is_worth_nothing(shopify: Shopify, shop: str, name: str, refund: bool) -> None:
    order_id = orders.create(shopify.store, shop, spec_of(shop, name))
    shopify.topics()
    orders.cancel(shopify.store, shop, order_id, reason="CUSTOMER", refund=refund)
    order = shopify.data(ORDER, {"id": order_id}, shop=shop)["order"]
    assert order["closed"]
    assert order["cancelReason"] == "CUSTOMER"
    assert {order["currentTotalPriceSet"][side]["amount"] for side in SIDES} == {"0.0"}
    assert {order["currentTotalTaxSet"][side]["amount"] for side in SIDES} == {"0.0"}
    if refund and name not in ("authorized", "pending"):
        assert order["netPaymentSet"]["shopMoney"]["amount"] == "0.0"
    for event in shopify.events:
        schemas.check(event.topic, event.body)
    assert "orders/cancelled" in shopify.topics()
    levels = shopify.store.views(shop, "inventory_level")
    assert all(level["stock"]["committed"] == 0 for level in levels)


def test_a_till_sale_is_fulfilled_at_once(shopify: Shopify) -> None:
    place = shopify.first("location")["id"]
    order_id = orders.create(
        shopify.store, seed.ALPHA, {"lines": [{"sku": "ALP-MUG"}], "guest": True, "location_id": place}
    )
    order = shopify.data(ORDER, {"id": order_id})["order"]
    assert (order["sourceName"], order["displayFulfillmentStatus"]) == ("pos", "FULFILLED")


def test_a_company_buys_on_terms(shopify: Shopify) -> None:
    branch = shopify.first("company_location", shop=seed.BETA)
    spec = {
        "lines": [{"sku": "BET-BRETT", "quantity": 10}],
        "company_location_id": branch["id"],
        "payment_terms": {"type": "NET", "days": 30},
        "financial_state": "pending",
        "po_number": "PO-77",
    }
    order = shopify.data(ORDER, {"id": orders.create(shopify.store, seed.BETA, spec)}, shop=seed.BETA)[
        "order"
    ]
    assert order["purchasingEntity"]["__typename"] == "PurchasingCompany"
    assert order["paymentTerms"]["dueInDays"] == 30
    assert order["paymentTerms"]["paymentSchedules"]["nodes"][0]["dueAt"] == "2026-12-20T10:00:00Z"
    assert (order["poNumber"], order["displayFinancialStatus"]) == ("PO-77", "PENDING")
    for event in shopify.events:
        schemas.check(event.topic, event.body)
