"""A credit note of the ERP pays money back at Shopify: within limits, or with people's word, and once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.shopify.commands import refunds as shopify_refunds
from sync.domain.documents import LineKind
from sync.domain.feeds import CreditLine
from sync.domain.money import Money
from sync.domain.rules import Service
from sync.flows import back, refund_pull
from sync.state.models import IntentState, JobState
from tests.flows.refunding import MUG, WIDE, mugs, open_refunds, paid_back
from tests.flows.town import ALPHA, HARBOUR, Town


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose products are linked and whose road of refunds is open, with wide limits."""
    return open_refunds(town)


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


def test_nothing_is_paid_back_while_shopify_owns_refunds(open_town: Town) -> None:
    town = open_town
    town.set(owners={})
    order = town.order((MUG, 1))
    town.credit("C1", order, "10.00")
    town.rest()
    assert paid_back(town, order) == []
    assert town.intents("refund_pull") == []


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


def test_items_that_the_mapping_uses_for_money_are_no_goods(open_town: Town) -> None:
    town = open_town
    town.publish(services={LineKind.SHIPPING: Service(item="POST"), LineKind.DISCOUNT: Service(item="OFF")})
    order = town.order((MUG, 1), shipping=[{"title": "Ground", "price": "5.00"}])
    lines = (
        CreditLine(item="POST", quantity=Decimal(1), gross=Decimal("5.00")),
        CreditLine(item="OFF", quantity=Decimal(1), gross=Decimal("2.00")),
    )
    town.credit("C1", order, "7.00", lines=lines)
    town.rest()
    (refund,) = town.shopify_order(order["id"])["refunds"]
    assert Decimal(paid_back(town, order)[0]) == Decimal("7.00")
    assert refund["refundLineItems"] == []


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


def test_goods_that_come_back_to_a_warehouse_without_a_location_wait_until_it_has_one(
    open_town: Town,
) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.credit("C1", order, "33.33", lines=mugs(town, 1, "33.33", is_restocked=True), warehouse="W9")
    town.rest()
    assert paid_back(town, order) == []
    (held,) = town.jobs("refund_pull", JobState.HELD)
    assert (held.fault_code, "W9" in held.reason) == ("warehouse_unmapped", True)
    town.publish(warehouses={town.locations[0]: (HARBOUR, "W9")})
    assert [Decimal(each) for each in paid_back(town, order)] == [Decimal("33.33")]


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


@pytest.mark.parametrize(
    ("total", "pieces", "says"),
    [
        ("0", "0", "nothing to pay"),
        ("-5.00", "0", "nothing to pay"),
        ("5.005", "0", "2 decimals"),
        ("33.33", "1.5", "1.5 pieces"),
        ("33.33", "-1", "negative"),
    ],
)
def test_a_credit_that_no_refund_can_be_is_refused_before_shopify_is_asked(
    open_town: Town, total: str, pieces: str, says: str
) -> None:
    town = open_town
    order = town.order((MUG, 2))
    line = CreditLine(item=town.product(MUG), quantity=Decimal(pieces), gross=Decimal(total))
    town.credit("C1", order, total, lines=(line,) if Decimal(pieces) else ())
    town.rest()
    (dead,) = town.jobs("refund_pull", JobState.DEAD)
    assert says in dead.reason
    assert town.shopify_order(order["id"])["refunds"] == []
    assert town.intents("refund_pull") == []


def test_money_that_is_not_what_shopify_suggests_is_an_adjustment_with_a_reason(open_town: Town) -> None:
    town = open_town
    reasons = []
    for number, less in (("C1", "0.00"), ("C2", "3.00")):
        order = town.order((MUG, 1))
        whole = Decimal(order["currentTotalPriceSet"]["shopMoney"]["amount"])
        total = str(whole - Decimal(less))
        town.credit(number, order, total, lines=mugs(town, 1, total))
        town.rest()
        (refund,) = town.shopify_order(order["id"])["refunds"]
        reasons.append([each["reason"] for each in refund["orderAdjustments"]])
    assert reasons == [[], ["REFUND_DISCREPANCY"]]


def test_a_fee_that_the_erp_keeps_makes_the_refund_smaller(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    fee = CreditLine(item="", quantity=Decimal(1), gross=Decimal("-3.33"))
    town.credit("C1", order, "30.00", lines=(*mugs(town, 1, "33.33"), fee))
    town.rest()
    assert [Decimal(each) for each in paid_back(town, order)] == [Decimal("30.00")]


def test_a_refund_that_cannot_be_made_any_more_leaves_the_order_free(open_town: Town) -> None:
    """The answer is lost, nothing happened, and meanwhile somebody paid back by hand: the order must not wait."""
    town = open_town
    order = town.order((MUG, 1))
    town.stage.world.faults.add({"kind": "fail", "target": "graphql", "match": "RefundCreate"})
    town.credit("C1", order, order["currentTotalPriceSet"]["shopMoney"]["amount"])
    town.clock.move(70)
    town.stage.clockwork.tick()
    town.stage.engine.run_jobs(limit=2)
    assert [each.state for each in town.intents("refund_pull")] != []
    line = order["lineItems"][0]["id"]
    shopify_refunds.create(
        town.stage.store, ALPHA, order["id"], {"lines": [{"line_id": line, "quantity": 1}]}
    )
    town.rest()
    assert len(paid_back(town, order)) == 1
    assert "cannot go back" in town.jobs("refund_pull", JobState.DEAD)[0].reason
    assert {each.state for each in town.intents("refund_pull")} == {IntentState.DROPPED}
    assert [each["kind"] for each in town.books.documents.values()] == ["sale", "credit"]
