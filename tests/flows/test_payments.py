"""Payments reach the ERP once, whichever road told the order first: a signed body knows no payment, the ledger does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import orders, refunds
from sync.state.models import JobState, Lane
from tests.flows import refunding
from tests.flows.refunding import MUG
from tests.flows.town import ALPHA, Town

TENT = "ALP-TENT-2P"


def booked(town: Town) -> list[tuple[str, Decimal, bool]]:
    """Every payment in the ERP's books: its document, its amount, whether it went back."""
    found: list[dict[str, Any]] = list(town.books.payments.values())
    return sorted((each["origin"], Decimal(each["amount"]), each["is_refund"]) for each in found)


def test_the_payments_of_an_order_that_a_body_told_follow_by_themselves_once(town: Town) -> None:
    order = town.order((TENT, 1), gift_card="50.00")
    number, total = order["id"].rpartition("/")[2], Decimal(order["totalPriceSet"]["shopMoney"]["amount"])
    wanted = sorted([(number, Decimal("50.00"), False), (number, total - 50, False)])
    assert booked(town) == wanted
    town.ask("order_push", order["id"], Lane.ORDERS, reread=True)
    town.rest()
    assert booked(town) == wanted
    assert {each.state for each in town.jobs("order_push")} == {JobState.DONE}


def test_an_order_that_the_ledger_told_first_has_the_same_books(town: Town) -> None:
    town.order((TENT, 1), gift_card="50.00")
    wanted = [(amount, is_refund) for _, amount, is_refund in booked(town)]
    town.books.payments.clear()
    spec = {"lines": [{"sku": TENT, "quantity": 1}], "email": "bo@example.com", "gift_card": "50.00"}
    gid = orders.create(town.stage.store, ALPHA, spec)
    town.ask("order_push", gid, Lane.ORDERS, reread=True)
    town.rest()
    assert [(amount, is_refund) for _, amount, is_refund in booked(town)] == wanted
    assert len([each for each in town.jobs("order_push") if each.record == gid]) == 1


def test_nobody_looks_for_payments_that_the_mapping_does_not_use(town: Town) -> None:
    town.publish(default_payment_method="")
    order = town.order((TENT, 1))
    assert [each.lane for each in town.jobs("order_push") if each.record == order["id"]] == [Lane.ORDERS]
    assert booked(town) == []


def test_the_look_for_payments_lets_every_new_order_go_first(town: Town) -> None:
    order = town.order((TENT, 1))
    lanes = [each.lane for each in town.jobs("order_push") if each.record == order["id"]]
    assert sorted(lanes) == [Lane.ORDERS, Lane.BACKFILL]


def test_money_that_went_back_is_booked_on_the_credit(town: Town) -> None:
    order = town.order((TENT, 1))
    line = order["lineItems"][0]
    refunds.create(
        town.stage.store,
        ALPHA,
        order["id"],
        {"lines": [{"line_id": line["id"], "quantity": 1}]},
    )
    town.rest()
    back = [each for each in booked(town) if each[2]]
    (credit,) = [each for each in town.books.documents.values() if each["kind"] == "credit"]
    assert back == [(credit["reference"], -Decimal(credit["total"]), True)]


def paid_out(town: Town) -> list[tuple[str, Decimal]]:
    """Money that went back, booked on the ERP's own credit notes."""
    return [
        (each["document"], Decimal(each["amount"]))
        for each in town.books.payments.values()
        if each["document"]
    ]


def test_a_refund_for_a_credit_note_of_the_erp_is_booked_on_it_once(town: Town) -> None:
    refunding.open_refunds(town)
    order = town.order((MUG, 2))
    documents = set(town.books.documents)
    for number, amount in (("C1", "33.33"), ("C2", "5.00")):
        town.credit(number, order, amount)
        town.rest()
    wanted = [("C1", Decimal("33.33")), ("C2", Decimal("5.00"))]
    assert paid_out(town) == wanted
    for _ in range(2):
        town.ask("order_push", order["id"], Lane.ORDERS, reread=True)
        town.rest()
    assert paid_out(town) == wanted
    assert len([each for each in town.links("payment") if each.record == order["id"]]) == 3
    assert set(town.books.documents) == documents
    assert town.jobs("order_push", JobState.DEAD, JobState.HELD) == []


def test_a_lost_answer_books_such_a_refund_once(town: Town) -> None:
    refunding.open_refunds(town)
    order = town.order((MUG, 2))
    pay = town.stage.erps[ALPHA].way.plan
    town.credit("C1", order, "33.33")
    pay[:] = ["ok", "cut", "ok", "cut", "ok", "cut"]
    town.rest()
    town.rest(seconds=200)
    assert "cut" not in pay
    assert paid_out(town) == [("C1", Decimal("33.33"))]
    assert town.jobs("order_push", JobState.DEAD, JobState.HELD, JobState.READY) == []


def test_such_a_refund_is_not_booked_where_the_mapping_uses_no_payments(town: Town) -> None:
    refunding.open_refunds(town)
    town.publish(default_payment_method="")
    order = town.order((MUG, 2))
    town.credit("C1", order, "33.33")
    town.rest()
    assert len(refunding.paid_back(town, order)) == 1
    assert booked(town) == []
