"""A flood of deliveries is taken by those who have it, and an order does not wait behind news of stock."""

from __future__ import annotations

from sqlalchemy import select

from kit.db import Database
from sync.flows import intake, stock_echo
from sync.state.models import Delivery, DeliveryState
from tests.flows.test_intake import ALPHA, arrive, take
from tests.state.conftest import make_shop


def test_who_finds_everything_taken_leaves_a_flood_to_those_who_have_it(fresh_database: Database) -> None:
    shop_id = make_shop(fresh_database, ALPHA)
    for number in range(intake.BATCH_SIZE):
        arrive(fresh_database, shop_id, number=number)
    with fresh_database.transaction(shop_id=shop_id) as other:
        other.execute(select(Delivery).with_for_update()).all()
        assert take(fresh_database).is_last
    assert not take(fresh_database).is_last


def test_an_order_goes_before_a_flood_of_news_of_stock(fresh_database: Database) -> None:
    shop_id = make_shop(fresh_database, ALPHA)
    for number in range(intake.BATCH_SIZE + 1):
        body = {"inventory_item_id": number, "location_id": 1, "available": 5}
        arrive(fresh_database, shop_id, body, topic=stock_echo.TOPIC, number=number)
    order = arrive(fresh_database, shop_id)
    assert take(fresh_database).deliveries == intake.BATCH_SIZE
    with fresh_database.transaction(shop_id=shop_id) as session:
        assert session.get_one(Delivery, order).state == DeliveryState.DONE
    assert take(fresh_database).deliveries == 2
