"""An order that is cancelled while the answer to its export is unknown leaves no document and no intent behind."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.shopify.commands import orders
from sync.state.models import IntentState
from tests.flows.town import ALPHA, Town

MUG = "ALP-MUG"
CALLS = 8  # more than one export makes


@pytest.mark.parametrize("cut", range(CALLS))
def test_what_was_begun_is_ended_whatever_answer_was_lost(town: Town, cut: int) -> None:
    store = town.stage.store
    spec = {
        "lines": [{"sku": MUG, "quantity": 2}],
        "email": "new@example.com",
        "financial_state": "pending",
    }
    gid = orders.create(store, ALPHA, spec)
    town.stage.world.sender.deliver_due()
    town.stage.engine.process_deliveries()
    town.stage.erps[ALPHA].way.plan.extend(["ok"] * cut + ["cut"])
    town.stage.engine.run_jobs(limit=100)
    town.stage.erps[ALPHA].way.plan.clear()
    orders.cancel(store, ALPHA, gid)
    town.rest()
    number = gid.rpartition("/")[2]
    written = [
        each for each in town.books.documents.values() if each["reference"].partition("/")[0] == number
    ]
    linked = {link.erp_id for kind in ("order", "delta") for link in town.links(kind)}
    assert sum(Decimal(each["total"]) for each in written) == 0, written
    assert {each["erp_id"] for each in written} == linked
    assert {each.state for each in town.intents("order_push")} <= {IntentState.DONE, IntentState.DROPPED}
