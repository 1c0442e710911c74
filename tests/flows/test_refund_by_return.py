"""A credit for goods of a return that is under way: the return is processed with its refund, and goods by policy."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify.commands import fulfilments, returns, stock
from sync.state.models import IntentState, JobState
from tests.flows.refunding import MUG, WIDE, mugs, open_refunds, paid_back
from tests.flows.town import ALPHA, Town


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose road of refunds is open."""
    return open_refunds(town)


def returned(town: Town, pieces: int, *, may_process: bool = True) -> dict[str, Any]:
    """An order whose mugs were sent, with a return of some of them under way."""
    stage = town.stage
    more = ["write_returns"] if may_process else []
    scopes = [*stage.world.app.required_scopes, *more]
    stage.world.install(ALPHA, client_id=stage.settings.client_id, scopes=scopes)
    stage.visit(ALPHA)
    order = town.order((MUG, 3))
    fulfilments.create(town.stage.store, ALPHA, order["id"])
    town.rest()
    wish = {"lines": [{"sku": MUG, "quantity": pieces}]}
    returns.create(town.stage.store, ALPHA, order["id"], wish)
    town.rest()
    return order


@pytest.mark.parametrize(
    ("restocking", "is_restocked", "put_back"),
    [("as_credited", True, 1), ("as_credited", False, 0), ("always", False, 1), ("never", True, 0)],
)
def test_goods_of_a_return_are_processed_with_it_and_put_back_by_policy(
    open_town: Town, restocking: str, is_restocked: bool, put_back: int
) -> None:
    town = open_town
    town.set(refunds={**WIDE, "restocking": restocking})
    order = returned(town, 2)
    before = len(town.books.documents)
    item = town.variant(MUG)["inventoryItemId"]
    level = stock.level_of(town.stage.store, ALPHA, item, town.locations[0])
    assert level is not None
    there = level["stock"]["available"]
    town.credit("C1", order, "33.33", lines=mugs(town, 1, "33.33", is_restocked=is_restocked))
    town.rest()
    town.rest()
    (made,) = town.shopify_order(order["id"])["returns"]
    assert made["returnLineItems"][0]["processedQuantity"] == 1
    (refund,) = town.shopify_order(order["id"])["refunds"]
    assert made["refundIds"] == [refund["id"]]
    assert [Decimal(each) for each in paid_back(town, order)] == [Decimal("33.33")]
    level = stock.level_of(town.stage.store, ALPHA, item, town.locations[0])
    assert level is not None
    assert level["stock"]["available"] == there + put_back
    assert len(town.books.documents) == before, (
        "the return was told when it was opened, its refund is no news"
    )
    assert {each.state for each in town.intents("refund_pull")} == {IntentState.DONE}


def test_without_the_permission_for_returns_the_refund_waits_and_the_order_does_not(open_town: Town) -> None:
    town = open_town
    order = returned(town, 2, may_process=False)
    town.credit("C1", order, "33.33", lines=mugs(town, 1, "33.33"))
    town.rest()
    (held,) = town.jobs("refund_pull", JobState.HELD)
    assert "write_returns" in held.reason
    assert [each.state for each in town.intents("refund_pull")] == [IntentState.DROPPED]


def test_goods_that_no_return_holds_are_refunded_without_it(open_town: Town) -> None:
    town = open_town
    order = returned(town, 1)
    town.credit("C1", order, "66.66", lines=mugs(town, 2, "66.66"))
    town.rest()
    (made,) = town.shopify_order(order["id"])["returns"]
    assert made["returnLineItems"][0]["processedQuantity"] == 0
    assert [Decimal(each) for each in paid_back(town, order)] == [Decimal("66.66")]


def test_a_lost_answer_of_a_return_pays_once(open_town: Town) -> None:
    town = open_town
    order = returned(town, 3)
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "ReturnProcess"})
    town.credit("C1", order, "33.33", lines=mugs(town, 1, "33.33"))
    town.rest()
    (made,) = town.shopify_order(order["id"])["returns"]
    assert made["returnLineItems"][0]["processedQuantity"] == 1
    assert len(paid_back(town, order)) == 1
    assert [each.state for each in town.intents("refund_pull")] == [IntentState.DONE]
