"""Work that waits for a sealing key goes on when the key is configured again, and no other work does."""

from __future__ import annotations

from sqlalchemy import select, update

from kit.config import Settings
from kit.db import Database, all_shops
from kit.http import Door
from sync.flows import periodic
from sync.gateways import Gateways
from sync.state import jobs
from sync.state.models import Job, JobState, Lane
from tests.state.conftest import make_shop


def test_jobs_that_waited_for_a_key_go_on_at_once_when_it_is_configured_again(
    db: Database, settings: Settings
) -> None:
    (name, _), *_ = settings.sealing_keys
    waits = {make_shop(db, f"{key}.myshopify.com"): f"key:{key}" for key in (name, "lost")}
    for shop_id, misses in waits.items():
        with db.transaction(shop_id=shop_id) as session:
            jobs.ask(session, shop_id=shop_id, flow="order_push", record="shop", lane=Lane.ORDERS)
            session.execute(update(Job).values(state=JobState.HELD, misses=misses))
    periodic.go_on_with_keys(Gateways(db, settings, door=Door(), kinds={}))
    with db.transaction() as session:
        states = {waits[row.shop_id]: row.state for row in session.scalars(all_shops(select(Job)))}
    assert states == {f"key:{name}": JobState.READY, "key:lost": JobState.HELD}
