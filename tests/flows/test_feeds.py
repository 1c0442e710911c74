"""When the ERP's feeds are asked: by the clock, and also after that clock jumped."""

from __future__ import annotations

from sqlalchemy import select

from sync.flows import erp_feeds
from sync.state.models import JobState
from sync.state.settings_models import Cursor
from tests.flows.town import HARBOUR, Town


def test_a_clock_that_jumps_back_does_not_put_the_feeds_off(town: Town) -> None:
    gateways = town.stage.engine.gateways
    erp_feeds.ask_due(gateways)
    town.rest()
    erp_feeds.ask_due(gateways)
    assert town.jobs("erp_feed", JobState.READY) == [], "they were read a moment ago"
    town.clock.move(-7_200)
    erp_feeds.ask_due(gateways)
    assert town.jobs("erp_feed", JobState.READY) != []


def test_a_feed_is_asked_again_within_seconds_after_news_and_less_and_less_often_while_it_is_quiet(
    town: Town,
) -> None:
    town.set(roads={"stock": "on"})
    town.rest()
    town.books.set_stock(town.product("ALP-MUG"), HARBOUR, "7")
    pauses = []
    for _ in range(8):
        town.ask("erp_feed", "feed:stock")
        town.stage.engine.run_jobs(limit=100)
        with town.stage.plain.transaction(shop_id=town.shop_id) as session:
            row = session.scalars(select(Cursor).where(Cursor.feed == "erp:stock")).one()
        pauses.append(int((row.due_at - town.clock.at).total_seconds()))
        town.clock.move(1)
    assert pauses == [5, 5, 10, 20, 40, 80, 160, 300]
