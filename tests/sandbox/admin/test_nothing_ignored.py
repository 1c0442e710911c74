"""Whatever a client gives is carried out or refused by name: nothing is taken and forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify import given, seed
from sandbox.shopify.commands import orders
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.specs import PLAIN

NAMED = "SANDBOX_NOT_IMPLEMENTED"
UPDATE_PRODUCT = """mutation P($product: ProductUpdateInput!) { productUpdate(product: $product) {
  product { id title seo { title description } templateSuffix metafield(namespace: "custom", key: "care") { value } }
  userErrors { field message } } }"""
UPDATE_ORDER = """mutation O($input: OrderInput!) { orderUpdate(input: $input) {
  order { id note metafield(namespace: "custom", key: "route") { value type } } userErrors { field message } } }"""


def refused(body: dict[str, Any]) -> str:
    """The sentence of the only error, which must be the named one."""
    (error,) = body["errors"]
    assert error["extensions"]["code"] == NAMED
    return str(error["message"])


def test_a_product_reads_back_what_was_written(shopify: Shopify) -> None:
    product = {
        "id": shopify.first("product")["id"],
        "seo": {"title": "Mugs", "description": "For tea"},
        "templateSuffix": "wide",
        "metafields": [
            {"namespace": "custom", "key": "care", "type": "single_line_text_field", "value": "By hand"}
        ],
    }
    done = shopify.data(UPDATE_PRODUCT, {"product": product})["productUpdate"]
    assert done["userErrors"] == []
    assert done["product"]["seo"] == {"title": "Mugs", "description": "For tea"}
    assert done["product"]["templateSuffix"] == "wide"
    assert done["product"]["metafield"] == {"value": "By hand"}


def test_a_new_product_reads_back_what_was_written(shopify: Shopify) -> None:
    text = """mutation { productCreate(product: {title: "Bowl", seo: {title: "Bowls"}, templateSuffix: "x"}) {
      product { seo { title description } templateSuffix } userErrors { message } } }"""
    assert shopify.data(text)["productCreate"] == {
        "product": {"seo": {"title": "Bowls", "description": None}, "templateSuffix": "x"},
        "userErrors": [],
    }


def test_an_order_keeps_its_metafields(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    field = {"namespace": "custom", "key": "route", "type": "number_integer", "value": "7"}
    done = shopify.data(UPDATE_ORDER, {"input": {"id": order_id, "metafields": [field]}})["orderUpdate"]
    assert done["userErrors"] == []
    assert done["order"]["metafield"] == {"value": "7", "type": "number_integer"}
    wrong = {"id": order_id, "note": "x", "metafields": [{**field, "value": "seven"}]}
    done = shopify.data(UPDATE_ORDER, {"input": wrong})["orderUpdate"]
    assert done["userErrors"] == [
        {"field": ["metafields", "0", "value"], "message": "Value must be an integer."}
    ]
    assert done["order"]["note"] is None


def test_an_input_that_nobody_reads_is_refused_and_nothing_is_done(shopify: Shopify) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    before = shopify.store.snapshot()
    wish = {"id": order_id, "note": "Ring", "localizedFields": [{"key": "TAX_CREDENTIAL_BR", "value": "1"}]}
    body = shopify.ask(UPDATE_ORDER, {"input": wish})
    assert "input.localizedFields of Mutation.orderUpdate" in refused(body)
    assert body["data"] == {"orderUpdate": None}
    assert shopify.store.snapshot() == before


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ({"category": "gid://shopify/TaxonomyCategory/aa-1"}, "product.category"),
        ({"collectionsToJoin": ["gid://shopify/Collection/1"]}, "product.collectionsToJoin"),
        ({"requiresSellingPlan": True}, "product.requiresSellingPlan"),
        ({"redirectNewHandle": True}, "product.redirectNewHandle"),
    ],
)
def test_an_input_key_without_a_use_here_is_named(shopify: Shopify, inside: Any, named: str) -> None:
    wish = {"id": shopify.first("product")["id"], "title": "New", **inside}
    assert f"{named} of Mutation.productUpdate" in refused(shopify.ask(UPDATE_PRODUCT, {"product": wish}))
    assert shopify.first("product")["title"] != "New"


def test_a_deep_input_key_is_named(shopify: Shopify) -> None:
    variant = shopify.first("product_variant")
    text = """mutation V($id: ID!, $v: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: $id, variants: $v) { userErrors { message } } }"""
    wish = {"id": variant["id"], "price": "1.00", "inventoryItem": {"provinceCodeOfOrigin": "ON"}}
    told = refused(shopify.ask(text, {"id": variant["productId"], "v": [wish]}))
    assert "variants.inventoryItem.provinceCodeOfOrigin" in told


SORTED = [
    ("orders", "CUSTOMER_NAME"),
    ("orders", "RELEVANCE"),
    ("products", "INVENTORY_TOTAL"),
    ("productVariants", "POPULAR"),
    ("customers", "LOCATION"),
    ("locations", "RELEVANCE"),
    ("companies", "TOTAL_SPENT"),
]


@pytest.mark.parametrize(("root", "key"), SORTED)
def test_an_order_of_rows_that_is_not_there_is_named(shopify: Shopify, root: str, key: str) -> None:
    text = f"{{ {root}(first: 2, sortKey: {key}) {{ nodes {{ id }} }} }}"
    assert f"sortKey {key}" in refused(shopify.ask(text))


@pytest.mark.parametrize("variable", [True, False])
def test_an_argument_that_nobody_reads_is_named(shopify: Shopify, variable: bool) -> None:
    search = "gid://shopify/SavedSearch/1"
    if variable:
        text = "query Q($s: ID) { orders(first: 2, savedSearchId: $s) { nodes { id } } }"
        assert "errors" not in shopify.ask(text, {"s": None})
        body = shopify.ask(text, {"s": search})
    else:
        body = shopify.ask(f'{{ orders(first: 2, savedSearchId: "{search}") {{ nodes {{ id }} }} }}')
    assert "savedSearchId of QueryRoot.orders" in refused(body)


@pytest.mark.parametrize(
    "key", ["TOTAL_PRICE", "CURRENT_TOTAL_PRICE", "TOTAL_ITEMS_QUANTITY", "FINANCIAL_STATUS"]
)
def test_orders_come_in_the_order_asked_for(shopify: Shopify, key: str) -> None:
    small: dict[str, Any] = {**PLAIN, "lines": [{"sku": "ALP-MUG"}], "shipping": []}
    big: dict[str, Any] = {
        **PLAIN,
        "lines": [{"sku": "ALP-MUG", "quantity": 9}],
        "financial_state": "pending",
    }
    first, second = (orders.create(shopify.store, seed.ALPHA, spec) for spec in (small, big))
    expected = [first, second]
    for reverse, wanted in ((False, expected), (True, expected[::-1])):
        text = (
            f"query Q($r: Boolean) {{ orders(first: 9, sortKey: {key}, reverse: $r) {{ nodes {{ id }} }} }}"
        )
        found = shopify.data(text, {"r": reverse})["orders"]["nodes"]
        assert [row["id"] for row in found] == wanted


def test_a_key_that_was_only_asked_about_was_not_read() -> None:
    noted = given.Noted({"a": 1, "b": {"c": 2, "d": [{"e": 3}, {"e": 4}]}, "f": None})
    written = {"a": 1, "b": {"c": 2, "d": [{"e": 3}, {"e": 4}]}, "f": None}
    assert "a" in noted
    assert list(given.unread(written, noted)) == ["a", "b"]
    assert noted["b"]["d"][0]["e"] == 3
    assert list(given.unread(written, noted)) == ["a", "b.c", "b.d.e"]
    assert {**noted}["a"] == 1
    noted["b"]["d"][1].items()
    assert list(given.unread(written, noted)) == ["b.c"]


@pytest.mark.parametrize("asked", ["app { id }", "channelInformation { id }", "publication { id }"])
def test_what_every_real_order_has_is_not_said_to_be_nothing(shopify: Shopify, asked: str) -> None:
    order_id = orders.create(shopify.store, seed.ALPHA, PLAIN)
    assert "Order." in refused(shopify.ask(f'{{ order(id: "{order_id}") {{ {asked} }} }}'))


def test_a_shop_has_its_primary_domain_among_its_domains(shopify: Shopify) -> None:
    found = shopify.data("{ shop { primaryDomain { id host } domains { id host } } }")["shop"]
    assert found["domains"] == [found["primaryDomain"]]
    variant = shopify.first("product_variant")["id"]
    told = refused(shopify.ask(f'{{ productVariant(id: "{variant}") {{ deliveryProfile {{ id }} }} }}'))
    assert "ProductVariant.deliveryProfile" in told
