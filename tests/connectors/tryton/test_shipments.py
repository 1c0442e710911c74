"""Fulfilments of Shopify in Tryton: exactly these goods leave, once, and the rest stays open."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from kit.faults import Misconfigured, Rejected
from tests.connectors.tryton.papers import Paper, pan
from tests.connectors.tryton.test_credits import knife, on_hand, open_quantities
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow


def test_a_whole_fulfilment_takes_the_shipment_that_is_there(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    order = paper.sale([pan(paper, 1), knife(paper, 2)])
    (planned,) = [each for each in connector.write(order, key="").related if "shipment" in each.model]
    before = on_hand(tryton_beta, "BET-MESSER", paper.warehouses[0])
    shipment = paper.shipment({"BET-PFANNE": 1, "BET-MESSER": 2})
    written = connector.ship(shipment, key="")
    assert (written.erp_id, written.state, written.is_complete) == (planned.erp_id, "done", True)
    assert connector.ship(shipment, key="") == written
    assert on_hand(tryton_beta, "BET-MESSER", paper.warehouses[0]) == before - 2


def test_a_part_leaves_and_the_rest_stays_open(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    order = paper.sale([pan(paper, 3), knife(paper, 1)])
    connector.write(order, key="")
    assert connector.ship(paper.shipment({"BET-PFANNE": 1}), key="").state == "done"
    sale = connector.find(order)
    assert sale is not None
    assert open_quantities(tryton_beta, sale) == {"BET-PFANNE": 2, "BET-MESSER": 1}
    assert connector.ship(paper.shipment({"BET-PFANNE": 2, "BET-MESSER": 1}, suffix="F2"), key="").is_complete
    sale = connector.find(order)
    assert sale is not None
    assert open_quantities(tryton_beta, sale) == {}


def test_goods_leave_from_the_warehouse_that_shipped_them(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 2)]), key="")
    before = [on_hand(tryton_beta, "BET-PFANNE", each) for each in paper.warehouses]
    connector.ship(paper.shipment({"BET-PFANNE": 1}, warehouse=paper.warehouses[1]), key="")
    after = [on_hand(tryton_beta, "BET-PFANNE", each) for each in paper.warehouses]
    assert after == [before[0], before[1] - 1]


def test_tracking_is_noted_once(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)]), key="")
    shipment = paper.shipment({"BET-PFANNE": 1})
    written = connector.ship(shipment, key="")
    connector.ship(shipment, key="")
    with tryton_beta.admin() as rpc:
        notes = rpc.find("ir.note", ("resource", "=", f"stock.shipment.out,{written.erp_id}"))
        assert [row["message"] for row in rpc.read("ir.note", notes, "message")] == ["UPS 1Z999"]


def test_a_cancelled_fulfilment_brings_the_goods_back_and_opens_them_again(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    order = paper.sale([pan(paper, 1)])
    connector.write(order, key="")
    before = on_hand(tryton_beta, "BET-PFANNE", paper.warehouses[0])
    shipment = paper.shipment({"BET-PFANNE": 1})
    connector.ship(shipment, key="")
    cancelled = replace(shipment, is_cancelled=True)
    assert connector.ship(cancelled, key="").state == "cancelled"
    assert connector.ship(cancelled, key="").state == "cancelled"
    assert on_hand(tryton_beta, "BET-PFANNE", paper.warehouses[0]) == before
    sale = connector.find(order)
    assert sale is not None
    assert open_quantities(tryton_beta, sale) == {"BET-PFANNE": Decimal(1)}


def test_more_than_is_open_is_shown_to_a_person(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)]), key="")
    with pytest.raises(Rejected) as refused:
        connector.ship(paper.shipment({"BET-PFANNE": 2}), key="")
    assert refused.value.code == "nothing_open"


def test_a_fulfilment_waits_for_its_order(tryton_beta: Erp) -> None:
    shipment = Paper(tryton_beta).shipment({"BET-PFANNE": 1})
    with pytest.raises(Misconfigured) as held:
        tryton_beta.connector().ship(shipment, key="")
    assert held.value.misses == f"link:{shipment.record}"
