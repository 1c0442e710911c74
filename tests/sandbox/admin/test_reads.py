"""Lists and look-ups: paging, searching, sorting, and what reads as null."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sandbox.shopify import seed
from sandbox.shopify.commands import orders
from tests.sandbox.admin.conftest import Shopify


def make_orders(shopify: Shopify, count: int) -> list[str]:
    made = []
    for _ in range(count):
        made.append(
            orders.create(shopify.store, seed.ALPHA, {"lines": [{"sku": "ALP-SPORK"}], "guest": True})
        )
        shopify.wait(seconds=1)
    return made


PAGE = """
query Page($first: Int!, $after: String, $query: String, $sort: OrderSortKeys, $reverse: Boolean) {
  orders(first: $first, after: $after, query: $query, sortKey: $sort, reverse: $reverse) {
    nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }
"""


def walk(shopify: Shopify, **variables: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = shopify.data(PAGE, {"first": 2, "after": after, **variables})["orders"]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("sort", ["ID", "CREATED_AT", "UPDATED_AT", "PROCESSED_AT", "ORDER_NUMBER"])
@pytest.mark.parametrize("reverse", [False, True])
def test_pages_give_every_row_once(shopify: Shopify, sort: str, reverse: bool) -> None:
    made = make_orders(shopify, 5)
    assert walk(shopify, sort=sort, reverse=reverse) == (made[::-1] if reverse else made)


def test_a_row_that_changes_between_two_pages_is_seen_again_and_none_is_lost(shopify: Shopify) -> None:
    made = make_orders(shopify, 4)
    first = shopify.data(PAGE, {"first": 2, "sort": "UPDATED_AT"})["orders"]
    orders.update(shopify.store, seed.ALPHA, made[0], {"note": "touched"})
    second = shopify.data(PAGE, {"first": 5, "sort": "UPDATED_AT", "after": first["pageInfo"]["endCursor"]})[
        "orders"
    ]
    assert [node["id"] for node in second["nodes"]] == [made[2], made[3], made[0]]


def test_a_cursor_names_the_last_row(shopify: Shopify) -> None:
    made = make_orders(shopify, 2)
    page = shopify.data(PAGE, {"first": 1, "sort": "CREATED_AT"})["orders"]
    assert json.loads(base64.b64decode(page["edges"][0]["cursor"])) == {
        "last_id": int(made[0].rsplit("/", 1)[1]),
        "last_value": "2026-11-20 10:00:00.000000",
    }


def test_an_empty_page_has_no_cursors(shopify: Shopify) -> None:
    page = shopify.data(PAGE, {"first": 5})["orders"]
    empty = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert page == {"nodes": [], "edges": [], "pageInfo": empty}


SEARCHES = [
    ("updated_at:>='2026-11-20T10:00:02Z'", [2, 3]),
    ('created_at:<"2026-11-20T10:00:01Z"', [0]),
    ("name:#1002", [1]),
    ("name:1002 OR name:1004", [1, 3]),
    ("-name:1002", [0, 2, 3]),
    ("NOT (name:1002 OR name:1003)", [0, 3]),
    ("status:open", [0, 1, 2, 3]),
    ("status:cancelled", []),
    ("financial_status:paid AND name:1001", [0]),
    ("sku:ALP-SPORK", [0, 1, 2, 3]),
    ("tag:(x", []),
]


@pytest.mark.parametrize(("query", "places"), SEARCHES)
def test_orders_are_found_by_search(shopify: Shopify, query: str, places: list[int]) -> None:
    made = make_orders(shopify, 4)
    assert walk(shopify, query=query) == [made[place] for place in places]


def test_an_unknown_search_field_is_ignored_with_a_warning(shopify: Shopify) -> None:
    make_orders(shopify, 2)
    body = shopify.ask(PAGE, {"first": 5, "query": "nonsense:1"})
    assert len(body["data"]["orders"]["nodes"]) == 2
    assert body["extensions"]["search"] == [
        {
            "path": ["orders"],
            "query": "nonsense:1",
            "parsed": {},
            "warnings": [
                {
                    "field": "nonsense",
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            ],
        }
    ]


def test_unknown_records_read_as_null(shopify: Shopify) -> None:
    assert shopify.data(
        '{ product(id: "gid://shopify/Product/1") { id } order(id: "gid://shopify/Order/0") { id }'
        ' nodes(ids: ["gid://shopify/Customer/1", "gid://shopify/Order/2"]) { id } }'
    ) == {"product": None, "order": None, "nodes": [None, None]}


def test_counts_say_how_sure_they_are(shopify: Shopify) -> None:
    make_orders(shopify, 3)
    found = shopify.data(
        "{ a: ordersCount { count precision } b: ordersCount(limit: 2) { count precision } }"
    )
    assert found == {"a": {"count": 3, "precision": "EXACT"}, "b": {"count": 2, "precision": "AT_LEAST"}}


def test_the_shop_and_its_places_read(shopify: Shopify) -> None:
    found = shopify.data(
        "{ shop { id name currencyCode taxesIncluded ianaTimezone myshopifyDomain plan { publicDisplayName }"
        " enabledPresentmentCurrencies shopAddress { city countryCodeV2 } primaryDomain { host } }"
        " publicApiVersions { handle supported } location { name }"
        " locations(first: 5) { nodes { name isActive fulfillsOnlineOrders address { city countryCode } } } }",
        shop=seed.BETA,
    )
    assert (found["shop"]["currencyCode"], found["shop"]["taxesIncluded"]) == ("EUR", True)
    assert "JPY" in found["shop"]["enabledPresentmentCurrencies"]
    assert {"handle": "2026-10", "supported": True} in found["publicApiVersions"]
    assert [one["name"] for one in found["locations"]["nodes"]] == ["Laden Berlin", "Lager Hamburg"]
    assert found["location"]["name"] == "Lager Hamburg"


def test_goods_are_found_by_sku_and_barcode(shopify: Shopify) -> None:
    sku, title, price, barcode = seed.catalogue(seed.ALPHA)[2]
    text = (
        "query Q($q: String!) { productVariants(first: 5, query: $q) { nodes { sku barcode price displayName"
        " inventoryQuantity inventoryItem { tracked requiresShipping unitCost { amount } measurement { weight { unit"
        " value } } } product { title status isGiftCard } selectedOptions { name value } } } }"
    )
    by_sku = shopify.data(text, {"q": f"sku:{sku}"})["productVariants"]["nodes"]
    by_barcode = shopify.data(text, {"q": f"barcode:{barcode}"})["productVariants"]["nodes"]
    assert by_sku == by_barcode
    assert (by_sku[0]["sku"], by_sku[0]["price"], by_sku[0]["displayName"]) == (sku, price, title)


def test_both_shops_sell_digital_goods_and_gift_cards_and_never_see_each_other(shopify: Shopify) -> None:
    for shop, prefix in ((seed.ALPHA, "ALP-"), (seed.BETA, "BET-")):
        rows = shopify.data(
            "{ products(first: 50) { nodes { isGiftCard variants(first: 5) { nodes { sku barcode inventoryItem {"
            " requiresShipping } } } } } }",
            shop=shop,
        )["products"]["nodes"]
        assert len(rows) == 12
        assert any(row["isGiftCard"] for row in rows)
        variants = [variant for row in rows for variant in row["variants"]["nodes"]]
        assert all(
            variant["sku"].startswith(prefix) and len(variant["barcode"]) == 13 for variant in variants
        )
        assert any(not variant["inventoryItem"]["requiresShipping"] for variant in variants)
        assert len({variant["barcode"] for variant in variants}) == len(variants)


def test_seeds_are_the_same_everywhere(shopify: Shopify) -> None:
    other = Shopify()
    for kind in ("product", "product_variant", "customer", "location", "inventory_level", "price_list"):
        assert shopify.store.all(seed.BETA, kind) == other.store.all(seed.BETA, kind)
    seed.seed(other.store)
    assert len(other.store.all(seed.BETA, "product")) == 12


def test_customers_companies_and_payouts_read(shopify: Shopify) -> None:
    found = shopify.data(
        "{ customers(first: 2, sortKey: UPDATED_AT) { nodes { displayName email defaultEmailAddress { emailAddress }"
        " addressesV2(first: 5) { nodes { city countryCodeV2 } } defaultAddress { city } numberOfOrders amountSpent"
        " { amount } tags taxExempt } }"
        " companies(first: 1) { nodes { name externalId locations(first: 5) { nodes { name shippingAddress { city }"
        " catalogs(first: 2) { nodes { title priceList { name prices(first: 3) { nodes { price { amount } originType"
        " variant { sku } } } } } } } } contacts(first: 2) { nodes { customer { email } isMainContact } } } }"
        " shopifyPaymentsAccount { payouts(first: 5) { nodes { status net { amount } issuedAt summary { chargesFee {"
        " amount } } } } balanceTransactions(first: 5) { nodes { type amount { amount } fee { amount } net { amount }"
        " associatedPayout { id status } } } } }"
    )
    assert found["customers"]["nodes"][0]["displayName"] == "Nora Fields"
    location = found["companies"]["nodes"][0]["locations"]["nodes"][0]
    prices = location["catalogs"]["nodes"][0]["priceList"]["prices"]["nodes"]
    assert prices[0] == {
        "price": {"amount": "224.1"},
        "originType": "RELATIVE",
        "variant": {"sku": "ALP-TENT-2P"},
    }
    assert [row["status"] for row in found["shopifyPaymentsAccount"]["payouts"]["nodes"]] == [
        "PAID",
        "PAID",
        "SCHEDULED",
    ]
