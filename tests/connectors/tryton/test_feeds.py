"""What changed in Tryton: whole at first, then only what is new, page by page, without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from sandbox.shopify.seed_data import of
from sync.connectors.base import Change, Feed
from sync.domain.documents import DocumentLine
from tests.connectors.tryton.papers import Paper
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow


class Reader:
    """Reads one feed on and on, as the engine does."""

    def __init__(self, erp: Erp, feed: Feed, *, limit: int = 7) -> None:
        self._connector = erp.connector()
        self._feed = feed
        self._limit = limit
        self._position: dict[str, object] = {}

    def news(self) -> list[Change]:
        """Everything until there is no more."""
        return list(self._pages())

    def _pages(self) -> Iterator[Change]:
        while True:
            page = self._connector.changes(self._feed, self._position, limit=self._limit)
            self._position = dict(page.position)
            yield from page.changes
            if not page.has_more:
                return


def pan(paper: Paper, quantity: int) -> DocumentLine:
    return paper.goods(
        "BET-PFANNE",
        quantity,
        Decimal("67.22") * quantity,
        paper.tax("MwSt", "0.19", Decimal("12.77") * quantity),
    )


def test_stock_is_told_whole_and_then_where_it_moved(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.STOCK)
    whole = {(each.values["code"], each.values["warehouse"]) for each in reader.news()}
    goods = [v.sku for p in of(tryton_beta.shop).products if p.kind == "goods" for v in p.variants]
    warehouses = [str(each) for each in tryton_beta.ids["warehouses"].values()]
    assert whole >= {(sku, warehouse) for sku in goods for warehouse in warehouses}
    with tryton_beta.admin() as rpc:
        storage = next(iter(tryton_beta.ids["storages"].values()))
        line = {"product": tryton_beta.ids["products"]["BET-BRETT"], "quantity": 41.0}
        inventory = rpc.one(
            "stock.inventory",
            location=storage,
            company=tryton_beta.ids["company"],
            lines=[["create", [line]]],
        )
        rpc.press("stock.inventory", "confirm", inventory)
    news = {
        each.values["warehouse"]: each.values for each in reader.news() if each.values["code"] == "BET-BRETT"
    }
    assert news[warehouses[0]]["on_hand"] == Decimal(41)


def test_what_is_assigned_is_on_hand_but_not_available(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.STOCK)
    reader.news()
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    (shipment,) = [int(each.erp_id) for each in written.related if "shipment" in each.model]
    with tryton_beta.admin() as rpc:
        rpc.press("stock.shipment.out", "assign_force", shipment)
    told = {(each.values["code"], each.values["warehouse"]): each.values for each in reader.news()}
    pans = told["BET-PFANNE", paper.warehouses[0]]
    assert pans["on_hand"] - pans["available"] == 2


def test_a_shipment_made_in_tryton_is_told_with_its_order_and_goods(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.SHIPMENTS)
    reader.news()
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    (shipment,) = [int(each.erp_id) for each in written.related if "shipment" in each.model]
    with tryton_beta.admin() as rpc:
        for button in ("assign_force", "pick", "pack", "do"):
            rpc.press("stock.shipment.out", button, shipment)
    (told,) = [each.values for each in reader.news() if each.values["origin"] == paper.reference]
    assert (told["state"], told["warehouse"]) == ("done", paper.warehouses[0])
    assert told["lines"] == [{"item": paper.item("BET-PFANNE"), "code": "BET-PFANNE", "quantity": Decimal(2)}]


def test_a_credit_note_made_in_tryton_is_told_and_ours_are_not(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.CREDITS)
    reader.news()
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    connector.write(paper.credit([pan(paper, -1)]), key="")
    assert [each for each in reader.news() if each.values["origin"] == paper.reference] == []
    (invoice,) = [int(each.erp_id) for each in written.related if each.model == "account.invoice"]
    with tryton_beta.admin() as rpc:
        form = {"start": {"with_refund": False, "with_refund_allowed": False, "invoice_date": None}}
        rpc.wizard(
            "account.invoice.credit",
            ("credit", form),
            active_model="account.invoice",
            active_id=invoice,
            active_ids=[invoice],
        )
        (credit,) = rpc.find(
            "account.invoice", ("state", "=", "draft"), ("party.code", "=", paper.customer.code)
        )
        rpc.press("account.invoice", "post", credit)
    (told,) = [each for each in reader.news() if each.values["origin"] == paper.reference]
    assert (told.erp_id, told.values["total"]) == (str(credit), Decimal("-159.98"))
    assert [line["code"] for line in told.values["lines"]] == ["BET-PFANNE"]


def test_a_price_is_told_without_and_with_the_tax_of_the_product(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.PRICES)
    whole = {each.values["code"]: each.values for each in reader.news()}
    assert whole["BET-KANNE"]["price"] == Decimal("37.7311")
    for product in of(tryton_beta.shop).products:
        for variant in product.variants:
            assert whole[variant.sku]["gross_price"] == Decimal(variant.price)
    with tryton_beta.admin() as rpc:
        product = tryton_beta.ids["products"]["BET-BUCH"]
        (row,) = rpc.read("product.product", [product], "template")
        rpc.write("product.template", [row["template"]], list_price=Decimal("30.0000"))
    (told,) = [each.values for each in reader.news() if each.values["code"] == "BET-BUCH"]
    assert (told["price"], told["gross_price"], told["currency"]) == (
        Decimal("30.0000"),
        Decimal("32.10"),
        "EUR",
    )


def test_a_changed_product_is_told(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.PRODUCTS)
    whole = {each.values["code"]: each.values for each in reader.news()}
    assert len(whole["BET-LICHT"]["barcodes"]) == 1
    product = tryton_beta.ids["products"]["BET-LICHT"]
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("product.product", [product], "template")
        rpc.write("product.template", [row["template"]], name="Teelicht, klein")
        rpc.one("product.identifier", product=product, code="OLD-4711")
    told = {each.values["code"]: each.values for each in reader.news()}
    assert told["BET-LICHT"]["name"] == "Teelicht, klein"
    assert "OLD-4711" in told["BET-LICHT"]["barcodes"]


def test_pages_of_one_lead_to_the_same_changes(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 2)]), key="")
    for suffix in ("F1", "F2"):
        connector.ship(paper.shipment({"BET-PFANNE": 1}, suffix=suffix), key="")
    one = [each.erp_id for each in Reader(tryton_beta, Feed.SHIPMENTS, limit=1).news()]
    many = [each.erp_id for each in Reader(tryton_beta, Feed.SHIPMENTS, limit=100).news()]
    assert one == many
    assert len(many) >= 2
