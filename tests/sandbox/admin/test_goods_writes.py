"""Products, variants, tags, metafields and prices written by apps."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify import seed
from tests.sandbox.admin import schemas
from tests.sandbox.admin.conftest import Shopify

Row = dict[str, Any]
BULK = """
mutation Bulk($id: ID!, $variants: [ProductVariantsBulkInput!]!, $partial: Boolean) {
  productVariantsBulkUpdate(productId: $id, variants: $variants, allowPartialUpdates: $partial) {
    product { id } productVariants { id price sku inventoryItem { unitCost { amount } } }
    userErrors { field code message } } }
"""
SET = """
mutation Set($input: ProductSetInput!, $identifier: ProductSetIdentifiers) {
  productSet(input: $input, identifier: $identifier) {
    product { id title handle vendor tags totalInventory variants(first: 9) { nodes { id sku price title } } }
    userErrors { field code message } } }
"""
METAFIELDS = """
mutation Meta($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
  metafields { namespace key type value jsonValue compareDigest }
  userErrors { field code message elementIndex } } }
"""
PRICES = """
mutation Prices($list: ID!, $prices: [PriceListPriceInput!]!) {
  priceListFixedPricesAdd(priceListId: $list, prices: $prices) {
    prices { originType price { amount currencyCode } variant { sku } } userErrors { field code message } } }
"""
RULES = """
mutation Rules($list: ID!, $rules: [QuantityRuleInput!]!) {
  quantityRulesAdd(priceListId: $list, quantityRules: $rules) {
    quantityRules { minimum maximum increment productVariant { sku } } userErrors { field code message } } }
