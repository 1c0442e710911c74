"""A flood of deliveries is taken by those who have it: nobody asks again and again for what another one holds."""

from __future__ import annotations

from sqlalchemy import select

from kit.db import Database
from sync.flows import intake
from sync.state.models import Delivery
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
