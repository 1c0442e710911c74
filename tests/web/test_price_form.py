"""Prices, drift and restocking as a form: taken whole, or refused beside the field that is wrong."""

from __future__ import annotations

from decimal import Decimal

from oauth.models import Shop
from sync.domain.ownership import Group
from sync.domain.policies import BackPolicies, Restocking
from tests.insight.rows import Rows
from tests.web.office import Office


def test_prices_and_changes_made_in_shopify_are_set_as_a_whole_or_not_at_all(office: Office) -> None:
    rows = Rows(office.database, office.shop_id())

    def told() -> BackPolicies:
        with rows.database.transaction(shop_id=rows.shop_id) as session:
            return BackPolicies.of(session.get_one(Shop, rows.shop_id).policies)

    fields = {
        "price_fall_limit": "30 %",
        "price_rise_limit": "12,5",
        "price_lists": "dealers = 1100000009",
        "sets_back_product_content": "yes",
        "restocking": "never",
    }
    for name, wrong in (
        ("price_fall_limit", ""),
        ("price_fall_limit", "101"),
        ("price_rise_limit", "-1"),
        ("price_rise_limit", "NaN"),
        ("price_lists", "dealers"),
        ("price_lists", "dealers = Dealers"),
        ("price_lists", "dealers = 1\ndealers = 2"),
    ):
        answer = office.do("/roads", **{**fields, name: wrong})
        assert answer.status_code == 422, wrong
        assert "error=" in answer.text
    assert told() == BackPolicies()
    assert office.do("/roads", **fields).status_code == 200
    after = told()
    assert (after.prices.fall_limit, after.prices.rise_limit) == (Decimal("0.3"), Decimal("0.125"))
    assert after.price_lists == {"dealers": "gid://shopify/PriceList/1100000009"}
    assert after.refunds.restocking is Restocking.NEVER
    assert not after.sets_back(Group.PRODUCT_PRICE)
    assert after.sets_back(Group.PRODUCT_CONTENT)
    page = office.look("/roads").text
    assert "dealers = 1100000009" in page
    assert 'value="12.5"' in page
    office.do("/roads", road_prices="on")  # a form without the section leaves it as it is
    assert told().prices == after.prices
