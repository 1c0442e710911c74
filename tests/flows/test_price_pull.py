"""The ERP's prices reach Shopify: only what differs, and nothing that looks like a mistake without a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.shopify.commands import products as shopify_products
from sync.domain.money import Money
from sync.flows import agreements, back
from sync.state.models import IntentState, JobState
from tests.flows.town import ALPHA, Town

MUG, TORCH = "ALP-MUG", "ALP-TORCH"
READ_LIST = """query($id: ID!) {
  priceList(id: $id) {
    prices(first: 5, originType: FIXED) { nodes { price { amount } } }
    quantityRules(first: 5) { nodes { minimum increment maximum } }
  }
}"""


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


def test_a_price_whose_answer_was_lost_is_settled_by_looking(open_town: Town) -> None:
    town = open_town
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "ProductVariantsBulkUpdate"})
    town.price(MUG, "35.50")
    town.rest()
    assert price(town) == "35.50"
    assert town.stage.world.faults.waiting() == []
    assert [intent.state for intent in town.intents("price_pull")] == [IntentState.DONE]


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
        asked = agreements.asked_for(session, held.record)
        assert asked is not None
        assert "falls by 89 %" in asked.sentence
        other = {**asked.values, "price": "3.56 USD"}
        back.approve(session, shop_id=town.shop_id, record=held.record, values=other, actor="staff:1")
    town.rest()
    assert price(town) == "33.33"
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        back.approve(session, shop_id=town.shop_id, record=held.record, values=asked.values, actor="staff:1")
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


def test_a_struck_price_alone_is_set_and_taken_away(open_town: Town) -> None:
    town = open_town
    for struck in ("40.00", "45.00", "0"):
        town.price(MUG, "33.33", compare_at=Money(Decimal(struck), "USD"))
        town.rest()
        assert Decimal(town.variant(MUG)["compareAtPrice"]) == Decimal(struck)
    town.price(MUG, "33.33")  # an ERP that says nothing of it
    town.rest()
    assert len(town.intents("price_pull")) == 3


def test_a_shop_whose_prices_include_tax_shows_the_price_with_tax(open_town: Town) -> None:
    town = open_town
    town.price(MUG, "30.00", gross=Money(Decimal("32.10"), "USD"))
    town.rest()
    assert price(town) == "30.00"
    shop = town.stage.store.all(ALPHA, "shop")[0]
    town.stage.store.put(ALPHA, "shop", ALPHA, {**shop, "taxesIncluded": True})
    town.price(MUG, "30.00", gross=Money(Decimal("32.11"), "USD"))
    town.rest()
    assert price(town) == "32.11"


def test_a_negative_price_is_nobodys_to_agree_to(open_town: Town) -> None:
    town = open_town
    town.price(MUG, "-1.00")
    town.rest()
    assert price(town) == "33.33"
    (dead,) = town.jobs("price_pull", JobState.DEAD)
    assert dead.fault_code == "price_negative"


def test_prices_and_quantities_of_a_list_follow_the_erp(open_town: Town) -> None:
    town = open_town
    price_list = town.stage.store.all(ALPHA, "price_list")[0]["id"]
    town.set(prices={"lists": {"dealers": price_list}})
    for minimum, increment, maximum in ((6, 6, 60), (6, 6, None), (1, 1, None)):
        more = {"minimum": minimum, "increment": increment, "maximum": maximum}
        town.price(MUG, "30.00", price_list="dealers", **more)
        town.rest()
        found = town.admin(READ_LIST, id=price_list)["priceList"]
        assert found["prices"]["nodes"][0]["price"]["amount"] == "30.0"
        rules = found["quantityRules"]["nodes"]
        shown = [(each["minimum"], each["increment"], each["maximum"]) for each in rules]
        assert shown == [(minimum, increment, maximum)]
    assert price(town) == "33.33"
    assert len(town.intents("price_pull")) == 3
