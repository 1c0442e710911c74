"""Each way to read or write at Shopify that the roads do not walk every day, against the local Shopify."""

from __future__ import annotations

from decimal import Decimal

from sandbox.shopify.commands import stock as shopify_stock
from sync.domain.money import Money
from sync.shopify import bulk, goods, stock
from sync.shopify.client import Client
from sync.shopify.goods import FixedPrice, QuantityRule
from sync.shopify.stock import Delta
from sync.state.models import Lane
from tests.flows.town import ALPHA, Town

LANE = Lane.CATALOGUE
KEY = "5f0c9ff2-1f53-5c0e-8d9a-0d5a3c2f9d11"
MUG = "ALP-MUG"
VARIANTS = "{ productVariants { edges { node { id sku product { id } } } } }"


def at(town: Town) -> Client:
    return town.stage.engine.gateways.shopify(town.shop_id, ALPHA)


def test_locations_and_variants_by_code_are_found(town: Town) -> None:
    assert {each.gid for each in goods.locations(at(town), lane=LANE)} == set(town.locations)
    found = list(goods.variants_by_code(at(town), [MUG, "NOBODY", ""], lane=LANE))
    assert [each.sku for each in found] == [MUG]
    assert found[0].price == Decimal("33.33")


def test_an_item_is_told_its_cost(town: Town) -> None:
    (variant,) = goods.variants_by_code(at(town), [MUG], lane=LANE)
    goods.update_item(at(town), variant.item, cost=Decimal("13.37"), lane=LANE)
    (after,) = goods.variants_by_code(at(town), [MUG], lane=LANE)
    assert after.cost is not None
    assert after.cost.amount == Decimal("13.37")


def test_a_delta_moves_stock_once_for_its_key(town: Town) -> None:
    item, location = town.variant(MUG)["inventoryItemId"], town.locations[0]
    before = stock.levels(at(town), [item], location, lane=LANE)[item].available
    deltas = [Delta(item, location, 5, change_from=before)]
    for _ in range(2):
        stock.adjust_quantities(at(town), deltas, key=KEY, lane=LANE)
    level = shopify_stock.level_of(town.stage.store, ALPHA, item, location)
    assert level is not None
    assert level["stock"]["available"] == before + 5


def test_a_price_list_takes_prices_and_quantity_rules(town: Town) -> None:
    (found,) = town.stage.store.all(ALPHA, "price_list")[:1]
    variant = town.variant(MUG)["id"]
    currency = found["currency"]
    price = FixedPrice(variant, Money(Decimal("20.00"), currency))
    goods.add_fixed_prices(at(town), found["id"], [price], lane=LANE)
    goods.add_quantity_rules(at(town), found["id"], [QuantityRule(variant, 6, 6)], lane=LANE)
    listed = goods.fixed_prices(at(town), found["id"], lane=LANE)
    assert listed is not None
    assert listed[1][variant].price == price.price


def test_a_bulk_query_is_started_found_again_and_read(town: Town) -> None:
    gid = bulk.start_query(at(town), VARIANTS, lane=LANE)
    assert gid in [each.gid for each in bulk.recent(at(town), lane=LANE)]
    town.rest()
    done = bulk.look(at(town), gid, lane=LANE)
    assert done is not None
    assert done.status is bulk.Status.COMPLETED
    assert done.url is not None
    rows = [row for _, row in bulk.result(at(town).door, done.url)]
    assert MUG in {row["sku"] for row in rows}


def test_a_bulk_mutation_tells_each_line_its_outcome(town: Town) -> None:
    (variant,) = goods.variants_by_code(at(town), [MUG], lane=LANE)
    rows = [
        {"product": variant.product, "variants": [{"id": variant.gid, "price": "30.00"}], "partial": True},
        {"product": variant.product, "variants": [{"id": variant.gid, "price": "-1"}], "partial": True},
    ]
    name = "product_variants_bulk_update"
    path = bulk.upload(at(town), name, rows, name="prices.jsonl", lane=LANE)
    gid = bulk.start_mutation(at(town), name, path, identifier="concord-prices-1", lane=LANE)
    town.rest()
    done = bulk.look(at(town), gid, lane=LANE)
    assert done is not None
    assert done.url is not None
    lines = [row for _, row in bulk.result(at(town).door, done.url)]
    assert {line: bool(errors) for line, _, errors in bulk.outcomes(lines)} == {0: False, 1: True}
    assert town.variant(MUG)["price"] == "30.00"
