"""Items stocked, unstocked and described by apps."""

from __future__ import annotations

import pytest

from sandbox.shopify import seed
from tests.sandbox.admin.benches import Row, StockBench
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.documents import ACTIVATE, DEACTIVATE, ITEM

UNKNOWN_ITEM = "gid://shopify/InventoryItem/999"


@pytest.fixture
def bench(shopify: Shopify) -> StockBench:
    return StockBench(shopify)


def test_stocking_and_unstocking_an_item(bench: StockBench) -> None:
    shopify = bench.shopify
    level = shopify.first("inventory_level")
    item, place = level["itemId"], level["locationId"]
    told = {"item": item, "place": place}
    already = shopify.data(ACTIVATE, {**told, "available": 3, "key": "1"})["inventoryActivate"]
    assert already["inventoryLevel"]["id"] == level["id"]
    assert already["userErrors"] == [
        {
            "field": ["available"],
            "message": "Not allowed to set available quantity when the item is already active at the location.",
        }
    ]
    assert shopify.data(DEACTIVATE, {"id": level["id"]})["inventoryDeactivate"]["userErrors"] == []
    back = shopify.data(ACTIVATE, {**told, "key": "2"})["inventoryActivate"]["inventoryLevel"]
    assert back == {"id": level["id"], "quantities": [{"quantity": 14}, {"quantity": 14}]}
    shopify.data(DEACTIVATE, {"id": level["id"]})
    other = level["id"].replace(str(level["id"].split("/")[-1].split("?")[0]), "0")
    assert shopify.data(DEACTIVATE, {"id": other})["inventoryDeactivate"]["userErrors"][0]["field"] is None
    last = next(
        row
        for row in shopify.store.all(seed.ALPHA, "inventory_level")
        if row["itemId"] == item and row["isActive"]
    )
    error = shopify.data(DEACTIVATE, {"id": last["id"]})["inventoryDeactivate"]["userErrors"][0]
    assert error["message"] == (
        "The product couldn't be unstocked from Albany Shop because products need to be stocked at a minimum of 1"
        " location."
    )


ITEM_FAULTS = [
    ({"cost": "-5"}, ["input", "cost"], "Cost must be greater than or equal to 0"),
    (
        {"measurement": {"weight": {"unit": "KILOGRAMS", "value": -1}}},
        ["input", "measurement", "weight"],
        "Measurement weight value -1 kg must be >= 0 kg",
    ),
    (
        {"harmonizedSystemCode": "12a"},
        ["input", "harmonizedSystemCode"],
        "Harmonized system code must be a number between six and thirteen digits",
    ),
]


@pytest.mark.parametrize(("wish", "field", "message"), ITEM_FAULTS)
def test_a_bad_item_is_refused(bench: StockBench, wish: Row, field: list[str], message: str) -> None:
    payload = bench.shopify.data(ITEM, {"id": bench.mug, "input": wish})["inventoryItemUpdate"]
    assert payload["userErrors"] == [{"field": field, "message": message}]


def test_an_item_takes_sku_cost_and_weight(bench: StockBench) -> None:
    wish = {"sku": "ALP-CUP", "cost": "13.5", "measurement": {"weight": {"unit": "KILOGRAMS", "value": 2.5}}}
    payload = bench.shopify.data(ITEM, {"id": bench.mug, "input": wish})["inventoryItemUpdate"]
    assert payload["inventoryItem"] == {
        "sku": "ALP-CUP",
        "unitCost": {"amount": "13.5"},
        "measurement": {"weight": {"value": 2.5}},
    }
    found = bench.shopify.data('{ productVariants(first: 2, query: "sku:ALP-CUP") { nodes { sku } } }')
    assert found["productVariants"]["nodes"] == [{"sku": "ALP-CUP"}]
    unknown = bench.shopify.data(ITEM, {"id": UNKNOWN_ITEM, "input": {}})["inventoryItemUpdate"]["userErrors"]
    assert unknown == [
        {"field": ["id"], "message": "The product couldn't be updated because it does not exist."}
    ]
