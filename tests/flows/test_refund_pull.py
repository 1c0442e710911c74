"""A credit note of the ERP pays money back at Shopify: within limits, or with people's word, and once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify.commands import refunds as shopify_refunds
from sync.domain.feeds import CreditLine
from sync.domain.money import Money
from sync.flows import back, refund_pull
from sync.state.models import IntentState, JobState
from tests.flows.town import ALPHA, Town

MUG, TORCH = "ALP-MUG", "ALP-TORCH"
WIDE = {"per_refund": "500", "per_day": "1000"}


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose road of refunds is open, with wide limits."""
    town.set(roads={"refunds": "on"}, refunds=WIDE)
    town.link_products()
    return town


def paid_back(town: Town, order: dict[str, Any]) -> list[str]:
    """Amounts of the order's refund transactions."""
    transactions = town.shopify_order(order["id"])["transactions"]
    return [each["amountSet"]["shopMoney"]["amount"] for each in transactions if each["kind"] == "REFUND"]


def mugs(town: Town, pieces: int, gross: str, *, is_restocked: bool = False) -> tuple[CreditLine, ...]:
    return (
        CreditLine(
            item=town.product(MUG), quantity=Decimal(pieces), gross=Decimal(gross), is_restocked=is_restocked
        ),
    )


def approve(town: Town, record: str, amount: str, number: str, actor: str) -> None:
    told = {"credit": number, "amount": str(Money(Decimal(amount), "USD"))}
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        back.approve(session, shop_id=town.shop_id, record=record, values=told, actor=actor)


def test_nothing_is_paid_back_until_a_shop_opens_the_road(town: Town) -> None:
    town.link_products()
    order = town.order((MUG, 1))
    town.credit("C1", order, "10.00")
    town.rest()
    assert paid_back(town, order) == []


