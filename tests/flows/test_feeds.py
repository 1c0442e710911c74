"""When the ERP's feeds are asked: by the clock, and also after that clock jumped."""

from __future__ import annotations

from sync.flows import erp_feeds
from sync.state.models import JobState
from tests.flows.town import Town


def test_a_clock_that_jumps_back_does_not_put_the_feeds_off(town: Town) -> None:
    gateways = town.stage.engine.gateways
    erp_feeds.ask_due(gateways)
    town.rest()
    erp_feeds.ask_due(gateways)
    assert town.jobs("erp_feed", JobState.READY) == [], "they were read a moment ago"
    town.clock.move(-7_200)
    erp_feeds.ask_due(gateways)
    assert town.jobs("erp_feed", JobState.READY) != []
