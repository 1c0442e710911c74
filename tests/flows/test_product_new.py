"""Products that the ERP has and Shopify lacks are made there once, as drafts, with the fields that the ERP owns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify.commands import catalogue
from sandbox.shopify.commands import products as shopify_products
from sandbox.shopify.commands.catalogue import NewVariant
from sync.domain.feeds import ProductTold
from sync.shopify.products import ADD_LIMIT, OPTION, VARIANTS_LIMIT
from sync.state.models import JobState
from tests.flows.town import ALPHA, Town

MOMENTS_LIMIT = 120  # more than there are commits and calls when one product is made


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose ERP owns the texts of its products."""
    town.link_products()
    town.set(roads={"products": "on", "prices": "on"}, owners={"product_content": "erp"})
    town.rest()
    return town


def tell(town: Town, code: str, **values: Any) -> str:
    """The ERP has a product; returns its id there."""
    erp_id = f"E-{code or 'none'}"
    barcodes = values.get("barcodes", ())
    town.books.products[erp_id] = {
        "erp_id": erp_id,
        "code": code,
        "name": values.get("title") or code,
        "barcodes": list(barcodes),
    }
    told = ProductTold(product=erp_id, code=code, **{"title": "Camp Stove", **values})
    town.books.note("products", erp_id, told.plain())
    return erp_id


def made(town: Town, title: str = "Camp Stove") -> list[dict[str, Any]]:
    return [each for each in town.stage.store.all(ALPHA, "product") if each["title"] == title]


def skus(town: Town, product: dict[str, Any]) -> list[str]:
    found = [town.stage.store.get(ALPHA, "product_variant", each) for each in product["variantIds"]]
    return [str(each["sku"]) for each in found if each]


def test_a_product_that_shopify_lacks_is_made_as_a_draft_and_linked(open_town: Town) -> None:
    town = open_town
    erp_id = tell(
        town,
        "STOVE-1",
        barcodes=("4006381333931",),
        description_html="<p>Burns.</p>",
        vendor="Alp Works",
        cost=Decimal("31.4"),
    )
    for _ in range(2):
        town.rest()
    (product,) = made(town)
    assert (product["status"], product["vendor"], product["descriptionHtml"]) == (
        "DRAFT",
        "Alp Works",
        "<p>Burns.</p>",
    )
    variant = town.variant("STOVE-1")
    assert variant["barcode"] == "4006381333931"
    item = town.stage.store.get(ALPHA, "inventory_item", variant["inventoryItemId"]) or {}
    assert Decimal(item["unitCost"]["amount"]) == Decimal("31.40")
    assert {link.erp_id: link.shopify_gid for link in town.links("product")}[erp_id] == variant["id"]


def test_a_price_that_was_told_before_reaches_the_new_product(open_town: Town) -> None:
    town = open_town
    town.books.products["E-STOVE-1"] = {"erp_id": "E-STOVE-1", "code": "STOVE-1", "name": "x", "barcodes": []}
    town.price("STOVE-1", "89.00")
    town.rest()
    tell(town, "STOVE-1")
    town.rest(seconds=900)  # its feed was quiet and is asked more seldom
    assert town.variant("STOVE-1")["price"] == "89.00", town.sentences("price_pull")


@pytest.mark.parametrize(
    ("policies", "count"),
    [
        ({"roads": {"products": "link_only"}, "owners": {"product_content": "erp"}}, 0),
        ({"roads": {"products": "off"}, "owners": {"product_content": "erp"}}, 0),
        ({"roads": {"products": "on"}, "owners": {"product_content": "shopify"}}, 0),
        ({"roads": {"products": "on"}, "owners": {"product_content": "erp"}}, 1),
    ],
)
def test_nothing_is_made_unless_the_road_is_open_and_the_erp_owns_products(
    town: Town, policies: dict[str, Any], count: int
) -> None:
    town.link_products()
    town.set(**policies)
    tell(town, "STOVE-1")
    town.rest()
    assert len(made(town)) == count


def test_a_variant_with_the_sku_is_linked_instead_of_made_again(open_town: Town) -> None:
    town = open_town
    variant = town.variant("ALP-MUG")
    shopify_products.update(
        town.stage.store,
        ALPHA,
        variant["productId"],
        {"variants": [{"id": variant["id"], "new_sku": "STOVE-1"}]},
    )
    before = len(town.stage.store.all(ALPHA, "product"))
    erp_id = tell(town, "STOVE-1", title=None)
    town.rest()
    assert len(town.stage.store.all(ALPHA, "product")) == before
    assert {link.erp_id: link.shopify_gid for link in town.links("product")}[erp_id] == variant["id"]