"""


def send(shopify: Shopify, text: str, variables: Row) -> Row:
    payload: Row = next(iter(shopify.data(text, variables).values()))
    return payload


def shirt(shopify: Shopify) -> Row:
    return next(row for row in shopify.store.all(seed.ALPHA, "product") if row["title"] == "Merino Shirt")


def test_variants_take_prices_skus_and_costs(shopify: Shopify) -> None:
    product = shirt(shopify)
    wish = {"id": product["variantIds"][0], "price": "70", "inventoryItem": {"sku": "ALP-S", "cost": "24.1"}}
    payload = send(shopify, BULK, {"id": product["id"], "variants": [wish]})
    assert payload["productVariants"] == [
        {
            "id": wish["id"],
            "price": "70.00",
            "sku": "ALP-S",
            "inventoryItem": {"unitCost": {"amount": "24.1"}},
        }
    ]
    assert shopify.topics() == ["inventory_items/update", "products/update"]


BULK_FAULTS: list[tuple[Row, str, list[str]]] = [
    ({"price": "1"}, "PRODUCT_VARIANT_ID_MISSING", ["variants", "0", "id"]),
    ({"id": "gid://shopify/ProductVariant/1"}, "PRODUCT_VARIANT_DOES_NOT_EXIST", ["variants", "0", "id"]),
    ({"own": True, "price": "-1"}, "GREATER_THAN_OR_EQUAL_TO", ["variants", "0", "price"]),
    (
        {"own": True, "inventoryQuantities": []},
        "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
        ["variants", "0", "inventoryQuantities"],
    ),
]


@pytest.mark.parametrize(("wish", "code", "field"), BULK_FAULTS)
def test_a_bad_variant_keeps_the_good_ones_out_too(
    shopify: Shopify, wish: Row, code: str, field: list[str]
) -> None:
    product = shirt(shopify)
    bad = {key: value for key, value in wish.items() if key != "own"}
    if wish.get("own"):
        bad["id"] = product["variantIds"][0]
    good = {"id": product["variantIds"][1], "price": "1.00"}
    payload = send(shopify, BULK, {"id": product["id"], "variants": [bad, good]})
    assert payload["productVariants"] is None
    assert [(one["code"], one["field"]) for one in payload["userErrors"]] == [(code, field)]
    assert (shopify.store.view(seed.ALPHA, "product_variant", good["id"]) or {})["price"] == "64.50"
    partial = send(shopify, BULK, {"id": product["id"], "variants": [bad, good], "partial": True})
    assert [one["price"] for one in partial["productVariants"]] == ["1.00"]


def test_product_set_makes_and_replaces(shopify: Shopify) -> None:
    place = shopify.first("location")["id"]
    variants = [
        {
            "optionValues": [{"optionName": "Color", "name": color}],
            "sku": f"ALP-NEW-{color}",
            "price": "5",
            "inventoryItem": {"tracked": True},
            "inventoryQuantities": [{"locationId": place, "name": "available", "quantity": 4}],
        }
        for color in ("Red", "Blue")
    ]
    options = [{"name": "Color", "values": [{"name": "Red"}, {"name": "Blue"}]}]
    wish = {
        "title": "Another  Weird/Handle 300 %",
        "tags": ["b", "A"],
        "productOptions": options,
        "variants": variants,
    }
    made = send(shopify, SET, {"input": wish})["product"]
    assert (made["handle"], made["vendor"], made["tags"]) == (
        "another-weird-handle-300",
        "Alpha Outdoor",
        ["A", "b"],
    )
    assert made["totalInventory"] == 8
    schemas.check("products/create", {**shopify.events[-1].body, "image": None})
    fewer = {"variants": variants[:1], "productOptions": [{"name": "Color", "values": [{"name": "Red"}]}]}
    changed = send(shopify, SET, {"input": fewer, "identifier": {"id": made["id"]}})
    assert changed["product"]["id"] == made["id"]
    assert changed["product"]["variants"]["nodes"] == made["variants"]["nodes"][:1]


SET_FAULTS: list[tuple[Row, str, list[str]]] = [
    ({"input": {"id": "gid://shopify/Product/1"}}, "PRODUCT_DOES_NOT_EXIST", ["input", "id"]),
    (
        {"input": {"id": "gid://shopify/Product/1"}, "identifier": {"id": "gid://shopify/Product/1"}},
        "ID_NOT_ALLOWED",
        ["input"],
    ),
    ({"input": {"title": "T", "productOptions": []}}, "VARIANTS_INPUT_MISSING", ["input", "variants"]),
    ({"input": {"title": "T", "handle": "Merino Shirt"}}, "HANDLE_NOT_UNIQUE", ["input", "handle"]),
]


@pytest.mark.parametrize(("variables", "code", "field"), SET_FAULTS)
def test_a_refused_product_set(shopify: Shopify, variables: Row, code: str, field: list[str]) -> None:
    errors = send(shopify, SET, variables)["userErrors"]
    assert (code, field) in [(one["code"], one["field"]) for one in errors]


def test_tags_are_added_and_taken_off(shopify: Shopify) -> None:
    text = (
        "mutation T($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id }"
        " userErrors { field message } } }"
    )
    customer = shopify.first("customer")
    send(shopify, text, {"id": customer["id"], "tags": ["ERP", "VIP"]})
    assert (shopify.store.view(seed.ALPHA, "customer", customer["id"]) or {})["tags"] == [
        "ERP",
        "newsletter",
        "vip",
    ]
    schemas.check("customers/update", shopify.events[-1].body)
    unknown = send(shopify, text, {"id": "gid://shopify/Product/1", "tags": ["x"]})
    assert unknown == {"node": None, "userErrors": [{"field": ["id"], "message": "Product does not exist"}]}


VALUES = [
    ("boolean", " TRUE ", "true", True),
    ("boolean", "f", "false", "false"),
    ("number_integer", "5.0", "5", 5),
    ("number_decimal", "1.1234567891", "1.123456789", "1.123456789"),
    ("json", '{"a":1}', '{"a":1}', {"a": 1}),
    ("single_line_text_field", "x", "x", "x"),
]


@pytest.mark.parametrize(("kind", "value", "kept", "read"), VALUES)
def test_metafields_are_normalised_and_read_back(
    shopify: Shopify, kind: str, value: str, kept: str, read: object
) -> None:
    owner = shirt(shopify)["id"]
    wish = {"ownerId": owner, "key": "field", "type": kind, "value": value}
    made = send(shopify, METAFIELDS, {"m": [wish]})["metafields"][0]
    assert (made["namespace"], made["value"], made["jsonValue"]) == ("app--app", kept, read)
    found = shopify.data(f'{{ product(id: "{owner}") {{ metafield(key: "field") {{ value }} }} }}')
    assert found["product"]["metafield"] == {"value": kept}


M0 = ["metafields", "0"]
META_FAULTS: list[tuple[Row, str | None, list[str], str]] = [
    ({"type": None}, "BLANK", [*M0, "type"], "Type can't be blank"),
    ({"ownerId": "gid://shopify/Product/1"}, "INVALID_VALUE", [*M0, "ownerId"], "Owner does not exist."),
    ({"type": "number_integer", "value": "+5"}, "INVALID_VALUE", [*M0, "value"], "Value must be an integer."),
    ({"key": "a"}, "TOO_SHORT", [*M0, "key"], "Key is too short (minimum is 2 characters)"),
    ({"namespace": "protected"}, None, [*M0, "namespace"], "Namespace protected is a reserved namespace"),
    ({"compareDigest": "x"}, "INVALID_COMPARE_DIGEST", M0, "Invalid `compareDigest` value."),
]


@pytest.mark.parametrize(("more", "code", "field", "message"), META_FAULTS)
def test_a_bad_metafield_keeps_all_out(
    shopify: Shopify, more: Row, code: str | None, field: list[str], message: str
) -> None:
    good = {"ownerId": shirt(shopify)["id"], "key": "good", "type": "single_line_text_field", "value": "x"}
    payload = send(shopify, METAFIELDS, {"m": [{**good, "key": "bad", **more}, good]})
    assert payload == {
        "metafields": [],
        "userErrors": [{"field": field, "code": code, "message": message, "elementIndex": None}],
    }
    assert shopify.store.all(seed.ALPHA, "metafield") == []


def test_a_stale_digest_is_refused(shopify: Shopify) -> None:
    wish = {"ownerId": shirt(shopify)["id"], "key": "erp", "type": "single_line_text_field", "value": "1"}
    digest = send(shopify, METAFIELDS, {"m": [wish]})["metafields"][0]["compareDigest"]
    assert (
        send(shopify, METAFIELDS, {"m": [{**wish, "value": "2", "compareDigest": digest}]})["userErrors"]
        == []
    )
    stale = send(shopify, METAFIELDS, {"m": [{**wish, "value": "3", "compareDigest": digest}]})["userErrors"]
    assert stale[0]["code"] == "STALE_OBJECT"
    many = send(shopify, METAFIELDS, {"m": [{**wish, "key": f"k{n:02}"} for n in range(26)]})
    assert many["metafields"] is None
    assert many["userErrors"][0]["message"] == "Exceeded the maximum metafields input limit of 25."


def price(variant: str, amount: str = "812.34", currency: str = "EUR") -> Row:
    return {"variantId": variant, "price": {"amount": amount, "currencyCode": currency}}


def test_fixed_prices_and_quantity_rules(shopify: Shopify) -> None:
    kept = shopify.first("price_list", shop=seed.BETA)["id"]
    variant = shopify.first("product_variant", shop=seed.BETA)
    made = shopify.data(PRICES, {"list": kept, "prices": [price(variant["id"])]}, shop=seed.BETA)
    assert made["priceListFixedPricesAdd"]["prices"] == [
        {
            "originType": "FIXED",
            "price": {"amount": "812.34", "currencyCode": "EUR"},
            "variant": {"sku": variant["sku"]},
        }
    ]
    rule = {"variantId": variant["id"], "minimum": 6, "maximum": 60, "increment": 3}
    ruled = shopify.data(RULES, {"list": kept, "rules": [rule]}, shop=seed.BETA)["quantityRulesAdd"]
    assert ruled["quantityRules"] == [
        {"minimum": 6, "maximum": 60, "increment": 3, "productVariant": {"sku": variant["sku"]}}
    ]
    bad = shopify.data(RULES, {"list": kept, "rules": [{**rule, "increment": 4}]}, shop=seed.BETA)[
        "quantityRulesAdd"
    ]
    assert [one["code"] for one in bad["userErrors"]] == ["MINIMUM_NOT_MULTIPLE_OF_INCREMENT"]


def test_refused_prices(shopify: Shopify) -> None:
    kept = shopify.first("price_list")["id"]
    variant = shopify.first("product_variant")["id"]
    unknown_list = send(shopify, PRICES, {"list": "gid://shopify/PriceList/1", "prices": [price(variant)]})
    assert (unknown_list["prices"], unknown_list["userErrors"][0]["code"]) == (None, "PRICE_LIST_NOT_FOUND")
    unknown = send(shopify, PRICES, {"list": kept, "prices": [price("gid://shopify/ProductVariant/1")]})
    assert (unknown["prices"], unknown["userErrors"][0]["field"]) == ([], ["prices", "0", "variantId"])
    mismatch = send(shopify, PRICES, {"list": kept, "prices": [price(variant, currency="EUR")]})[
        "userErrors"
    ][0]
    assert (mismatch["code"], mismatch["field"]) == (
        "PRICE_LIST_CURRENCY_MISMATCH",
        ["prices", "0", "price", "currencyCode"],
    )