def test_a_credit_note_is_paid_back_to_the_payment_it_came_from(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.credit("C1", order, "33.33", lines=mugs(town, 1, "33.33"))
    town.rest()
    (refund,) = town.shopify_order(order["id"])["refunds"]
    assert Decimal(paid_back(town, order)[0]) == Decimal("33.33")
    assert [row["quantity"] for row in refund["refundLineItems"]] == [1]
    assert "CN-C1" in refund["note"]
    assert [each.state for each in town.intents("refund_pull")] == [IntentState.DONE]


def test_money_without_goods_is_money_without_goods(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.credit("C1", order, "5.00")
    town.rest()
    (refund,) = town.shopify_order(order["id"])["refunds"]
    assert refund["refundLineItems"] == []
    assert Decimal(paid_back(town, order)[0]) == Decimal("5.00")


def test_a_credit_note_told_twice_is_paid_once(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    for _ in range(2):
        town.credit("C1", order, "5.00")
        town.rest()
    assert len(paid_back(town, order)) == 1


def test_our_refund_is_not_told_back_to_the_erp_as_a_credit(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    documents = set(town.books.documents)
    town.credit("C1", order, "33.33", lines=mugs(town, 1, "33.33"))
    town.rest()
    town.rest()
    assert set(town.books.documents) == documents
    assert town.jobs("order_push", JobState.DEAD, JobState.HELD) == []


def test_what_came_from_shopify_never_goes_back_there(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    line = order["lineItems"][0]["id"]
    shopify_refunds.create(
        town.stage.store, ALPHA, order["id"], {"lines": [{"line_id": line, "quantity": 1}]}
    )
    town.rest()
    (credit,) = [each for each in town.books.documents.values() if each["kind"] == "credit"]
    town.credit(credit["erp_id"], order, credit["total"].lstrip("-"))
    town.credit("C9", order, "3.00", reference=credit["reference"])
    town.rest()
    assert len(paid_back(town, order)) == 1
    assert town.sentences("refund_pull") == ["This credit note came from Shopify."]


def test_a_change_that_cannot_be_read_stops_nobody_else(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.books.note("credits", "C0", {"origin": order["id"].rpartition("/")[2], "total": "ten"})
    town.credit("C1", order, "5.00")
    town.rest()
    assert len(paid_back(town, order)) == 1
    (dead,) = town.jobs("erp_feed", JobState.DEAD)
    assert dead.record == "feed:credits#C0"


def test_an_amount_above_the_limit_waits_for_one_person(open_town: Town) -> None:
    town = open_town
    town.set(refunds={"per_refund": "20", "per_day": "1000"})
    order = town.order((MUG, 2))
    town.credit("C1", order, "21.00")
    town.rest()
    assert paid_back(town, order) == []
    (held,) = town.jobs("refund_pull", JobState.HELD)
    assert "One person has to agree" in held.reason
    approve(town, held.record, "21.00", "CN-C1", "staff:1")
    town.rest()
    assert len(paid_back(town, order)) == 1


def test_refunds_together_keep_the_limit_of_a_day(open_town: Town) -> None:
    town = open_town
    town.set(refunds={"per_refund": "20", "per_day": "25"})
    order = town.order((MUG, 4))
    for number in ("C1", "C2"):
        town.credit(number, order, "15.00")
    town.rest()
    assert len(paid_back(town, order)) == 1
    assert len(town.jobs("refund_pull", JobState.HELD)) == 1
    town.rest(seconds=refund_pull.DAY.total_seconds() + 60)
    town.rest(seconds=3600)
    assert len(paid_back(town, order)) == 2


def test_a_large_amount_needs_two_different_people(open_town: Town) -> None:
    town = open_town
    town.set(refunds={**WIDE, "two_persons_above": "30"})
    order = town.order((MUG, 2))
    town.credit("C1", order, "40.00")
    town.rest()
    (held,) = town.jobs("refund_pull", JobState.HELD)
    assert "Two people have to agree" in held.reason
    for _ in range(2):
        approve(town, held.record, "40.00", "CN-C1", "staff:1")
        town.rest()
    assert paid_back(town, order) == []
    approve(town, held.record, "40.00", "CN-C1", "staff:2")
    town.rest()
    assert len(paid_back(town, order)) == 1


def test_an_approval_is_void_once_the_amount_changes(open_town: Town) -> None:
    town = open_town
    town.set(refunds={"per_refund": "20"})
    order = town.order((MUG, 2))
    town.credit("C1", order, "21.00")
    town.rest()
    (held,) = town.jobs("refund_pull", JobState.HELD)
    town.credit("C1", order, "55.00")
    town.rest()
    approve(town, held.record, "21.00", "CN-C1", "staff:1")
    town.rest()
    assert paid_back(town, order) == []


def test_more_than_was_paid_is_refused(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.credit("C1", order, "499.00")
    town.rest()
    assert paid_back(town, order) == []
    (dead,) = town.jobs("refund_pull", JobState.DEAD)
    assert "cannot go back to any payment" in dead.reason


def test_more_goods_than_were_sold_are_refused(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.credit("C1", order, "33.33", lines=mugs(town, 2, "33.33"))
    town.rest()
    assert paid_back(town, order) == []
    assert "more of its product" in town.jobs("refund_pull", JobState.DEAD)[0].reason


def test_a_credit_in_another_currency_is_left_to_a_person(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.credit("C1", order, "10.00", currency="CHF")
    town.rest()
    assert paid_back(town, order) == []
    assert "by hand" in town.jobs("refund_pull", JobState.DEAD)[0].reason


def test_a_lost_answer_pays_once(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "RefundCreate"})
    town.credit("C1", order, "5.00")
    town.rest()
    assert len(paid_back(town, order)) == 1
    assert [each.state for each in town.intents("refund_pull")] == [IntentState.DONE]


def test_a_road_that_is_shut_between_two_tries_leaves_nothing_open(open_town: Town) -> None:
    town = open_town
    for number, fault in (("C1", "cut"), ("C2", "fail")):
        order = town.order((MUG, 2))
        town.set(roads={"refunds": "on"})
        town.stage.world.faults.add({"kind": fault, "target": "graphql", "match": "RefundCreate"})
        town.credit(number, order, "5.00")
        town.clock.move(70)
        town.stage.clockwork.tick()
        town.stage.engine.run_jobs(limit=2)
        town.set(roads={"refunds": "off"})
        town.rest()
        assert len(paid_back(town, order)) == (1 if fault == "cut" else 0)
    states = {each.state for each in town.intents("refund_pull")}
    assert states == {IntentState.DONE, IntentState.DROPPED}
    assert town.jobs("order_push", JobState.READY) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", [1, 10, 19, 28])
def test_a_process_that_dies_at_any_moment_pays_once(open_town: Town, first: int) -> None:
    town = open_town
    for moment in range(first, first + 9):
        order = town.order((MUG, 2))
        documents = len(town.books.documents)
        town.credit(f"C{moment}", order, "33.33", lines=mugs(town, 1, "33.33"))
        town.live(dying_after=moment)
        assert len(paid_back(town, order)) == 1, f"died at moment {moment}"
        assert len(town.books.documents) == documents, f"told back to the ERP, died at moment {moment}"