def test_products_of_a_group_are_variants_of_one_product_also_later(open_town: Town) -> None:
    town = open_town
    for code in ("STOVE-S", "STOVE-M"):
        tell(town, code, group="T7", choice=code[-1])
    town.rest()
    tell(town, "STOVE-L", group="T7", choice="L")
    town.rest()
    (product,) = made(town)
    assert sorted(skus(town, product)) == ["STOVE-L", "STOVE-M", "STOVE-S"], town.sentences("product_pull")
    assert {"E-STOVE-S", "E-STOVE-M", "E-STOVE-L"} <= {link.erp_id for link in town.links("product")}


def test_a_second_variant_of_a_product_that_offers_no_choice_waits_for_a_person(open_town: Town) -> None:
    town = open_town
    tell(town, "STOVE-S")
    town.rest()
    tell(town, "STOVE-S", group="T7", choice="S")
    tell(town, "STOVE-M", group="T7", choice="M")
    town.rest()
    (product,) = made(town)
    assert skus(town, product) == ["STOVE-S"]
    (dead,) = town.jobs("product_pull", JobState.DEAD)
    assert dead.fault_code == "product_without_choice"
    assert "STOVE-M as one more variant of Camp Stove" in dead.reason


def test_a_product_without_variants_is_told_and_nothing_of_it_is_made(open_town: Town) -> None:
    town = open_town
    template = {"product": "", "code": "", "title": "Camp Stove", "group": "T7"}
    town.books.note("products", "T7", template)
    tell(town, "LAMP-1", title="Camp Lamp")
    town.rest()
    assert made(town) == []
    assert skus(town, made(town, "Camp Lamp")[0]) == ["LAMP-1"]
    (dead,) = town.jobs("erp_feed", JobState.DEAD)
    assert "Camp Stove has no variants" in dead.reason
    town.books.note("products", "T7", {**template, "product": "T7", "code": "STOVE-1", "group": ""})
    town.books.products["T7"] = {"erp_id": "T7", "code": "STOVE-1", "name": "Camp Stove", "barcodes": []}
    town.rest(seconds=900)
    assert town.jobs("erp_feed", JobState.DEAD) == []
    assert skus(town, made(town)[0]) == ["STOVE-1"]


@pytest.mark.slow
def test_a_product_may_have_as_many_variants_as_shopify_takes_and_no_more(open_town: Town) -> None:
    town = open_town
    for number in range(ADD_LIMIT + 1):
        tell(town, f"STOVE-{number:04d}", group="T8")
    town.rest()
    (product,) = made(town)
    assert len(product["variantIds"]) == ADD_LIMIT + 1
    assert (
        len([each for each in town.links("product") if each.erp_number.startswith("STOVE-")]) == ADD_LIMIT + 1
    )
    fill(town, product, VARIANTS_LIMIT - 1)
    for code, fault in (("STOVE-LAST", None), ("STOVE-ONE-MORE", "too_many_variants")):
        tell(town, code, group="T8")
        town.rest()
        assert [each.fault_code for each in town.jobs("product_pull", JobState.DEAD)] == (
            [fault] if fault else []
        )
        assert len(made(town)[0]["variantIds"]) == VARIANTS_LIMIT


def fill(town: Town, product: dict[str, Any], count: int) -> None:
    """Somebody adds variants of their own."""
    store = town.stage.store
    product = dict(store.get(ALPHA, "product", product["id"]) or {})
    for place in range(len(product["variantIds"]) + 1, count + 1):
        new = NewVariant(option_values=((OPTION, f"own {place}"),))
        own, title = product["id"], product["title"]
        product["variantIds"].append(
            catalogue.add_variant(
                store, ALPHA, new, product_id=own, title=title, position=place, make_id=store.next_id
            )
        )
    store.put(ALPHA, "product", product["id"], product)


def test_a_product_without_a_code_is_an_issue_and_nothing_is_made(open_town: Town) -> None:
    town = open_town
    tell(town, "")
    town.rest()
    (dead,) = town.jobs("product_pull", JobState.DEAD)
    assert dead.fault_code == "product_without_code"
    assert not made(town)


def test_a_product_that_the_erp_does_not_sell_any_more_is_not_made(open_town: Town) -> None:
    town = open_town
    tell(town, "STOVE-1", is_active=False)
    town.rest()
    assert not made(town)
    assert town.jobs("product_pull", JobState.DEAD) == []


@pytest.mark.slow
@pytest.mark.parametrize("stretch", range(4))
def test_a_process_that_dies_at_any_moment_makes_one_product(open_town: Town, stretch: int) -> None:
    """Each stretch tries every fourth moment, until one comes after all is done."""
    town = open_town
    for moment in range(stretch, MOMENTS_LIMIT, 4):
        tell(town, f"STOVE-{moment}", title=f"Stove {moment}")
        died = town.work("erp_feed", "feed:products", dying_after=moment)
        town.rest()
        assert len(made(town, f"Stove {moment}")) == 1, f"died at moment {moment}"
        assert f"STOVE-{moment}" in {link.erp_number for link in town.links("product")}
        if not died:
            assert moment > 20, "the first moments are of this product"
            return
    raise AssertionError("not every moment was tried")
