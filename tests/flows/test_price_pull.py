"""The ERP's prices reach Shopify: only what differs, and nothing that looks like a mistake without a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.shopify.commands import products as shopify_products
from sync.domain.money import Money
from sync.domain.prices import PriceValue
from sync.flows import back, price_pull
from sync.state.models import JobState
from tests.flows.town import ALPHA, Town

MUG, TORCH = "ALP-MUG", "ALP-TORCH"


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose products are linked and whose road of prices is open."""
    town.set(roads={"prices": "on"})
    town.link_products()
    return town


def price(town: Town, sku: str = MUG) -> str:
    found: str = town.variant(sku)["price"]
    return found


def test_a_new_price_is_set_and_the_same_price_is_not_sent_again(open_town: Town) -> None:
    town = open_town
    for _ in range(2):
        town.price(MUG, "35.50")
        town.rest()
    assert price(town) == "35.50"
    assert len(town.intents("price_pull")) == 1


@pytest.mark.parametrize("mode", ["off", "link_only"])
def test_a_shut_road_sets_no_price(town: Town, mode: str) -> None:
    town.set(roads={"prices": mode})
    town.link_products()
    town.price(MUG, "35.50")
    town.rest()
    assert price(town) == "33.33"


def test_shopify_keeps_its_prices_when_it_owns_them(open_town: Town) -> None:
    town = open_town
    town.set(owners={"product_price": "shopify"})
    town.price(MUG, "35.50")
    town.rest()
    assert price(town) == "33.33"


def test_the_newest_price_wins_in_a_burst(open_town: Town) -> None:
    town = open_town
    for cents in range(10):
        town.price(MUG, f"35.{cents}0")
    town.rest()
    assert price(town) == "35.90"
    assert len(town.intents("price_pull")) == 1


def test_a_price_that_falls_too_far_waits_for_a_person_who_agrees_to_exactly_it(open_town: Town) -> None:
    town = open_town
    town.price(MUG, "3.55")
    town.rest()
    assert price(town) == "33.33"
    (held,) = town.jobs("price_pull", JobState.HELD)
    assert "falls by" in held.reason
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        values = {"variant": town.variant(MUG)["id"], "price": "3.55 USD"}
        back.approve(session, shop_id=town.shop_id, record=held.record, values=values, actor="staff:1")
    town.rest()
    assert price(town) == "3.55"


def test_a_price_in_another_currency_is_refused(open_town: Town) -> None:
    town = open_town
    town.books.note(
        "prices", "P", {"product": town.product(MUG), "price": "30.00", "currency": "CHF", "price_list": ""}
    )
    town.rest()
    assert price(town) == "33.33"
    assert "CHF" in town.jobs("price_pull", JobState.DEAD)[0].reason


def test_two_systems_that_overrule_each_other_are_stopped(open_town: Town) -> None:
    town = open_town
    variant = town.variant(MUG)
    for _ in range(4):
        town.price(MUG, "35.50")
        town.rest(seconds=20)
        change = {"variants": [{"id": variant["id"], "price": "31.00"}]}
        shopify_products.update(town.stage.store, ALPHA, variant["productId"], change)
    assert price(town) == "31.00"
    assert "Somebody else" in town.jobs("price_pull", JobState.DEAD)[0].reason


def test_a_product_without_a_pair_is_passed_over(open_town: Town) -> None:
    town = open_town
    town.books.note("prices", "P", {"product": "I999", "price": "30.00", "currency": "USD"})
    town.rest()
    assert "No variant" in town.sentences("price_pull")[0]


def test_what_a_person_agrees_to_names_the_variant_and_the_price() -> None:
    value = PriceValue(variant_gid="gid://v/1", price=Money(Decimal("3.5"), "USD"), before=None, hold="falls")
    assert price_pull.approvable(value) == {"variant": "gid://v/1", "price": "3.50 USD"}
