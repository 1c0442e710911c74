"""Which variant is which ERP product, and what the ERP may say of it."""

from __future__ import annotations

from tests.flows.town import Town


def test_every_variant_with_a_known_code_is_linked_and_nothing_is_written(town: Town) -> None:
    before = town.variant("ALP-TENT-2P")
    town.link_products()
    linked = {link.erp_number: link.erp_id for link in town.links("product")}
    assert linked["ALP-TENT-2P"] == town.product("ALP-TENT-2P")
    assert set(linked) == {each["code"] for each in town.books.products.values()}
    assert town.variant("ALP-TENT-2P") == before
    assert town.intents("product_pull") == []
