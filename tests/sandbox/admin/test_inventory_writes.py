"""Stock written by apps: what a batch does, and when it is refused whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.shopify import seed
from sandbox.shopify.commands import stock
from sandbox.shopify.resolvers.inventory_writes import BAD_REASON, NO_ITEM, NO_LOCATION, STALE
from tests.sandbox.admin.benches import Row, StockBench
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.documents import MOVE_STOCK

UNKNOWN_ITEM, UNKNOWN_PLACE = "gid://shopify/InventoryItem/999", "gid://shopify/Location/999"


@pytest.fixture
def bench(shopify: Shopify) -> StockBench:
    return StockBench(shopify)


def test_setting_available_mirrors_on_hand(bench: StockBench) -> None:
    payload = bench.set(bench.row(125, was=120))
    changes = payload["inventoryAdjustmentGroup"]["changes"]
    rows = [(one["name"], one["delta"], one["quantityAfterChange"]) for one in changes]
    assert rows == [("available", 5, None), ("on_hand", 5, None)]
    assert payload["userErrors"] == []
    assert bench.read("available", "on_hand") == [125, 125]
    body = bench.shopify.events[-1].body
    assert (bench.shopify.events[-1].topic, body["available"]) == ("inventory_levels/update", 125)


def test_setting_what_is_there_changes_nothing(bench: StockBench) -> None:
    assert bench.set(bench.row(120)) == {"inventoryAdjustmentGroup": None, "userErrors": []}
    assert bench.shopify.events == []


@pytest.mark.parametrize("was_stocked", [True, False])
def test_a_quantity_that_is_set_where_an_item_is_not_stocked_stocks_it_there(
    bench: StockBench, *, was_stocked: bool
) -> None:
    store = bench.shopify.store
    level = stock.level_of(store, seed.ALPHA, bench.mug, bench.place)
    assert level is not None
    if was_stocked:
        store.put(seed.ALPHA, "inventory_level", level["id"], {**level, "isActive": False})
    else:
        store.delete(seed.ALPHA, "inventory_level", level["id"])
    assert bench.set(bench.row(7))["userErrors"] == []
    after = stock.level_of(store, seed.ALPHA, bench.mug, bench.place)
    assert after is not None
    assert (after["isActive"], after["stock"]["available"]) == (True, 7)


def test_available_may_go_below_zero(bench: StockBench) -> None:
    bench.set(bench.row(-5))
    assert bench.read("available", "on_hand") == [-5, -5]


Case = tuple[str, Callable[[StockBench], Row], list[tuple[list[str], str, str]]]
NAME = "The quantity name must be either 'available' or 'on_hand'."
HIGH, LOW = (
    "The quantity can't be higher than 1,000,000,000.",
    "The quantity can't be lower than -1,000,000,000.",
)
UNIQUE = "The combination of inventoryItemId and locationId must be unique."
PAIR = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
Q0 = ["input", "quantities", "0"]
C0 = ["input", "changes", "0"]
LEDGER = "A ledger document URI is required except when adjusting available."
NO_LEDGER = "A ledger document URI is not allowed when adjusting available."
ONE_LEDGER = (
    "All changes must have the same ledger document URI or, in the case of adjusting available,"
    " no ledger document URI."
)
INTERNAL = "Internal (gid://shopify/) ledger documents are not allowed to be adjusted via API."
BAD_NAME = (
    "The specified quantity name is invalid. Valid values are: available, damaged, incoming, quality_control, reserved,"
    " safety_stock."
)
CASES: list[Case] = [
    ("another name", lambda b: b.set(b.row(), name="damaged"), [(["input", "name"], "INVALID_NAME", NAME)]),
    (
        "a bad reason",
        lambda b: b.set(b.row(), reason=""),
        [(["input", "reason"], "INVALID_REASON", BAD_REASON)],
    ),
    (
        "unknown item and place",
        lambda b: b.set(b.row(item=UNKNOWN_ITEM, place=UNKNOWN_PLACE)),
        [
            ([*Q0, "inventoryItemId"], NO_ITEM[1], NO_ITEM[0]),
            ([*Q0, "locationId"], NO_LOCATION[1], NO_LOCATION[0]),
        ],
    ),
    (
        "too much",
        lambda b: b.set(b.row(1_000_000_001)),
        [([*Q0, "quantity"], "INVALID_QUANTITY_TOO_HIGH", HIGH)],
    ),
    (
        "too little",
        lambda b: b.set(b.row(-1_000_000_001)),
        [([*Q0, "quantity"], "INVALID_QUANTITY_TOO_LOW", LOW)],
    ),
    (
        "on hand below zero",
        lambda b: b.set(b.row(-5), name="on_hand"),
        [([*Q0, "quantity"], "INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative.")],
    ),
    (
        "the same level twice",
        lambda b: b.set(b.row(1), b.row(2)),
        [([*Q0, "locationId"], PAIR, UNIQUE), (["input", "quantities", "1", "locationId"], PAIR, UNIQUE)],
    ),
    (
        "a stale value",
        lambda b: b.set(b.row(5, was=119)),
        [([*Q0, "changeFromQuantity"], STALE[1], STALE[0])],
    ),
    (
        "one stale row of two",
        lambda b: b.set(b.row(5, was=120), b.row(5, place=b.other, was=7)),
        [(["input", "quantities", "1", "changeFromQuantity"], STALE[1], STALE[0])],
    ),
    (
        "adjust, stale",
        lambda b: b.adjust(b.change(was=1)),
        [([*C0, "changeFromQuantity"], STALE[1], STALE[0])],
    ),
    (
        "adjust on hand without a document",
        lambda b: b.adjust(b.change(), name="on_hand"),
        [
            (["input", "name"], "INVALID_QUANTITY_NAME", BAD_NAME),
            ([*C0, "ledgerDocumentUri"], "INVALID_QUANTITY_DOCUMENT", LEDGER),
        ],
    ),
    (
        "adjust available with a document",
        lambda b: b.adjust(b.change(ledger="erp://doc/1")),
        [([*C0, "ledgerDocumentUri"], "INVALID_AVAILABLE_DOCUMENT", NO_LEDGER)],
    ),
    (
        "adjust with Shopify's own document",
        lambda b: b.adjust(b.change(ledger="gid://shopify/Order/1"), name="damaged"),
        [([*C0, "ledgerDocumentUri"], "INTERNAL_LEDGER_DOCUMENT", INTERNAL)],
    ),
    (
        "adjust with two documents",
        lambda b: b.adjust(
            b.change(ledger="erp://1"), b.change(place=b.other, ledger="erp://2"), name="damaged"
        ),
        [(["input", "changes"], "MAX_ONE_LEDGER_DOCUMENT", ONE_LEDGER)],
    ),
]


@pytest.mark.parametrize(("case", "act", "errors"), CASES, ids=[case[0] for case in CASES])
def test_a_refused_batch_changes_nothing(
    bench: StockBench, case: str, act: Callable[[StockBench], Row], errors: list[tuple[list[str], str, str]]
) -> None:
    before = bench.shopify.store.all(seed.ALPHA, "inventory_level")
    payload = act(bench)
    assert payload["inventoryAdjustmentGroup"] is None
    assert [(one["field"], one["code"], one["message"]) for one in payload["userErrors"]] == errors
    assert bench.shopify.store.all(seed.ALPHA, "inventory_level") == before
    assert bench.shopify.events == []


def test_adjusting_by_name(bench: StockBench) -> None:
    payload = bench.adjust(bench.change(3, ledger="erp://doc/9"), name="damaged")
    rows = payload["inventoryAdjustmentGroup"]["changes"]
    assert [(one["name"], one["delta"], one["ledgerDocumentUri"]) for one in rows] == [
        ("damaged", 3, "erp://doc/9"),
        ("on_hand", 3, None),
    ]
    bench.adjust(bench.change(7, ledger="erp://doc/9"), name="incoming")
    assert bench.read("available", "damaged", "incoming", "on_hand") == [120, 3, 7, 123]
    assert bench.adjust(bench.change(0))["inventoryAdjustmentGroup"] is None


def test_moving_between_names_leaves_on_hand(bench: StockBench) -> None:
    here = {"locationId": bench.place, "changeFromQuantity": None}
    change = {
        "inventoryItemId": bench.mug,
        "quantity": 4,
        "from": {**here, "name": "available"},
        "to": {**here, "name": "damaged", "ledgerDocumentUri": "erp://doc/2"},
    }
    wish = {"reason": "damaged", "referenceDocumentUri": "erp://doc/2", "changes": [change]}
    payload = bench.send(MOVE_STOCK, wish)
    rows = payload["inventoryAdjustmentGroup"]["changes"]
    assert [(one["name"], one["delta"]) for one in rows] == [("available", -4), ("damaged", 4)]
    assert bench.read("available", "damaged", "on_hand") == [116, 4, 120]
    change["to"] = {**change["to"], "locationId": bench.other}
    errors = bench.send(MOVE_STOCK, wish)["userErrors"]
    assert errors[0]["message"] == "The quantities can't be moved between different locations."
