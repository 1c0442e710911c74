"""What happens to an order afterwards: refunds, edits, parcels and returns keep the ledger true."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.shopify import seed
from sandbox.shopify.commands import fulfilments, orders, products, refunds, returns, stock
from sandbox.shopify.commands.order_store import Refused
from tests.sandbox.admin import schemas
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.specs import ALPHA_SPECS, BETA_SPECS, ORDER, PLAIN

SIDES = ("shopMoney", "presentmentMoney")


def read(shopify: Shopify, order_id: str, shop: str = seed.ALPHA) -> dict[str, Any]:
    order: dict[str, Any] = shopify.data(ORDER, {"id": order_id}, shop=shop)["order"]
    return order


def ledger(order: dict[str, Any], side: str = "shopMoney") -> Decimal:
    return sum(
        (
            Decimal(sale["totalAmount"][side]["amount"])
            for agreement in order["agreements"]["nodes"]
            for sale in agreement["sales"]["nodes"]
        ),
        Decimal(0),
    )


def check_bodies(shopify: Shopify) -> None:
    for event in shopify.events:
        if event.topic in schemas.topics():
            schemas.check(event.topic, event.body)


def test_a_refunded_line_goes_back_to_the_shelf_and_the_money_to_the_card(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    shopify.topics()
    refunds.create(
        shopify.store,
        seed.ALPHA,
        order_id,
        {"lines": [{"sku": "ALP-MUG", "quantity": 1, "restock_type": "CANCEL"}]},
    )
    order = read(shopify, order_id)
    # 33.33 and two taxes of 4 % and 4.875 %, each a third of what was rounded over three mugs
    assert order["totalRefundedSet"]["shopMoney"]["amount"] == "36.28"
    assert order["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert ledger(order) == Decimal(order["currentTotalPriceSet"]["shopMoney"]["amount"])
    assert [a["__typename"] for a in order["agreements"]["nodes"]] == ["OrderAgreement", "RefundAgreement"]
    check_bodies(shopify)
    assert set(shopify.topics()) >= {"orders/updated", "refunds/create", "order_transactions/create"}


def test_three_refunds_of_one_piece_are_exactly_the_line(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, ALPHA_SPECS["discounted"])
    for _ in range(3):
        refunds.create(shopify.store, seed.ALPHA, order_id, {"lines": [{"sku": "ALP-MUG"}]})
    order = read(shopify, order_id)
    left = [
        s for a in order["agreements"]["nodes"] for s in a["sales"]["nodes"] if s["lineType"] == "PRODUCT"
    ]
    mugs = [s for s in left if s["lineItem"]["sku"] == "ALP-MUG"]
    for side in SIDES:
        assert sum(Decimal(s["totalAmount"][side]["amount"]) for s in mugs) == 0
        assert sum(Decimal(s["totalTaxAmount"][side]["amount"]) for s in mugs) == 0


def test_a_refund_of_a_bare_amount_is_an_adjustment(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.BETA, BETA_SPECS["two rates"])
    shopify.topics()
    refunds.create(shopify.store, seed.BETA, order_id, {"amount": "7.50", "note": "Dent"})
    order = read(shopify, order_id, seed.BETA)
    sale = order["agreements"]["nodes"][1]["sales"]["nodes"][0]
    assert (sale["__typename"], sale["totalAmount"]["shopMoney"]["amount"]) == ("AdjustmentSale", "-7.5")
    assert ledger(order) == Decimal(order["netPaymentSet"]["shopMoney"]["amount"])
    check_bodies(shopify)


def test_shipping_is_refunded_with_its_tax(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    shopify.topics()
    refunds.create(shopify.store, seed.ALPHA, order_id, {"shipping": True})
    order = read(shopify, order_id)
    row = order["refunds"][0]["refundShippingLines"]["nodes"][0]
    assert row["subtotalAmountSet"]["shopMoney"]["amount"] == "7.9"
    assert row["taxAmountSet"]["shopMoney"]["amount"] == "0.71"
    assert order["currentShippingPriceSet"]["shopMoney"]["amount"] == "0.0"
    check_bodies(shopify)


def test_a_gift_card_and_a_card_are_both_paid_back(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, ALPHA_SPECS["paid by gift card in part"])
    orders.cancel(shopify.store, seed.ALPHA, order_id)
    order = read(shopify, order_id)
    assert sorted(t["gateway"] for t in order["transactions"] if t["kind"] == "REFUND") == [
        "gift_card",
        "shopify_payments",
    ]
    assert order["displayFinancialStatus"] == "REFUNDED"


def test_a_word_that_no_order_has_is_refused_and_not_passed_over(shopify: Shopify) -> None:
    told = len(shopify.events)
    with pytest.raises(Refused, match="an order has no financial_status"):
        orders.create(shopify.store, seed.ALPHA, {**PLAIN, "financial_status": "pending"})
    assert shopify.store.all(seed.ALPHA, "order") == []
    assert len(shopify.events) == told


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"amount": "9999"}, "greater than net payment"),
        ({"lines": [{"sku": "ALP-MUG", "quantity": 4}]}, "more items than were purchased"),
        ({"shipping": "8.00"}, "greater than the shipping"),
        (
            {"lines": [{"sku": "ALP-MUG", "restock_type": "CANCEL"}], "amount": "9999"},
            "greater than net payment",
        ),
    ],
)
def test_more_than_there_is_cannot_be_refunded(shopify: Shopify, spec: dict[str, Any], message: str) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    told = len(shopify.events)
    before = (
        shopify.store.get(seed.ALPHA, "order", order_id),
        shopify.store.all(seed.ALPHA, "inventory_level"),
    )
    with pytest.raises(Refused, match=message):
        refunds.create(shopify.store, seed.ALPHA, order_id, spec)
    assert before == (
        shopify.store.get(seed.ALPHA, "order", order_id),
        shopify.store.all(seed.ALPHA, "inventory_level"),
    )
    assert len(shopify.events) == told


def test_an_edit_adds_raises_and_lowers(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, ALPHA_SPECS["discounted"])
    original = read(shopify, order_id)
    shopify.topics()
    orders.edit(
        shopify.store,
        seed.ALPHA,
        order_id,
        {
            "add": [{"sku": "ALP-TORCH", "quantity": 2}],
            "set_quantity": [{"sku": "ALP-MUG", "quantity": 1}, {"sku": "ALP-SPORK", "quantity": 9}],
        },
    )
    order = read(shopify, order_id)
    assert {
        line["sku"]: (line["quantity"], line["currentQuantity"]) for line in order["lineItems"]["nodes"]
    } == {
        "ALP-MUG": (3, 1),
        "ALP-SPORK": (9, 9),
        "ALP-BARS": (1, 1),
        "ALP-TORCH": (2, 2),
    }
    for side in SIDES:
        assert ledger(order, side) == Decimal(order["currentTotalPriceSet"][side]["amount"])
    assert order["originalTotalPriceSet"] == original["totalPriceSet"]
    agreement = order["agreements"]["nodes"][1]
    assert (agreement["__typename"], agreement["reason"]) == ("OrderEditAgreement", "ORDER_EDIT")
    assert order["agreements"]["nodes"][0] == original["agreements"]["nodes"][0]
    body = next(event.body for event in shopify.events if event.topic == "orders/edited")["order_edit"]
    assert [one["delta"] for one in body["line_items"]["additions"]] == [2, 2]
    assert [one["delta"] for one in body["line_items"]["removals"]] == [2]
    check_bodies(shopify)


def test_an_edit_of_a_paid_order_leaves_it_partly_paid(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    orders.edit(shopify.store, seed.ALPHA, order_id, {"add": [{"sku": "ALP-SPORK", "quantity": 5}]})
    order = read(shopify, order_id)
    assert (order["displayFinancialStatus"], order["edited"]) == ("PARTIALLY_PAID", True)
    orders.pay(shopify.store, seed.ALPHA, order_id)
    assert read(shopify, order_id)["displayFinancialStatus"] == "PAID"


def test_parcels_leave_in_parts_and_can_be_called_off(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    shopify.topics()
    info = {"company": "UPS", "number": "1Z1", "url": "https://ups.example/1Z1"}
    first = fulfilments.create(shopify.store, seed.ALPHA, order_id, lines={"ALP-MUG": 2}, tracking=info)
    order = read(shopify, order_id)
    assert order["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    assert order["fulfillments"][0]["trackingInfo"] == [info]
    fulfilments.create(shopify.store, seed.ALPHA, order_id, tracking=info)
    assert read(shopify, order_id)["displayFulfillmentStatus"] == "FULFILLED"
    fulfilments.track(shopify.store, seed.ALPHA, first, {"company": "DHL", "numbers": ["A", "B"]})
    assert [one["number"] for one in read(shopify, order_id)["fulfillments"][0]["trackingInfo"]] == ["A", "B"]
    fulfilments.cancel(shopify.store, seed.ALPHA, first)
    fulfilments.cancel(shopify.store, seed.ALPHA, first)
    order = read(shopify, order_id)
    assert (order["fulfillments"][0]["status"], order["fulfillments"][0]["displayStatus"]) == (
        "CANCELLED",
        "CANCELED",
    )
    assert order["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    check_bodies(shopify)


def test_a_return_unsells_at_once_and_the_refund_only_moves_money(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    fulfilments.create(shopify.store, seed.ALPHA, order_id)
    shopify.topics()
    return_id = returns.request(
        shopify.store, seed.ALPHA, order_id, {"lines": [{"sku": "ALP-MUG", "quantity": 2}]}
    )
    assert read(shopify, order_id)["returnStatus"] == "RETURN_REQUESTED"
    returns.approve(shopify.store, seed.ALPHA, return_id)
    order = read(shopify, order_id)
    assert order["returnStatus"] == "IN_PROGRESS"
    assert order["agreements"]["nodes"][1]["return"]["id"] == return_id
    assert Decimal(order["totalOutstandingSet"]["shopMoney"]["amount"]) < 0
    assert ledger(order) == Decimal(order["currentTotalPriceSet"]["shopMoney"]["amount"])
    returns.close(shopify.store, seed.ALPHA, return_id)
    returns.close(shopify.store, seed.ALPHA, return_id)
    assert read(shopify, order_id)["returnStatus"] == "RETURNED"
    check_bodies(shopify)
    assert [topic for topic in shopify.topics() if topic.startswith("returns/")] == [
        "returns/request",
        "returns/approve",
        "returns/close",
    ]


def test_a_cancelled_return_sells_again(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    fulfilments.create(shopify.store, seed.ALPHA, order_id)
    before = read(shopify, order_id)["currentTotalPriceSet"]
    return_id = returns.create(
        shopify.store, seed.ALPHA, order_id, {"lines": [{"sku": "ALP-MUG"}], "shipping_fee": "4.00"}
    )
    assert read(shopify, order_id)["currentTotalPriceSet"] != before
    returns.cancel(shopify.store, seed.ALPHA, return_id)
    order = read(shopify, order_id)
    assert order["currentTotalPriceSet"] == before
    assert ledger(order) == Decimal(before["shopMoney"]["amount"])


def test_counted_stock_and_new_prices_are_told(shopify: Shopify) -> None:
    stock.set(shopify.store, seed.ALPHA, "ALP-MUG", available=7)
    product = shopify.first("product")
    products.update(
        shopify.store,
        seed.ALPHA,
        product["id"],
        {"variants": [{"sku": "ALP-TENT-2P", "price": "199", "cost": "90.5"}]},
    )
    check_bodies(shopify)
    bodies = {event.topic: event.body for event in shopify.events}
    assert bodies["inventory_levels/update"]["available"] == 7
    assert bodies["products/update"]["variants"][0]["price"] == "199.00"
    assert bodies["inventory_items/update"]["cost"] == "90.5"


STEPS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"act": st.just("refund"), "quantity": st.integers(1, 2), "sku": st.sampled_from("MS")}
        ),
        st.fixed_dictionaries(
            {"act": st.just("edit"), "quantity": st.integers(0, 5), "sku": st.sampled_from("MS")}
        ),
        st.fixed_dictionaries(
            {"act": st.just("amount"), "quantity": st.integers(1, 900), "sku": st.just("M")}
        ),
        st.fixed_dictionaries(
            {"act": st.just("ship"), "quantity": st.integers(1, 2), "sku": st.sampled_from("MS")}
        ),
        st.fixed_dictionaries(
            {"act": st.just("return"), "quantity": st.integers(1, 2), "sku": st.sampled_from("MS")}
        ),
        st.fixed_dictionaries({"act": st.just("pay"), "quantity": st.just(1), "sku": st.just("M")}),
    ),
    max_size=8,
)
SKUS = {"M": "ALP-MUG", "S": "ALP-SHIRT-M"}


@settings(max_examples=25)
@given(steps=STEPS, currency=st.sampled_from(["USD", "JPY", "EUR"]), cancel=st.booleans())
def test_whatever_happens_the_ledger_is_the_current_total(
    steps: list[dict[str, Any]], currency: str, cancel: bool
) -> None:
    shopify = Shopify()
    store, shop = shopify.store, seed.ALPHA
    spec = {**ALPHA_SPECS["discounted"], "lines": PLAIN["lines"], "presentment_currency": currency}
    order_id = orders.create(store, shop, spec)
    for step in steps:
        sku, quantity = SKUS[step["sku"]], step["quantity"]
        try:
            match step["act"]:
                case "refund":
                    refunds.create(store, shop, order_id, {"lines": [{"sku": sku, "quantity": quantity}]})
                case "edit":
                    change = {"set_quantity": [{"sku": sku, "quantity": quantity}]}
                    orders.edit(store, shop, order_id, change)
                case "amount":
                    refunds.create(store, shop, order_id, {"amount": str(Decimal(quantity) / 100)})
                case "ship":
                    fulfilments.create(store, shop, order_id, lines={sku: quantity})
                case "return":
                    returns.create(store, shop, order_id, {"lines": [{"sku": sku, "quantity": quantity}]})
                case "pay":
                    orders.pay(store, shop, order_id)
        except Refused:
            continue
    if cancel:
        orders.cancel(store, shop, order_id)
    order = read(shopify, order_id)
    for side in SIDES:
        assert ledger(order, side) == Decimal(order["currentTotalPriceSet"][side]["amount"])
        if cancel:
            assert ledger(order, side) == 0
    for line in order["lineItems"]["nodes"]:
        assert 0 <= line["currentQuantity"] <= line["quantity"]
        assert line["unfulfilledQuantity"] >= 0
    check_bodies(shopify)
