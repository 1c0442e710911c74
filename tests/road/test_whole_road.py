"""One paid order of each shop, from the partner link to the cent in a real Tryton, with the processes of production;
and everything that may happen twice happens twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from html import unescape
from typing import Any

import httpx2
import psycopg
import pytest

from sandbox.bootstrap.steps import Note
from sandbox.demo import agree, ledger
from sandbox.demo.agree import Row
from sandbox.demo.day import Placed
from sandbox.demo.ledger import Sale
from sandbox.demo.place import Place
from sandbox.demo.town import Town
from sandbox.demo.visitor import Visitor
from sandbox.leashed import wait_until
from sandbox.shopify.seed_data import ALPHA, BETA
from tests.road.conftest import Whole

PATIENCE_SECONDS = 240.0
ORDERS: dict[str, dict[str, Any]] = {
    ALPHA: {  # US dollars, two taxes on top, thirds of a cent
        "email": "nora.fields@example.com",
        "lines": [{"sku": "ALP-MUG", "quantity": 3}, {"sku": "ALP-SPORK", "quantity": 7}],
        "discounts": [{"percent": "10", "code": "WELCOME10"}],
        "shipping": [{"title": "Ground", "price": "8.50", "code": "ground"}],
        "financial_state": "paid",
    },
    BETA: {  # euros, two rates inside the prices
        "email": "jonas.wolf@example.de",
        "lines": [{"sku": "BET-PFANNE", "quantity": 1}, {"sku": "BET-BUCH", "quantity": 2}],
        "discounts": [{"amount": "5.55", "code": "GLUECK"}],
        "shipping": [{"title": "DHL Paket", "price": "4.90", "code": "paket"}],
        "financial_state": "paid",
    },
}


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_a_paid_order_of_each_shop_arrives_to_the_cent_and_never_twice(whole: Whole) -> None:
    built = whole.town
    assert _installed(built) == [(ALPHA, "installed", True), (BETA, "installed", True)]
    placed = [_order(built, shop, spec) for shop, spec in ORDERS.items()]
    verdict = agree.wait(built, placed, note=Note())
    assert verdict.agrees, agree.table(verdict)
    assert [row.currency for row in verdict.rows] == ["USD", "EUR"]
    for row, buyer in zip(verdict.rows, ("Nora Fields", "Jonas Wolf"), strict=True):
        (sale,) = row.sales
        assert sale.state in ("confirmed", "processing", "done")
        assert sale.party == buyer
        assert sale.total == sale.invoiced == row.total
        _see(built, row, sale)
    _come_to_rest(built)  # payments follow, behind all orders
    before = _kept(built), _books(built)
    assert _linked(built, [each.gid for each in placed]) == len(placed)

    _deliver_again(built, whole.place)
    _ask_again(built)
    _come_to_rest(built)
    assert (_kept(built), _books(built)) == before
    first = "select copies from delivery where topic = 'orders/paid' and webhook_id not like 'again-%'"
    assert set(_rows(built, first)) == {(2,)}
    whole.crew.check()


def _order(built: Town, shop: str, spec: dict[str, Any]) -> Placed:
    built.control.place_order(shop, spec)
    (order,) = [each for each in built.control.records(shop, "order") if each["email"] == spec["email"]]
    return Placed(shop, order["id"], order["name"], "")


def _see(built: Town, row: Row, sale: Sale) -> None:
    """The owner opens the order's page in the admin and finds the sale there, by its number."""
    visitor = Visitor(built.control, row.order.shop)
    page = visitor.open(f"app/records/Order/{row.order.gid.rpartition('/')[2]}").text
    visitor.close()
    words = unescape(re.sub(r"\s*<[^>]+>\s*", "|", page))
    assert row.order.name in words
    assert re.search(rf"\|Sale\|+{re.escape(sale.number)}\|", words), words


def _installed(built: Town) -> list[tuple[Any, ...]]:
    query = """
        select shop.domain, shop.state, "grant".is_valid from shop join "grant" on "grant".shop_id = shop.id
        order by shop.domain
    """
    return _rows(built, query)


def _linked(built: Town, gids: list[str]) -> int:
    with psycopg.connect(built.database_url) as connection:
        row = connection.execute(
            "select count(*) from link where kind = 'order' and shopify_gid = any(%s)", [gids]
        ).fetchone()
    return int(row[0]) if row else 0


def _kept(built: Town) -> list[tuple[Any, ...]]:
    """By shop: links of orders, their ids in the ERP, and how many writes were ever intended."""
    return _rows(
        built,
        """
        select shop.domain, (select count(*) from link where link.shop_id = shop.id and kind = 'order'),
            (select array_agg(erp_id order by id) from link where link.shop_id = shop.id),
            (select count(*) from intent where intent.shop_id = shop.id and flow = 'order_push')
        from shop order by shop.domain
        """,
    )


def _books(built: Town) -> list[list[Sale]]:
    """Every sale of both companies, read from Tryton itself."""
    return [ledger.read(built, shop) for shop in ORDERS]


def _deliver_again(built: Town, here: Place) -> None:
    """Shopify sends every delivery about an order again, and once more under another id."""
    query = (
        "select shop_domain, topic, webhook_id, api_version, body from delivery where topic like 'orders/%'"
    )
    with httpx2.Client(trust_env=False, timeout=30.0) as http:
        for shop, topic, webhook_id, version, body in _rows(built, query):
            digest = hmac.new(here.client_secret.encode(), body, hashlib.sha256).digest()
            for again in (webhook_id, f"again-{webhook_id}"):
                answer = http.post(
                    f"{here.web_url}/webhooks",
                    content=bytes(body),
                    headers={
                        "X-Shopify-Topic": topic,
                        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
                        "X-Shopify-Shop-Domain": shop,
                        "X-Shopify-API-Version": version,
                        "X-Shopify-Webhook-Id": again,
                    },
                )
                assert answer.status_code == 200


def _ask_again(built: Town) -> None:
    """The jobs of all orders are owed again, this time from Shopify's own ledger."""
    _come_to_rest(built)
    with psycopg.connect(built.database_url) as connection:
        connection.execute(
            """
            insert into job (shop_id, flow, record, state, lane, hint, asked_at, due_at)
            select distinct shop_id, flow, record, 'ready', 10, '{"reread": true}'::jsonb, now(), now()
            from job where flow = 'order_push'
            """
        )


def _come_to_rest(built: Town) -> None:
    owed = """
        select (select count(*) from delivery where state = 'waiting')
            + (select count(*) from job where flow = 'order_push' and state in ('ready', 'running'))
    """
    assert wait_until(lambda: _value(built, owed) == 0, PATIENCE_SECONDS)


def _value(built: Town, query: str) -> Any:
    return _rows(built, query)[0][0]


def _rows(built: Town, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(built.database_url) as connection:
        return list(connection.execute(query))
