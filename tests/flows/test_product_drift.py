"""A change at Shopify of what the ERP owns is seen: it is set back, or shown where the shop wants that."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify.commands import products as shopify_products
from sync.domain.feeds import ProductTold
from sync.state.models import JobState
from tests.flows.town import ALPHA, Town

MUG = "ALP-MUG"
TOLD = {
    "title": "Cup",
    "description_html": "<p>Holds tea.</p>",
    "vendor": "Alp Works",
    "cost": Decimal("9.5"),
}


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose ERP owns products and prices, and has told of the mug."""
    town.link_products()
    town.set(roads={"products": "on", "prices": "on"}, owners={"product_content": "erp"})
    town.rest()
    tell(town)
    town.price(MUG, "35.50")
    town.rest()
    return town


def tell(town: Town, **values: Any) -> None:
    told = ProductTold(product=town.product(MUG), code=MUG, **{**TOLD, **values})
    town.books.note("products", told.product, told.plain())


def product(town: Town) -> dict[str, Any]:
    return town.stage.store.get(ALPHA, "product", town.variant(MUG)["productId"]) or {}


def change(town: Town, **changes: Any) -> None:
    """Somebody changes the mug at Shopify."""
    variant = {"sku": MUG, **changes.pop("variant", {})}
    shopify_products.update(
        town.stage.store, ALPHA, town.variant(MUG)["productId"], {**changes, "variants": [variant]}
    )
    town.rest()


def drift(town: Town) -> dict[str, Any]:
    found: dict[str, Any] = next(
        link.facts.get("drift", {}) for link in town.links("product") if link.erp_number == MUG
    )
    return found


def test_every_field_that_the_erp_tells_is_carried_over_once(open_town: Town) -> None:
    town = open_town
    assert (product(town)["title"], product(town)["vendor"]) == ("Cup", "Alp Works")
    assert product(town)["descriptionHtml"] == "<p>Holds tea.</p>"
    item = town.stage.store.get(ALPHA, "inventory_item", town.variant(MUG)["inventoryItemId"]) or {}
    assert Decimal(item["unitCost"]["amount"]) == Decimal("9.50")
    before = len(town.intents("product_pull"))
    tell(town)
    town.rest()
    assert len(town.intents("product_pull")) == before


def test_a_cost_in_another_currency_is_not_carried_over(open_town: Town) -> None:
    town = open_town
    tell(town, cost=Decimal("7.00"), cost_currency="CHF")
    town.rest()
    item = town.stage.store.get(ALPHA, "inventory_item", town.variant(MUG)["inventoryItemId"]) or {}
    assert Decimal(item["unitCost"]["amount"]) == Decimal("9.50")


def test_what_the_erp_owns_is_set_back(open_town: Town) -> None:
    town = open_town
    change(town, title="Bargain!", variant={"price": "1.00"})
    assert product(town)["title"] == "Cup"
    assert town.variant(MUG)["price"] == "35.50"
    assert drift(town) == {}


def test_where_the_shop_wants_so_a_change_is_shown_and_stays(open_town: Town) -> None:
    town = open_town
    town.set(sets_back={"product_content": False, "product_price": False})
    change(town, title="Bargain!", variant={"price": "30.00"})
    assert product(town)["title"] == "Bargain!"
    assert town.variant(MUG)["price"] == "30.00"
    told = {name: (each["erp"], each["shopify"]) for name, each in drift(town).items()}
    assert told == {"title": ("Cup", "Bargain!"), "price": ("35.50", "30.00")}
    (dead,) = town.jobs("product_pull", JobState.DEAD)
    assert dead.fault_code == "product_drift"
    since = drift(town)["title"]["since"]
    change(town, vendor="Alp Works")
    assert drift(town)["title"]["since"] == since
    change(town, title="Cup", variant={"price": "35.50"})
    assert drift(town) == {}
    assert town.jobs("product_pull", JobState.DEAD) == []


def test_shopify_may_change_what_it_owns(open_town: Town) -> None:
    town = open_town
    town.set(owners={"product_content": "shopify", "product_price": "shopify"})
    change(town, title="Bargain!", variant={"price": "30.00"})
    assert product(town)["title"] == "Bargain!"
    assert town.variant(MUG)["price"] == "30.00"
    assert drift(town) == {}


def test_a_fight_over_a_title_is_stopped_and_told(open_town: Town) -> None:
    town = open_town
    for _ in range(5):
        change(town, title="Bargain!")
    assert product(town)["title"] == "Bargain!"
    (dead,) = town.jobs("product_pull", JobState.DEAD)
    assert dead.fault_code == "product_fight"
