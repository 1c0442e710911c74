"""Differences that people see: what both sides say, and one button that sets the ERP's value, whatever the policy."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from oauth.models import AuditEntry
from sandbox.shopify.commands import products as shopify_products
from sandbox.shopify.commands import stock as shopify_stock
from sync.flows import differences
from sync.flows.differences import Difference
from sync.state.models import JobState
from tests.flows.town import ALPHA, HARBOUR, Town

MUG = "ALP-MUG"


@pytest.fixture
def watched_town(town: Town) -> Town:
    """A town where changes made in Shopify are only shown."""
    town.set(
        roads={"stock": "on", "prices": "on"},
        stock={"repairs_drift": False},
        sets_back={"product_price": False},
    )
    town.link_products()
    town.books.set_stock(town.product(MUG), HARBOUR, "64")
    town.price(MUG, "35.00")
    town.rest()
    return town


def found(town: Town) -> list[Difference]:
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        policies = town.stage.engine.gateways.shop(town.shop_id).policies
        return differences.found(session, connection=town.connection, policies=policies)


def set_back(town: Town, record: str) -> int | None:
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        return differences.set_back(session, shop_id=town.shop_id, record=record, by="staff:1", address="")


def test_stock_that_was_changed_in_shopify_is_shown_and_set_back_by_a_person(watched_town: Town) -> None:
    town = watched_town
    assert found(town) == []
    shopify_stock.set(town.stage.store, ALPHA, MUG, available=99, location_id=town.locations[0])
    town.rest()
    (one,) = found(town)
    assert (one.what, one.of, one.shopify, one.erp, one.is_set_back) == ("Stock", MUG, "99", "64", False)
    town.rest(seconds=660)
    assert [job.fault_code for job in town.jobs("stock_pull", JobState.DEAD)] == ["stock_drift"]
    assert set_back(town, one.record) is not None
    town.rest()
    level = shopify_stock.level_of(town.stage.store, ALPHA, one.record, town.locations[0])
    assert level is not None
    assert level["stock"]["available"] == 64
    assert found(town) == []
    assert town.jobs("stock_pull", JobState.DEAD) == []
    assert set_back(town, one.record) is None


def test_nothing_is_set_back_and_nothing_is_noted_on_a_road_that_was_shut_meanwhile(
    watched_town: Town,
) -> None:
    town = watched_town
    shopify_stock.set(town.stage.store, ALPHA, MUG, available=99, location_id=town.locations[0])
    town.rest()
    (one,) = found(town)
    town.set(roads={"stock": "off"})
    assert set_back(town, one.record) is None
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.shop_id == town.shop_id)).all()
    assert differences.ACT not in acts


def test_a_price_that_was_changed_in_shopify_is_shown_and_set_back_by_a_person(watched_town: Town) -> None:
    town = watched_town
    variant = town.variant(MUG)
    change = {"variants": [{"id": variant["id"], "price": "31.00"}]}
    shopify_products.update(town.stage.store, ALPHA, variant["productId"], change)
    town.rest()
    (one,) = found(town)
    assert (one.what, one.of, one.shopify, one.erp, one.is_set_back) == (
        "Price",
        MUG,
        "31.00",
        "35.00",
        False,
    )
    assert set_back(town, one.record) is not None
    town.rest()
    assert town.variant(MUG)["price"] == "35.00"
    assert found(town) == []


def test_a_sale_is_no_difference(watched_town: Town) -> None:
    town = watched_town
    town.stage.erps[ALPHA].books.refuse = lambda verb, _values: (
        "closed for stocktaking" if verb == "write_document" else None
    )
    town.order((MUG, 3))
    assert found(town) == []
