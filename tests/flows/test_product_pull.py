"""Which variant is which ERP product, and what the ERP may say of it."""

from __future__ import annotations

from typing import Any

import pytest

from sync.domain.feeds import ProductTold
from sync.state.models import IntentState
from tests.flows.town import ALPHA, Town


def test_every_variant_with_a_known_code_is_linked_and_nothing_is_written(town: Town) -> None:
    before = town.variant("ALP-TENT-2P")
    town.link_products()
    linked = {link.erp_number: link.erp_id for link in town.links("product")}
    assert linked["ALP-TENT-2P"] == town.product("ALP-TENT-2P")
    assert set(linked) == {each["code"] for each in town.books.products.values()}
    assert town.variant("ALP-TENT-2P") == before
    assert town.intents("product_pull") == []


def test_a_pair_that_does_not_hold_any_more_is_taken_apart(town: Town) -> None:
    town.link_products()
    for product in town.books.products.values():
        if product["code"] == "ALP-MUG":
            product.update(code="OTHER", barcodes=[])
    town.clock.move(3600)
    town.link_products()
    assert "ALP-MUG" not in {link.erp_number for link in town.links("product")}


def test_texts_are_carried_over_only_where_the_erp_owns_them(town: Town) -> None:
    town.link_products()
    told = ProductTold(product=town.product("ALP-MUG"), code="ALP-MUG", title="Titanium Cup")
    for policies in ({"roads": {"products": "on"}}, {"owners": {"product_content": "erp"}}):
        before = product_title(town)
        assert before == "Titanium Mug"
        town.set(**policies)
        town.books.note("products", told.product, told.plain())
        town.rest()
    assert product_title(town) == "Titanium Cup"
    town.books.note("products", told.product, told.plain())
    town.rest()
    assert len(town.intents("product_pull")) == 1


@pytest.mark.parametrize("operation", ["ProductSet", "ProductVariantsBulkUpdate"])
def test_texts_whose_answer_was_lost_are_settled_by_looking(town: Town, operation: str) -> None:
    town.link_products()
    told = ProductTold(
        product=town.product("ALP-MUG"), code="ALP-MUG", title="Titanium Cup", barcodes=("2999388537100",)
    )
    town.set(roads={"products": "on"}, owners={"product_content": "erp"})
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": operation})
    town.books.note("products", told.product, told.plain())
    town.rest()
    assert product_title(town) == "Titanium Cup"
    assert town.variant("ALP-MUG")["barcode"] == "2999388537100"
    assert town.stage.world.faults.waiting() == []
    assert {intent.state for intent in town.intents("product_pull")} == {IntentState.DONE}


CREATE = """mutation($code: String!, $barcode: String) {
  productSet(input: {
    title: "Camp Stove"
    productOptions: [{name: "Title", values: [{name: "Default Title"}]}]
    variants: [{optionValues: [{optionName: "Title", name: "Default Title"}], sku: $code, barcode: $barcode}]
  }) { product { id } userErrors { message } }
}"""


@pytest.mark.parametrize(("sku", "barcode"), [("STOVE-1", None), ("", "4006381333931")])
def test_a_product_that_somebody_creates_in_shopify_is_linked_by_its_code(
    town: Town, sku: str, barcode: str | None
) -> None:
    stove: dict[str, Any] = {
        "erp_id": "E-STOVE",
        "code": "STOVE-1",
        "name": "Camp Stove",
        "barcodes": ["4006381333931"],
    }
    town.books.products[stove["erp_id"]] = stove
    town.clock.move(3_600)
    made = town.admin(CREATE, code=sku, barcode=barcode)["productSet"]
    assert made["userErrors"] == []
    town.rest()
    (link,) = [each for each in town.links("product") if each.erp_id == stove["erp_id"]]
    assert link.record == made["product"]["id"]


def product_title(town: Town) -> str:
    product = town.stage.store.get(ALPHA, "product", town.variant("ALP-MUG")["productId"])
    assert product is not None
    title: str = product["title"]
    return title
