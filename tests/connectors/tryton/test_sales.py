"""A document becomes one sale with one posted invoice, whatever happens and however often it is asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from kit.faults import Fault, Misconfigured, Rejected, Transient
from sync.connectors.base import Related, Written
from sync.domain.documents import Document, LineKind
from sync.domain.money import Money
from tests.connectors.tryton.papers import Paper
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow


def order(paper: Paper) -> Document:
    """Two kinds of goods and shipping, VAT inside."""
    return paper.sale(
        [
            paper.goods("BET-KANNE", 2, "75.46", paper.tax("MwSt", "0.19", "14.34")),
            paper.goods("BET-BUCH", 1, "27.99", paper.tax("MwSt", "0.07", "1.96")),
            paper.money(LineKind.SHIPPING, "SHIPPING", "4.12", paper.tax("MwSt", "0.19", "0.78")),
        ]
    )


def invoice_of(written: Written) -> Related:
    """The one invoice of a sale."""
    (found,) = [each for each in written.related if each.model == "account.invoice"]
    return found


def test_an_order_becomes_a_sale_with_a_posted_invoice_and_a_waiting_shipment(tryton_beta: Erp) -> None:
    document = order(Paper(tryton_beta))
    written = tryton_beta.connector().write(document, key="")
    assert (written.model, written.state, written.is_complete) == ("sale.sale", "processing", True)
    assert written.total == Money(Decimal("124.65"), "EUR") == document.total.shop
    assert invoice_of(written).state == "posted"
    assert [each.state for each in written.related if each.model == "stock.shipment.out"] == ["waiting"]


def test_the_sale_says_in_tryton_what_the_order_said(tryton_beta: Erp) -> None:
    paper = Paper(tryton_beta)
    document = replace(order(paper), purchase_order="PO 77", note="Leave it at the door")
    written = tryton_beta.connector().write(document, key="")
    with tryton_beta.admin() as rpc:
        (sale,) = rpc.read(
            "sale.sale",
            [int(written.erp_id)],
            "reference",
            "description",
            "comment",
            "web_id",
            "total_amount",
            "party",
        )
        (party,) = rpc.read("party.party", [sale["party"]], "code")
    assert (sale["reference"], sale["web_id"]) == (document.number, document.reference)
    assert (sale["description"], sale["comment"]) == ("PO 77", "Leave it at the door")
    assert party["code"] == document.customer.code
    assert sale["total_amount"] == document.total.shop.amount


def test_writing_again_changes_nothing(tryton_beta: Erp) -> None:
    connector, document = tryton_beta.connector(), order(Paper(tryton_beta))
    assert connector.find(document) is None
    first = connector.write(document, key="")
    assert connector.write(document, key="") == first
    assert connector.find(document) == first


def test_a_document_that_shall_stay_a_draft_is_complete_with_an_open_invoice(tryton_beta: Erp) -> None:
    document = replace(order(Paper(tryton_beta)), is_posted=False)
    written = tryton_beta.connector().write(document, key="")
    assert invoice_of(written).state == "draft"
    assert written.is_complete
    assert written.total == document.total.shop


def test_goods_that_left_without_the_erp_get_no_shipment(tryton_beta: Erp) -> None:
    document = replace(order(Paper(tryton_beta)), is_shipped_elsewhere=True)
    written = tryton_beta.connector().write(document, key="")
    assert [each.model for each in written.related] == ["account.invoice"]


def test_a_gift_card_is_owed_and_not_earned(tryton_beta: Erp) -> None:
    paper = Paper(tryton_beta)
    document = paper.sale([paper.money(LineKind.GIFT_CARD, "GIFT-CARD", "25.00", account="gift_cards")])
    written = tryton_beta.connector().write(document, key="")
    with tryton_beta.admin() as rpc:
        (invoice,) = rpc.read("account.invoice", [int(invoice_of(written).erp_id)], "move")
        lines = rpc.find("account.move.line", ("move", "=", invoice["move"]))
        booked = {
            row["account"]: row["credit"] for row in rpc.read("account.move.line", lines, "account", "credit")
        }
    assert booked[tryton_beta.ids["accounts"]["gift_cards"]] == Decimal("25.00")


def test_an_order_of_nothing_is_invoiced_for_nothing(tryton_beta: Erp) -> None:
    paper = Paper(tryton_beta)
    document = paper.sale([paper.goods("BET-LICHT", 1, "0.00", paper.tax("MwSt", "0.19", "0.00"))])
    written = tryton_beta.connector().write(document, key="")
    assert written.is_complete
    assert invoice_of(written).state == "paid"


def test_many_at_once_make_one_sale(tryton_beta: Erp) -> None:
    document = order(Paper(tryton_beta))

    def write(_: int) -> Written | Fault:
        try:
            return tryton_beta.connector().write(document, key="")
        except (Transient, Rejected) as fault:
            return fault  # the engine sends one caller at a time; a second one may lose a race, never win two

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    written = tryton_beta.connector().write(document, key="")
    with tryton_beta.admin() as rpc:
        sales = rpc.find("sale.sale", ("web_id", "=", document.reference))
        invoices = rpc.find("account.invoice", ("reference", "=", document.number))
    assert [str(each) for each in sales] == [written.erp_id]
    assert [str(each) for each in invoices] == [invoice_of(written).erp_id]
    assert written.is_complete


def test_a_sale_that_people_cancelled_is_left_to_people(tryton_beta: Erp) -> None:
    connector, document = tryton_beta.connector(), order(Paper(tryton_beta))
    with tryton_beta.admin() as rpc:
        party = int(connector.write_customer(document.customer).erp_id)
        rpc.one(
            "sale.sale",
            party=party,
            company=tryton_beta.ids["company"],
            currency=tryton_beta.ids["currencies"]["EUR"],
            web_shop=tryton_beta.ids["web_shop"],
            web_id=document.reference,
        )
        (sale,) = rpc.find("sale.sale", ("web_id", "=", document.reference))
        rpc.press("sale.sale", "cancel", sale)
    with pytest.raises(Rejected) as refused:
        connector.write(document, key="")
    assert refused.value.code == "sale_cancelled"
    found = connector.find(document)
    assert found is not None
    assert (found.state, found.is_complete) == ("cancelled", False)


def test_a_currency_that_tryton_lacks_holds_the_order(tryton_beta: Erp) -> None:
    paper = Paper(tryton_beta, currency="SEK")
    document = paper.sale([paper.goods("BET-KANNE", 1, "400.00")])
    with pytest.raises(Misconfigured) as held:
        tryton_beta.connector().write(document, key="")
    assert held.value.misses == "erp:currency.currency:SEK"


def test_a_day_without_an_open_period_holds_the_order_where_the_policy_says_so(tryton_beta: Erp) -> None:
    document = order(Paper(tryton_beta))
    document = replace(document, dated_on=document.dated_on.replace(year=2019), may_post_later=False)
    with pytest.raises(Misconfigured) as held:
        tryton_beta.connector().write(document, key="")
    assert held.value.misses == "mapping:closed_period"


def test_extra_fields_are_filled_and_unknown_ones_are_named(tryton_beta: Erp) -> None:
    connector = tryton_beta.connector()
    document = replace(order(Paper(tryton_beta)), extra=(("comment", "Gift, no prices"),))
    written = connector.write(document, key="")
    with tryton_beta.admin() as rpc:
        (sale,) = rpc.read("sale.sale", [int(written.erp_id)], "comment")
    assert sale["comment"] == "Gift, no prices"
    with pytest.raises(Misconfigured) as held:
        connector.write(replace(order(Paper(tryton_beta)), extra=(("colour", "red"),)), key="")
    assert held.value.misses == "mapping:field:colour"
