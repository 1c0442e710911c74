"""What people do in a real Tryton reaches the shop: they let goods go, count them, and credit an invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from sandbox.erp.tryton.rpc import Rpc
from sandbox.leashed import wait_until
from sandbox.shopify.seed_data import ALPHA
from tests.connectors.tryton.hands import count, credit_invoice, ship
from tests.road.conftest import Whole

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

PATIENCE_SECONDS = 240.0
ROADS = ("stock", "shipments", "refunds")
POLICIES = {
    "roads": dict.fromkeys(ROADS, "on"),
    "owners": {"refund": "erp"},
    "refunds": {"per_refund": None, "per_day": None},
}
SPEC: dict[str, Any] = {
    "email": "there.and.back@example.com",
    "lines": [{"sku": "ALP-TORCH", "quantity": 2}],
    "financial_state": "paid",
}


class Home:
    """Shop Alpha, seen from both sides."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        erp = whole.town.erp.shops[ALPHA]
        self.ids = erp.ids
        self.rpc = Rpc(erp.url, erp.database, **erp.ids["admin"])
        self.rpc.context |= {"company": erp.ids["company"], "companies": [erp.ids["company"]]}

    def close(self) -> None:
        """Leaves Tryton."""
        self.rpc.close()

    def order(self) -> dict[str, Any]:
        """The order as the shop has it."""
        orders = self.whole.town.control.records(ALPHA, "order")
        return next(each for each in orders if each["email"] == SPEC["email"])

    def sale(self, *fields: str) -> dict[str, Any]:
        """The order's sale in Tryton."""
        sale = self.rpc.the("sale.sale", ("web_id", "=", self.order()["id"].rpartition("/")[2]))
        return self.rpc.read("sale.sale", [sale], *fields)[0]

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Reads or sets something of Concord's."""
        with psycopg.connect(self.whole.town.database_url, autocommit=True) as connection:
            found = connection.execute(query, values)
            return list(found.fetchall()) if found.description else []

    def book_payments(self) -> None:
        """A new version of the mapping books payments."""
        choice = {"default_payment_method": str(self.ids["payment_method"])}
        (old,) = self.ask(
            """
            update mapping_version set state = 'superseded' where state = 'published'
              and connection_id = (select c.id from connection c join shop s on s.id = c.shop_id where s.domain = %s)
            returning id
            """,
            ALPHA,
        )
        self.ask(
            """
            insert into mapping_version (shop_id, connection_id, number, state, rules, created_at, published_at)
            select shop_id, connection_id, number + 1, 'published', rules || %s, now(), now()
            from mapping_version where id = %s
            """,
            Jsonb(choice),
            old[0],
        )


@pytest.fixture(scope="module")
def home(whole: Whole) -> Iterator[Home]:
    """An order is in Tryton, the roads back are open, and Concord listens."""
    with closing(Home(whole)) as home:
        home.ask("update shop set policies = %s where domain = %s", Jsonb(POLICIES), ALPHA)
        whole.town.control.place_order(ALPHA, SPEC)
        gid = home.order()["id"]
        linked = "select 1 from link where kind = 'order' and shopify_gid = %s"
        until(lambda: bool(home.ask(linked, gid)))
        listening = "select 1 from cursor where feed in ('erp:shipments:begun', 'erp:credits:begun')"
        until(lambda: len(home.ask(listening)) == 2)
        products = "select count(*) from link where kind = 'product' and erp_number like 'ALP-%%'"
        until(lambda: home.ask(products)[0][0] >= 15)
        yield home


def until(holds: Callable[[], bool]) -> None:
    assert wait_until(holds, PATIENCE_SECONDS)


def test_goods_that_leave_tryton_are_fulfilled_in_the_shop_with_their_tracking(home: Home) -> None:
    (shipment,) = home.sale("shipments")["shipments"]
    ship(home.rpc, shipment, tracking="1Z999AA1", carrier=home.ids["carriers"]["UPS"])
    until(lambda: home.order()["displayFulfillmentStatus"] == "FULFILLED")
    (fulfilment,) = home.order()["fulfillments"]
    assert [(each["company"], each["number"]) for each in fulfilment["trackingInfo"]] == [("UPS", "1Z999AA1")]
    assert len(home.sale("shipments")["shipments"]) == 1


def test_what_is_counted_in_tryton_is_for_sale_in_the_shop(home: Home) -> None:
    count(home.rpc, home.ids, "ALP-STOVE", 17)

    def levels() -> set[int]:
        control = home.whole.town.control
        (item,) = [
            each["inventoryItemId"]
            for each in control.records(ALPHA, "product_variant")
            if each["sku"] == "ALP-STOVE"
        ]
        rows = control.records(ALPHA, "inventory_level")
        return {each["stock"]["available"] for each in rows if each["itemId"] == item}

    until(lambda: 17 in levels())


def test_an_invoice_that_is_credited_in_tryton_is_refunded_in_the_shop_once(home: Home) -> None:
    home.book_payments()
    (invoice,) = home.sale("invoices")["invoices"]
    total = Decimal(home.rpc.read("account.invoice", [invoice], "total_amount")[0]["total_amount"])
    credit_invoice(home.rpc, invoice)
    until(lambda: bool(home.order()["refunds"]))
    settled = "select 1 from job where flow = 'refund_pull' and state = 'done'"
    until(lambda: bool(home.ask(settled)))
    rest = "select 1 from job where flow in ('order_push', 'refund_pull') and state in ('ready', 'running')"
    until(lambda: not home.ask(rest))
    (refund,) = home.order()["refunds"]
    assert Decimal(refund["totalRefundedSet"]["shopMoney"]["amount"]) == total
    (credit,) = home.rpc.find("account.invoice", ("total_amount", "=", -total))
    # What was paid out counts for it, once.
    until(lambda: not home.rpc.read("account.invoice", [credit], "amount_to_pay")[0]["amount_to_pay"])
    assert len(home.rpc.find("account.move", ("origin", "=", f"account.invoice,{credit}"))) == 2
