"""What a shop lets come back: everything that writes is shut until somebody opens it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sync.domain.ownership import Group, Side
from sync.domain.policies import GROUPS, BackPolicies, Mode, Road


def test_a_shop_that_set_nothing_lets_nothing_be_written() -> None:
    policies = BackPolicies.of({})
    assert [road for road in Road if policies.is_on(road)] == []
    assert policies.mode(Road.PRODUCTS) is Mode.LINK_ONLY
    assert policies.refunds.per_refund == policies.refunds.per_day == Decimal(0)


def test_what_a_person_set_is_read() -> None:
    policies = BackPolicies.of(
        {
            "roads": {"stock": "on", "products": "off"},
            "owners": {"product_price": "shopify"},
            "stock": {"safety": {"7": 2}, "kits": {"9": {"7": "2"}}, "guard_below": 5},
            "prices": {"fall_limit": "0.2", "lists": {"B2B": "gid://shopify/PriceList/1"}},
            "refunds": {"per_refund": "50", "per_day": None, "two_persons_above": "100"},
        }
    )
    assert policies.is_on(Road.STOCK)
    assert policies.mode(Road.PRODUCTS) is Mode.OFF
    assert policies.owners.of(Group.PRODUCT_PRICE) is Side.SHOPIFY
    assert policies.stock.guard_below == 5
    assert policies.kits["9"][0].quantity == 2
    assert policies.prices.fall_limit == Decimal("0.2")
    assert policies.refunds.per_day is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"roads": {"stock": "maybe"}},
        {"roads": ["stock"]},
        {"refunds": {"per_refund": 1.5}},
        {"owners": {"x": "erp"}},
    ],
)
def test_a_policy_that_cannot_be_read_is_refused_and_not_guessed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        BackPolicies.of(wrong)


@pytest.mark.parametrize("road", Road)
def test_a_road_never_writes_what_shopify_owns(road: Road) -> None:
    roads = {"roads": {road.value: "on"}}
    group = GROUPS[road].value
    owned = BackPolicies.of({**roads, "owners": {group: "shopify"}})
    assert owned.chosen(road) is Mode.ON
    assert not owned.is_on(road)
    assert BackPolicies.of({**roads, "owners": {group: "erp"}}).is_on(road)


@pytest.mark.parametrize("url", ["http://x.example/{number}", "https://x.example/"])
def test_an_address_that_tracks_nothing_is_no_carriers(url: str) -> None:
    with pytest.raises(ValueError):
        BackPolicies.of({"shipments": {"carriers": {"X": ["X", url]}}})
