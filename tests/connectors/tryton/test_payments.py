"""What the buyer paid is booked against the invoice, once, through the account of the payment method."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from kit.faults import Misconfigured
from sync.connectors.base import Written
from tests.connectors.tryton.papers import Paper
from tests.connectors.tryton.test_credits import pan
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
    document = replace(paper.sale([pan(paper, 1)]), payments=(paid,))
    written = connector.write(document, key="")
    assert written.is_complete
    assert connector.write(document, key="") == written
    assert left_to_pay(tryton_beta, written) == (Decimal(0), [(paid.source, Decimal("79.99"))])


def test_two_payments_of_a_part_leave_the_rest_open(tryton_beta: Erp) -> None:
    paper = Paper(tryton_beta)
    parts = tuple(paper.payment(f"gid://shopify/OrderTransaction/{n}", "20.00") for n in (1, 2))
    written = tryton_beta.connector().write(replace(paper.sale([pan(paper, 1)]), payments=parts), key="")
    owed, booked = left_to_pay(tryton_beta, written)
    assert owed == Decimal("39.99")
    assert sorted(booked) == [(each.source, Decimal("20.00")) for each in parts]


def test_money_that_went_back_leaves_the_clearing_account(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)]), key="")
    back = paper.payment("gid://shopify/OrderTransaction/9", "79.99")
    written = connector.write(replace(paper.credit([pan(paper, -1)]), payments=(back,)), key="")
    assert written.is_complete
    assert left_to_pay(tryton_beta, written) == (Decimal(0), [(back.source, Decimal("-79.99"))])


def test_a_payment_method_that_tryton_lost_holds_the_order(tryton_beta: Erp) -> None:
    paper = Paper(tryton_beta)
    lost = replace(paper.payment("gid://shopify/OrderTransaction/1", "79.99"), erp_method="999999")
    with pytest.raises(Misconfigured) as held:
        tryton_beta.connector().write(replace(paper.sale([pan(paper, 1)]), payments=(lost,)), key="")
    assert held.value.misses == "mapping:payment:shopify_payments"
