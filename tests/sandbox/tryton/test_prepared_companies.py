"""The real Tryton of the sandbox: it answers, it holds what the shops sell, and copies of it are apart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import psycopg
import pytest

from sandbox import given
from sandbox.erp.tryton import databases, goods
from sandbox.shopify.seed_data import of
from sync.connectors.base import OptionKind
from sync.domain.documents import CustomerDocument
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("shop", ["alpha.myshopify.com", "beta.myshopify.com"])


@pytest.fixture
def tryton(tryton_untouched: Mapping[str, Erp], shop: str) -> Erp:
    return tryton_untouched[shop]


@BOTH
def test_the_company_is_the_shops_and_keeps_books_in_its_currency(tryton: Erp) -> None:
    seed = of(tryton.shop)
    probe = tryton.connector().probe()
    assert (probe.company, probe.currency) == (seed.name, seed.currency)
    assert probe.system.startswith("Tryton 8.")


@BOTH
def test_everything_the_shop_sells_is_there_under_its_sku_and_barcode(tryton: Erp) -> None:
    options = {each.code: each for each in tryton.connector().options(OptionKind.PRODUCT)}
    for product in of(tryton.shop).products:
        for variant in product.variants:
            assert options[variant.sku].name.startswith(product.title)
            assert len(options[variant.sku].barcodes) == 1


@BOTH
def test_every_tax_of_the_shop_has_a_tax_of_the_same_rate(tryton: Erp) -> None:
    rates = {each.rate for each in tryton.connector().options(OptionKind.TAX)}
    charged = {Decimal(rate) for lines in of(tryton.shop).taxes.values() for _, rate in lines}
    assert rates == charged


@BOTH
def test_the_warehouses_are_the_shops_locations_and_hold_what_it_believes_in(tryton: Erp) -> None:
    seed = of(tryton.shop)
    with tryton.admin() as rpc:
        assert list(tryton.ids["warehouses"]) == [name for name, _ in seed.locations]
        wanted = {
            (variant.sku, place): Decimal(variant.stock[place])
            for product in seed.products
            if product.kind == "goods"
            for variant in product.variants
            for place in (0, 1)
        }
        found = {}
        for place, warehouse in enumerate(tryton.ids["warehouses"].values()):
            rpc.context |= {"locations": [warehouse]}
            ids = [tryton.ids["products"][sku] for sku, at in wanted if at == place]
            for row in rpc.read("product.product", ids, "code", "quantity"):
                found[row["code"], place] = Decimal(row["quantity"])
    assert found == wanted


def test_list_prices_are_kept_without_the_tax_that_the_shop_includes(
    tryton_untouched: Mapping[str, Erp],
) -> None:
    beta = tryton_untouched["beta.myshopify.com"]
    assert goods.net_price("44.90", of(beta.shop), "standard") == Decimal("37.7311")
    with beta.admin() as rpc:
        (row,) = rpc.read("product.product", [beta.ids["products"]["BET-KANNE"]], "list_price_used")
    assert row["list_price_used"] == Decimal("37.7311")


def test_a_copy_knows_nothing_of_what_happens_in_another(tryton_alpha: Erp, postgres_url: str) -> None:
    tryton_alpha.connector().write_customer(CustomerDocument(code="only-here", name="Ada"))
    name = databases.clone(postgres_url, "tryton_alpha")
    assert parties(postgres_url, tryton_alpha.database) == 1
    assert parties(postgres_url, name) == 0
    databases.drop(postgres_url, name)


def parties(postgres_url: str, database: str) -> int:
    """How many parties a database has under the code of that test."""
    with psycopg.connect(given.plain(postgres_url, database)) as connection:
        return len(connection.execute("select 1 from party_party where code = 'only-here'").fetchall())


def test_a_second_preparation_finds_everything_and_keeps_the_key(
    tryton_alpha: Erp, postgres_url: str
) -> None:
    said: list[str] = []
    companies = databases.ensure(postgres_url, said.append)
    assert said == []
    assert companies[tryton_alpha.shop].key == tryton_alpha.ids["key"]
