"""What takes money or goods back: refunds with and without goods, cancellations before anything left."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest

from kit.faults import Rejected
from sync.connectors.base import Written
from sync.domain.documents import DocumentLine, LineKind, Restock
from tests.connectors.tryton.papers import Paper, pan
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow


def knife(paper: Paper, quantity: int, restock: Restock = Restock.NONE) -> DocumentLine:
    """Knives at 45.80 plus 8.70 each."""
    return paper.goods(
        "BET-MESSER",
        quantity,
        Decimal("45.80") * quantity,
        paper.tax("MwSt", "0.19", Decimal("8.70") * quantity),
        restock=restock,
    )


def on_hand(erp: Erp, sku: str, warehouse: str) -> Decimal:
    with erp.admin() as rpc:
        rpc.context |= {"locations": [int(warehouse)]}
        (row,) = rpc.read("product.product", [erp.ids["products"][sku]], "quantity")
    return Decimal(row["quantity"])


def open_quantities(erp: Erp, written: Written) -> dict[str, Decimal]:
    """What Tryton still means to ship of a sale, by product code."""
    with erp.admin() as rpc:
        shipments = [
            int(each.erp_id)
            for each in written.related
            if each.model == "stock.shipment.out" and each.state in ("draft", "waiting", "assigned")
        ]
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in rpc.read("stock.shipment.out", shipments, "outgoing_moves"):
            for move in rpc.read("stock.move", row["outgoing_moves"], "product", "quantity"):
                (product,) = rpc.read("product.product", [move["product"]], "code")
                found[product["code"]] += Decimal(move["quantity"])
    return dict(found)


def test_returned_goods_come_back_into_the_warehouse_that_took_them(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    other = paper.warehouses[1]
    connector.write(paper.sale([pan(paper, 2)]), key="")
    before = on_hand(tryton_beta, "BET-PFANNE", other)
    credit = paper.credit([pan(paper, -1, Restock.RETURN, other)])
    written = connector.write(credit, key="")
    assert (written.total, written.is_complete) == (credit.total.shop, True)
    assert on_hand(tryton_beta, "BET-PFANNE", other) == before + 1
    assert connector.write(credit, key="") == written
    assert on_hand(tryton_beta, "BET-PFANNE", other) == before + 1


def test_money_back_without_goods_moves_no_stock(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)]), key="")
    before = [on_hand(tryton_beta, "BET-PFANNE", each) for each in paper.warehouses]
    written = connector.write(paper.credit([pan(paper, -1)]), key="")
    assert [each.model for each in written.related] == ["account.invoice"]
    assert [on_hand(tryton_beta, "BET-PFANNE", each) for each in paper.warehouses] == before


def test_a_refund_may_return_one_thing_and_only_pay_for_another(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    first = paper.warehouses[0]
    connector.write(paper.sale([pan(paper, 1), knife(paper, 1)]), key="")
    pans, knives = (on_hand(tryton_beta, sku, first) for sku in ("BET-PFANNE", "BET-MESSER"))
    credit = paper.credit([pan(paper, -1, Restock.RETURN, first), knife(paper, -1)])
    written = connector.write(credit, key="")
    assert (written.total, written.is_complete) == (credit.total.shop, True)
    assert on_hand(tryton_beta, "BET-PFANNE", first) == pans + 1
    assert on_hand(tryton_beta, "BET-MESSER", first) == knives
    with tryton_beta.admin() as rpc:
        (invoice,) = [each for each in written.related if each.model == "account.invoice"]
        lines = rpc.find("account.invoice.line", ("invoice", "=", int(invoice.erp_id)))
        named = {row["product"] for row in rpc.read("account.invoice.line", lines, "product")}
    assert named == {int(paper.item("BET-PFANNE")), int(paper.item("BET-MESSER"))}


def test_goods_cancelled_before_they_left_are_not_shipped(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    order = paper.sale([pan(paper, 3), knife(paper, 1)])
    connector.write(order, key="")
    credit = paper.credit([pan(paper, -2, Restock.CANCEL)])
    written = connector.write(credit, key="")
    assert (written.total, written.is_complete) == (credit.total.shop, True)
    sale = connector.find(order)
    assert sale is not None
    assert open_quantities(tryton_beta, sale) == {"BET-PFANNE": 1, "BET-MESSER": 1}
    assert connector.write(credit, key="") == written
    assert open_quantities(tryton_beta, sale) == {"BET-PFANNE": 1, "BET-MESSER": 1}


def test_a_cancelled_order_leaves_nothing_to_ship_and_nothing_to_ask(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    order = paper.sale([pan(paper, 1), knife(paper, 2)])
    sale = connector.write(order, key="")
    credit = paper.credit([pan(paper, -1, Restock.CANCEL), knife(paper, -2, Restock.CANCEL)])
    assert connector.write(credit, key="").is_complete
    after = connector.find(order)
    assert after is not None
    assert open_quantities(tryton_beta, after) == {}
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("sale.sale", [int(sale.erp_id)], "shipment_state")
    assert row["shipment_state"] != "exception"


def test_two_cancellations_of_one_order_add_up(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    order = paper.sale([pan(paper, 5)])
    connector.write(order, key="")
    for suffix in ("R1", "R2"):
        connector.write(paper.credit([pan(paper, -2, Restock.CANCEL)], suffix=suffix), key="")
    after = connector.find(order)
    assert after is not None
    assert open_quantities(tryton_beta, after) == {"BET-PFANNE": 1}


def test_a_cancellation_of_what_has_left_is_shown_to_a_person(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)]), key="")
    connector.ship(paper.shipment({"BET-PFANNE": 1}), key="")
    credit = paper.credit([pan(paper, -1, Restock.CANCEL)])
    with pytest.raises(Rejected) as refused:
        connector.write(credit, key="")
    assert refused.value.code == "nothing_open"
    found = connector.find(credit)
    assert found is not None
    assert (found.total, found.is_complete) == (credit.total.shop, False)


def test_a_cancellation_without_money_only_closes_what_was_open(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    free = paper.goods("BET-LICHT", 4, "0.00")
    order = paper.sale([free])
    connector.write(order, key="")
    credit = paper.credit([replace(free, quantity=Decimal(-4), restock=Restock.CANCEL)])
    written = connector.write(credit, key="")
    assert (written.related, written.is_complete) == ((), True)
    after = connector.find(order)
    assert after is not None
    assert open_quantities(tryton_beta, after) == {}


def test_shipping_and_tips_go_back_as_money(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    shipping = paper.money(LineKind.SHIPPING, "SHIPPING", "4.12", paper.tax("MwSt", "0.19", "0.78"))
    tip = paper.money(LineKind.TIP, "TIP", "3.00", account="tips")
    connector.write(paper.sale([pan(paper, 1), shipping, tip]), key="")
    credit = paper.credit(
        [
            paper.money(LineKind.SHIPPING, "SHIPPING", "-4.12", paper.tax("MwSt", "0.19", "-0.78")),
            paper.money(LineKind.TIP, "TIP", "-3.00", account="tips"),
        ]
    )
    written = connector.write(credit, key="")
    assert (written.total, written.is_complete) == (credit.total.shop, True)
