"""What changed in Tryton: whole at first, then only what is new, page by page, without a gap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from secrets import token_hex

import pytest

from kit import clock
from sandbox.leashed import wait_until
from sandbox.shopify.seed_data import of
from sync.connectors.base import Change, Feed
from sync.connectors.tryton import open_connector
from sync.domain.documents import Restock
from sync.domain.feeds import (
    CreditTold,
    Parcel,
    PriceTold,
    ProductTold,
    Quantity,
    ShipmentState,
    ShipmentTold,
    StockTold,
)
from sync.domain.money import Money
from tests.connectors.tryton.hands import INVOICE, count, credit_invoice, receive, return_sale, ship
from tests.connectors.tryton.papers import Paper, pan
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 30.0


class Reader:
    """Reads one feed on and on, as the engine does: every value must be what the engine can read and keep."""

    def __init__(self, erp: Erp, feed: Feed, *, limit: int = 7, counts_sold: bool = False) -> None:
        self._connector = open_connector(replace(erp.opening(), counts_sold=counts_sold))
        self._feed = feed
        self._limit = limit
        self._position: dict[str, object] = {}

    def news(self) -> list[Change]:
        """Everything until there is no more."""
        return list(self._pages())

    def stock(self) -> list[StockTold]:
        """The news of a feed of stock."""
        return [StockTold.of(each) for each in self._values()]

    def shipments(self) -> list[ShipmentTold]:
        """The news of a feed of shipments."""
        return [ShipmentTold.of(each) for each in self._values()]

    def credits(self) -> list[CreditTold]:
        """The news of a feed of credits."""
        return [CreditTold.of(each) for each in self._values()]

    def prices(self) -> list[PriceTold]:
        """The news of a feed of prices."""
        return [PriceTold.of(each) for each in self._values()]

    def products(self) -> list[ProductTold]:
        """The news of a feed of products."""
        return [ProductTold.of(each) for each in self._values()]

    def _values(self) -> list[dict[str, object]]:
        return [json.loads(json.dumps(dict(each.values))) for each in self.news()]

    def _pages(self) -> Iterator[Change]:
        while True:
            page = self._connector.changes(self._feed, self._position, limit=self._limit)
            self._position = dict(page.position)
            yield from page.changes
            if not page.has_more:
                return


def pans_of(reader: Reader, paper: Paper) -> StockTold:
    """The newest word on pans in the first warehouse."""
    told = [each for each in reader.stock() if each.code == "BET-PFANNE"]
    return next(each for each in reversed(told) if each.warehouse == paper.warehouses[0])


def pans_on_hand(erp: Erp) -> int:
    return int(pans_of(Reader(erp, Feed.STOCK), Paper(erp)).on_hand)


def test_stock_is_told_whole_and_then_where_it_moved(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.STOCK)
    whole = {(each.code, each.warehouse) for each in reader.stock()}
    goods = [v.sku for p in of(tryton_beta.shop).products if p.kind == "goods" for v in p.variants]
    warehouses = [str(each) for each in tryton_beta.ids["warehouses"].values()]
    assert whole >= {(sku, warehouse) for sku in goods for warehouse in warehouses}
    with tryton_beta.admin() as rpc:
        count(rpc, tryton_beta.ids, "BET-BRETT", 41)
    news = {each.warehouse: each for each in reader.stock() if each.code == "BET-BRETT"}
    assert news[warehouses[0]].on_hand == Decimal(41)


def test_what_customers_wait_for_is_on_hand_and_reserved_whether_or_not_it_is_assigned(
    tryton_beta: Erp,
) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.STOCK)
    before = pans_of(reader, paper)
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    (shipment,) = [int(each.erp_id) for each in written.related if "shipment" in each.model]
    waiting = pans_of(reader, paper)
    assert (waiting.on_hand, waiting.reserved) == (before.on_hand, before.reserved + 2)
    with tryton_beta.admin() as rpc:
        rpc.press("stock.shipment.out", "assign_force", shipment)
    assert pans_of(reader, paper) == waiting
    with tryton_beta.admin() as rpc:
        for button in ("pick", "pack", "do"):
            rpc.press("stock.shipment.out", button, shipment)
    gone = pans_of(reader, paper)
    assert (gone.on_hand, gone.reserved) == (before.on_hand - 2, before.reserved)


def test_what_our_own_sales_took_is_counted_and_what_happens_in_the_warehouse_is_not(
    tryton_beta: Erp,
) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.STOCK, counts_sold=True)

    def undisturbed() -> tuple[Decimal, Decimal]:
        told = pans_of(reader, paper)
        assert told.sold is not None
        return told.on_hand - told.reserved + told.sold, told.sold

    whole, sold = undisturbed()
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    (shipment,) = [int(each.erp_id) for each in written.related if "shipment" in each.model]
    assert undisturbed() == (whole, sold + 2)
    with tryton_beta.admin() as rpc:
        ship(rpc, shipment)
    assert undisturbed() == (whole, sold + 2)
    back = pan(paper, -1, Restock.RETURN, paper.warehouses[0])
    connector.write(paper.credit([back]), key="")
    assert undisturbed() == (whole, sold + 1), "Shopify put it back itself"
    with tryton_beta.admin() as rpc:
        returned = return_sale(rpc, int(written.erp_id))
    assert undisturbed() == (whole, sold + 1)
    with tryton_beta.admin() as rpc:
        receive(rpc, returned)
    assert undisturbed() == (whole + 2, sold + 1), "what people take back in Tryton comes into the warehouse"
    on_hand = pans_on_hand(tryton_beta)
    with tryton_beta.admin() as rpc:
        count(rpc, tryton_beta.ids, "BET-PFANNE", on_hand + 5)
    assert undisturbed() == (whole + 7, sold + 1)


def test_a_shipment_made_in_tryton_is_told_with_its_order_goods_and_tracking(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.SHIPMENTS)
    reader.news()
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    (shipment,) = [int(each.erp_id) for each in written.related if "shipment" in each.model]
    with tryton_beta.admin() as rpc:
        ship(rpc, shipment, tracking="JD1, JD2", carrier=tryton_beta.ids["carriers"]["DHL"])
    (told,) = [each for each in reader.shipments() if each.origin == paper.reference]
    assert (told.state, told.warehouse) == (ShipmentState.DONE, paper.warehouses[0])
    assert told.lines == (Quantity(paper.item("BET-PFANNE"), Decimal(2)),)
    assert told.parcels == (Parcel("JD1", "DHL"), Parcel("JD2", "DHL"))


def test_an_invoice_credited_in_tryton_is_told_and_our_own_credits_are_not(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.CREDITS)
    reader.news()
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    connector.write(paper.credit([pan(paper, -1)]), key="")
    assert [each for each in reader.credits() if each.origin == paper.reference] == []
    (invoice,) = [int(each.erp_id) for each in written.related if each.model == INVOICE]
    with tryton_beta.admin() as rpc:
        credit = credit_invoice(rpc, invoice)
    (told,) = [each for each in reader.news() if each.values["origin"] == paper.reference]
    assert told.erp_id == str(credit)
    read = CreditTold.of(told.values)
    assert read.total == Money(Decimal("159.98"), "EUR")
    assert [(each.item, each.quantity, each.gross, each.is_restocked) for each in read.lines] == [
        (paper.item("BET-PFANNE"), Decimal(2), Decimal("159.98"), False)
    ]


def test_a_sale_returned_in_tryton_is_told_as_a_credit_whose_goods_go_back_into_stock(
    tryton_beta: Erp,
) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    reader = Reader(tryton_beta, Feed.CREDITS)
    reader.news()
    written = connector.write(paper.sale([pan(paper, 2)]), key="")
    with tryton_beta.admin() as rpc:
        return_sale(rpc, int(written.erp_id))
    (told,) = [each for each in reader.credits() if each.origin == paper.reference]
    assert (told.total, told.warehouse) == (Money(Decimal("159.98"), "EUR"), paper.warehouses[0])
    assert [(each.item, each.quantity, each.is_restocked) for each in told.lines] == [
        (paper.item("BET-PFANNE"), Decimal(2), True)
    ]


def test_a_price_is_told_without_and_with_the_tax_of_the_product(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.PRICES)
    products = tryton_beta.ids["products"]
    whole = {each.product: each for each in reader.prices()}
    assert whole[str(products["BET-KANNE"])].price == Money(Decimal("37.7311"), "EUR")
    for product in of(tryton_beta.shop).products:
        for variant in product.variants:
            told = whole[str(products[variant.sku])]
            assert told.gross == Money(Decimal(variant.price), "EUR")
    book = products["BET-BUCH"]
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("product.product", [book], "template")
        rpc.write("product.template", [row["template"]], list_price=Decimal("30.0000"))
    (changed,) = [each for each in reader.prices() if each.product == str(book)]
    assert (changed.price, changed.gross) == (
        Money(Decimal("30.0000"), "EUR"),
        Money(Decimal("32.10"), "EUR"),
    )


def test_a_changed_product_is_told_until_all_of_it_is_new(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.PRODUCTS)
    candle = str(tryton_beta.ids["products"]["BET-LICHT"])
    (before,) = [each for each in reader.products() if each.product == candle]
    assert len(before.barcodes) == 1
    code = f"OLD-{token_hex(4)}"
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("product.product", [int(candle)], "template")
        rpc.write("product.template", [row["template"]], name=f"Teelicht {code}")
        rpc.one("product.identifier", product=int(candle), code=code)

    def is_told() -> bool:
        # Another process of Tryton may read its translations from memory for a moment; the overlap tells them again.
        told = [each for each in reader.products() if each.product == candle]
        return any(each.title == f"Teelicht {code}" and code in each.barcodes for each in told)

    assert wait_until(is_told, PATIENCE_SECONDS)


def test_a_changed_product_is_read_again_for_as_long_as_tryton_may_tell_its_old_name(
    tryton_beta: Erp,
) -> None:
    reader = Reader(tryton_beta, Feed.PRODUCTS)
    reader.news()
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("product.product", [tryton_beta.ids["products"]["BET-KURS"]], "template")
        rpc.write("product.template", [row["template"]], name="Kurs am Abend")
    reader.news()
    course = str(tryton_beta.ids["products"]["BET-KURS"])
    for minutes in (4, 5):
        with clock.using(clock.SetClock(datetime.now(UTC) + timedelta(minutes=minutes))):
            assert course in {each.product for each in reader.products()}


def test_variants_of_a_template_are_one_product_from_the_second_one_on(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.PRODUCTS)
    first = str(tryton_beta.ids["products"]["BET-LICHT"])
    before = {each.product: each for each in reader.products()}
    assert {each.group for each in before.values()} == {""}
    mark = token_hex(4).upper()
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("product.product", [int(first)], "template", "code")
        second = str(rpc.one("product.product", template=row["template"], suffix_code=f"{mark}-L"))
    told = {each.product: each for each in reader.products()}
    assert told.keys() >= {first, second}  # the first one has a sibling now, though nobody changed it
    assert told[first].group == told[second].group != ""
    assert (told[first].choice, told[second].choice) == (row["code"], f"{mark}-L")
    with tryton_beta.admin() as rpc:
        rpc.write("product.product", [int(second)], active=False)
    told = {each.product: each for each in reader.products()}
    assert (told[second].is_active, told[second].group) == (False, told[first].group)


def test_what_a_product_costs_is_told_in_the_currency_of_the_company(tryton_beta: Erp) -> None:
    reader = Reader(tryton_beta, Feed.PRODUCTS)
    told = {each.product: each for each in reader.products()}
    board = str(tryton_beta.ids["products"]["BET-BRETT"])
    assert (told[board].cost, told[board].cost_currency) == (Decimal("11.75"), "EUR")


def test_pages_of_one_lead_to_the_same_changes(tryton_beta: Erp) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 2)]), key="")
    for suffix in ("F1", "F2"):
        connector.ship(paper.shipment({"BET-PFANNE": 1}, suffix=suffix), key="")
    one = [each.erp_id for each in Reader(tryton_beta, Feed.SHIPMENTS, limit=1).news()]
    many = [each.erp_id for each in Reader(tryton_beta, Feed.SHIPMENTS, limit=100).news()]
    assert one == many
    assert len(many) >= 2
