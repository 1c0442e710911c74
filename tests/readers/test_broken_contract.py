"""What breaks the contract is refused with the path of what is broken; a float never becomes money."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kit.faults import Rejected
from sync.shopify import bodies, reader
from sync.shopify.bodies_values import GID
from tests.golden import corpus

FOLDER = corpus.HERE / "038_everything_at_once"
BODY = bodies.parse((FOLDER / "body.json").read_text())
NODE = bodies.parse((FOLDER / "node.json").read_text())["order"]


def changed(document: Any, path: str, value: Any) -> Any:
    """A copy with one value changed; `...` takes it out."""
    made = copy.deepcopy(document)
    place = made
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("admin_graphql_api_id", None, "admin_graphql_api_id"),
        ("admin_graphql_api_id", "6000000001", "admin_graphql_api_id"),
        ("admin_graphql_api_id", "gid://shopify/Product/1", "admin_graphql_api_id"),
        ("admin_graphql_api_id", "gid://shopify/Order/", "admin_graphql_api_id"),
        ("created_at", "0001-01-01T00:00:00+05:00", "created_at"),
        ("updated_at", "9999-12-31T23:59:59-05:00", "updated_at"),
        ("discount_applications", 5, "discount_applications"),
        ("discount_applications", "code", "discount_applications"),
        ("discount_applications", [None], "discount_applications[0]"),
        ("discount_applications", ["x"], "discount_applications[0]"),
        ("refunds", [{"order_adjustments": 5}], "refunds[0].order_adjustments"),
        ("refunds", [{"order_adjustments": [5]}], "refunds[0].order_adjustments[0]"),
        ("total_price_set.shop_money.amount", "1_81.91", "total_price_set"),
        ("total_price_set.shop_money.amount", " 181.91", "total_price_set"),
        ("total_price_set.shop_money.amount", "１８１.９１", "total_price_set"),
        ("total_price_set.shop_money.amount", "1e999999999", "total_price_set"),
        ("updated_at", "yesterday", "updated_at"),
        ("created_at", "2026-11-02T09:30:00", "created_at"),
        ("currency", "usd", "currency"),
        ("total_price_set", ..., "total_price_set"),
        ("total_price_set.shop_money.amount", 181.91, "total_price_set"),
        ("total_price_set.shop_money.amount", "many", "total_price_set"),
        ("total_price_set.shop_money.amount", "NaN", "total_price_set"),
        ("total_tip_received", 4.0, "total_tip_received"),
        ("line_items.1.admin_graphql_api_id", ..., "line_items[1].admin_graphql_api_id"),
        ("line_items.0.quantity", "3", "line_items[0].quantity"),
        ("line_items.0.quantity", True, "line_items[0].quantity"),
        ("line_items.0.tax_lines.1.price_set", None, "line_items[0].tax_lines[1].price_set"),
        ("line_items.0.tax_lines.0.rate", "a lot", "line_items[0].tax_lines[0].rate"),
        (
            "line_items.0.discount_allocations.0.amount_set",
            [],
            "line_items[0].discount_allocations[0].amount_set",
        ),
        ("line_items.0.duties.0.price_set", {}, "line_items[0].duties[0].price_set"),
        ("line_items", "none", "line_items"),
        ("line_items", {}, "line_items"),
        ("line_items.0", None, "line_items[0]"),
        ("shipping_lines.0.id", ..., "shipping_lines[0].id"),
        ("shipping_address", [1], "shipping_address"),
        ("shipping_address.city", {"a": 1}, "shipping_address.city"),
        ("taxes_included", "no", "taxes_included"),
        ("payment_terms", 30, "payment_terms"),
        ("customer.admin_graphql_api_id", None, "customer.admin_graphql_api_id"),
    ],
)
def test_a_broken_body_is_refused_with_its_path(path: str, value: Any, told: str) -> None:
    with pytest.raises(Rejected) as caught:
        bodies.order(changed(BODY, path, value))
    assert (caught.value.code, caught.value.field) == ("schema_drift", told)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("id", None, "id"),
        ("totalPriceSet", None, "totalPriceSet"),
        ("totalPriceSet.shopMoney.amount", 181.91, "totalPriceSet"),
        ("lineItems.nodes.0.originalUnitPriceSet", ..., "lineItems.nodes[0].originalUnitPriceSet"),
        ("lineItems.nodes", None, None),
        ("lineItems", "all", "lineItems"),
        (
            "lineItems.nodes.0.taxLines.0.priceSet.presentmentMoney",
            ...,
            "lineItems.nodes[0].taxLines[0].priceSet",
        ),
        ("shippingLines.nodes.0.id", None, "shippingLines.nodes[0].line.id"),
        ("transactions.0.amountSet", None, "transactions[0].amountSet"),
        ("createdAt", 5, "createdAt"),
        ("id", "gid://shopify/Product/1", "id"),
        ("currencyCode", "usd", "currencyCode"),
        ("currencyCode", {}, "currencyCode"),
        ("presentmentCurrencyCode", 5, "presentmentCurrencyCode"),
        ("totalCashRoundingAdjustment", "x", "totalCashRoundingAdjustment"),
        ("totalCashRoundingAdjustment.paymentSet", "x", "totalCashRoundingAdjustment.paymentSet"),
        (
            "purchasingEntity",
            {"company": {"id": f"{GID}Company/1"}, "location": 7},
            "purchasingEntity.location",
        ),
    ],
)
def test_a_broken_node_is_refused_with_its_path(path: str, value: Any, told: str | None) -> None:
    if told is None:
        assert reader.order(changed(NODE, path, value)).lines == ()
        return
    with pytest.raises(Rejected) as caught:
        reader.order(changed(NODE, path, value))
    assert (caught.value.code, caught.value.field) == ("schema_drift", told)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[1,", b"[" * 100_000, b'{"a":' * 100_000])
def test_something_that_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        bodies.parse(raw)
    assert caught.value.code == "schema_drift"


@pytest.mark.parametrize("body", [None, [], "order", 5, {}])
def test_something_that_is_not_an_order_is_refused(body: Any) -> None:
    with pytest.raises(Rejected):
        bodies.order(body)


def test_numbers_of_a_body_stay_exact() -> None:
    parsed = bodies.parse('{"rate": 0.1, "amount": "0.10"}')
    assert str(parsed["rate"]) == "0.1"


def test_characters_that_no_database_takes_are_replaced() -> None:
    parsed = bodies.parse(b'{"title": "\\u0000 half \\ud83d, whole \\ud83d\\ude00", "note": "\xed\xa0\x80"}')
    assert parsed == {"title": "\ufffd half \ufffd, whole \U0001f600", "note": "\ufffd"}


def test_a_rounded_numeric_id_does_not_matter() -> None:
    assert bodies.order(changed(BODY, "id", 820982911946154500)) == bodies.order(BODY)


def test_personal_data_is_not_part_of_the_fault() -> None:
    with pytest.raises(Rejected) as caught:
        bodies.order(changed(BODY, "shipping_address.city", {"secret": "Albany"}))
    assert "Albany" not in f"{caught.value} {caught.value.detail}"
