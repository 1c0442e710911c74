"""What the buyer paid is booked against the invoice, once, through the account of the payment method."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from kit.faults import Misconfigured, Rejected
from sync.connectors.base import INVOICE_OPEN, Written
from tests.connectors.tryton.hands import credit_invoice
from tests.connectors.tryton.papers import Paper, both, pan
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow


def left_to_pay(erp: Erp, written: Written) -> tuple[Decimal, list[tuple[str, Decimal]]]:
    """What an invoice still asks for, and its payments: their names, and what each put on the clearing account."""
    (invoice,) = [int(each.erp_id) for each in written.related if each.model == "account.invoice"]
    with erp.admin() as rpc:
        (row,) = rpc.read("account.invoice", [invoice], "amount_to_pay")
        moves = rpc.find(
            "account.move", ("origin", "=", f"account.invoice,{invoice}"), ("description", "like", "gid:%")
        )
        booked = []
        for move in rpc.read("account.move", moves, "description", "lines", "state"):
            assert move["state"] == "posted"
            for line in rpc.read("account.move.line", move["lines"], "account", "debit", "credit"):
                if line["account"] == erp.ids["accounts"]["clearing"]:
                    booked.append((move["description"], line["debit"] - line["credit"]))
    return row["amount_to_pay"], booked


def test_a_paid_order_owes_nothing_and_is_paid_once(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    paid = paper.payment("gid://shopify/OrderTransaction/1", "79.99")
    written = connector.write(paper.sale([pan(paper, 1)]), key="")
    first = connector.pay(paid, key="")
    assert (first.model, first.state, first.total) == ("account.move", "posted", paid.amount.shop)
    assert connector.pay(paid, key="") == first
    assert left_to_pay(tryton_beta, written) == (Decimal(0), [(paid.source, Decimal("79.99"))])


def test_two_payments_of_a_part_leave_the_rest_open(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    parts = tuple(paper.payment(f"gid://shopify/OrderTransaction/{n}", "20.00") for n in (1, 2))
    written = connector.write(paper.sale([pan(paper, 1)]), key="")
    for each in parts:
        connector.pay(each, key="")
    owed, booked = left_to_pay(tryton_beta, written)
    assert owed == Decimal("39.99")
    assert sorted(booked) == [(each.source, Decimal("20.00")) for each in parts]


def test_money_that_went_back_leaves_the_clearing_account(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)]), key="")
    back = paper.payment("gid://shopify/OrderTransaction/9", "79.99", suffix="R1")
    written = connector.write(paper.credit([pan(paper, -1)]), key="")
    connector.pay(back, key="")
    assert left_to_pay(tryton_beta, written) == (Decimal(0), [(back.source, Decimal("-79.99"))])


@pytest.mark.parametrize("told_as", ["{credit}", "{credit}@{sale}"])
def test_money_that_went_back_for_a_credit_note_that_people_made_closes_it_once(
    tryton_beta: Erp, told_as: str
) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    written = connector.write(paper.sale([pan(paper, 1)]), key="")
    connector.pay(paper.payment("gid://shopify/OrderTransaction/1", "79.99"), key="")
    (invoice,) = [each for each in written.related if each.model == "account.invoice"]
    with tryton_beta.admin() as rpc:
        credit = credit_invoice(rpc, int(invoice.erp_id))
    told = told_as.format(credit=credit, sale=paper.reference)
    back = paper.payment("gid://shopify/OrderTransaction/9", "79.99", suffix="R1", erp_document=told)
    first = connector.pay(back, key="")
    assert connector.pay(back, key="") == first
    of_people = replace(written, related=(replace(invoice, erp_id=str(credit)),))
    assert left_to_pay(tryton_beta, of_people) == (Decimal(0), [(back.source, Decimal("-79.99"))])


def test_a_credit_note_that_tryton_lost_is_told(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    back = paper.payment("gid://shopify/OrderTransaction/9", "79.99", suffix="R1", erp_document="999999")
    with pytest.raises(Rejected) as refused:
        connector.pay(back, key="")
    assert refused.value.code == "credit_gone"


def test_a_payment_method_that_tryton_lost_holds_the_order(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    lost = replace(paper.payment("gid://shopify/OrderTransaction/1", "79.99"), erp_method="999999")
    connector.write(paper.sale([pan(paper, 1)]), key="")
    with pytest.raises(Misconfigured) as held:
        connector.pay(lost, key="")
    assert held.value.misses == "mapping:payment:shopify_payments"


def test_a_draft_takes_no_payment_until_a_person_posted_it(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    paid = paper.payment("gid://shopify/OrderTransaction/1", "79.99")
    written = connector.write(paper.sale([pan(paper, 1)], is_posted=False), key="")
    with pytest.raises(Rejected) as refused:
        connector.pay(paid, key="")
    assert refused.value.code == INVOICE_OPEN
    with tryton_beta.admin() as rpc:
        (invoice,) = [int(each.erp_id) for each in written.related if each.model == "account.invoice"]
        rpc.press("account.invoice", "post", invoice)
    assert connector.pay(paid, key="").total == paid.amount.shop


def test_a_payment_in_a_currency_that_is_neither_shop_s_nor_tryton_s_is_booked_by_tryton_s_rate(
    tryton_beta: Erp,
) -> None:
    paper, connector = Paper(tryton_beta, currency="JPY"), tryton_beta.connector()
    item = replace(pan(paper, 1), taxes=(), net=both("16805", "JPY"))
    written = connector.write(paper.sale([item]), key="")
    paid = paper.payment("gid://shopify/OrderTransaction/1", "16805")
    connector.pay(paid, key="")
    assert left_to_pay(tryton_beta, written) == (Decimal(0), [(paid.source, Decimal("100.00"))])


def test_more_than_the_invoice_asks_for_is_booked_and_only_what_is_owed_counts(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    written = connector.write(paper.sale([pan(paper, 1)]), key="")
    paid = paper.payment("gid://shopify/OrderTransaction/1", "80.01")
    first = connector.pay(paid, key="")
    assert connector.pay(paid, key="") == first
    assert left_to_pay(tryton_beta, written) == (Decimal(0), [(paid.source, Decimal("80.01"))])
    more = paper.payment("gid://shopify/OrderTransaction/2", "5.00")
    connector.pay(more, key="")
    assert left_to_pay(tryton_beta, written)[0] == Decimal(0)
    with tryton_beta.admin() as rpc:
        (party,) = rpc.find("party.party", ("code", "=", paper.customer.code))
        (row,) = rpc.read("party.party", [party], "receivable")
    assert row["receivable"] == Decimal("-5.02")  # what an accountant has to decide about


def test_an_amount_is_booked_in_the_steps_of_its_currency(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta, currency="JPY"), tryton_beta.connector()
    connector.write(paper.sale([replace(pan(paper, 1), taxes=(), net=both("16805", "JPY"))]), key="")
    assert (
        connector.pay(paper.payment("gid://shopify/OrderTransaction/1", "16805.0"), key="").state == "posted"
    )
