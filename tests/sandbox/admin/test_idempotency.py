"""The key on a write: asked for, used once, spent by a failure, forgotten after a day."""

from __future__ import annotations

import pytest

from sandbox.shopify import idempotency, seed
from tests.sandbox.admin.benches import StockBench
from tests.sandbox.admin.conftest import Shopify
from tests.sandbox.admin.documents import ADJUST, SET


@pytest.fixture
def bench(shopify: Shopify) -> StockBench:
    return StockBench(shopify)


MISSING = [
    (
        SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", ""),
        "quantities",
        "InventoryQuantityInput",
    ),
    (
        ADJUST.replace(" @idempotent(key: $key)", "").replace(", $key: String!", ""),
        "changes",
        "InventoryChangeInput",
    ),
]


@pytest.mark.parametrize(("text", "rows", "type_name"), MISSING)
def test_the_compared_quantity_is_asked_for_before_the_key(
    bench: StockBench, text: str, rows: str, type_name: str
) -> None:
    row = bench.row() if rows == "quantities" else bench.change()
    wish = {"name": "available", "reason": "correction", rows: [row]}
    body = bench.shopify.ask(text, {"input": wish})
    error = body["errors"][0]
    assert error["message"] == "The @idempotent directive is required for this mutation but was not provided."
    assert (error["extensions"]["code"], len(error["locations"])) == ("BAD_REQUEST", 1)
    assert list(body["data"].values()) == [None]
    del row["changeFromQuantity"]
    error = bench.shopify.ask(text, {"input": wish})["errors"][0]
    assert error["message"] == f"{type_name} must include the following argument: changeFromQuantity."
    assert (error["extensions"]["code"], len(error["locations"])) == ("INVALID_FIELD_ARGUMENTS", 2)


def test_the_same_key_and_input_do_it_once_and_answer_again(bench: StockBench) -> None:
    first = bench.set(bench.row(130, was=120), key="k")
    told = len(bench.shopify.events)
    again = bench.set(bench.row(130, was=120), key="k")
    assert again == first
    assert (bench.read("available"), len(bench.shopify.events)) == ([130], told)


def test_a_replay_shows_todays_data(bench: StockBench) -> None:
    text = (
        "mutation A($item: ID!, $place: ID!) { inventoryActivate(inventoryItemId: $item, locationId: $place)"
        ' @idempotent(key: "a") { inventoryLevel { quantities(names: ["available"]) { quantity } }'
        " userErrors { message } } }"
    )
    variables = {"item": bench.mug, "place": bench.place}
    bench.shopify.data(text, variables)
    bench.set(bench.row(9))
    level = bench.shopify.data(text, variables)["inventoryActivate"]["inventoryLevel"]
    assert level == {"quantities": [{"quantity": 9}]}


def test_the_same_key_with_other_input_is_a_mismatch(bench: StockBench) -> None:
    bench.set(bench.row(130), key="k")
    payload = bench.set(bench.row(131), key="k")
    assert [one["code"] for one in payload["userErrors"]] == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert bench.read("available") == [130]


def test_a_key_whose_attempt_failed_is_spent(bench: StockBench) -> None:
    bench.set(bench.row(5, was=1), key="k")
    payload = bench.set(bench.row(5, was=1), key="k")
    assert [one["code"] for one in payload["userErrors"]] == ["IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"]


def test_a_key_in_use_is_busy(bench: StockBench) -> None:
    with idempotency.running(bench.shopify.store, seed.ALPHA, "app", "k"):
        payload = bench.set(bench.row(130), key="k")
    assert [one["code"] for one in payload["userErrors"]] == ["IDEMPOTENCY_CONCURRENT_REQUEST"]
    assert bench.set(bench.row(130), key="k")["userErrors"] == []


def test_a_key_is_forgotten_after_a_day(bench: StockBench) -> None:
    bench.set(bench.row(130), key="k")
    bench.shopify.wait(hours=23, minutes=59)
    assert bench.set(bench.row(131), key="k")["userErrors"]
    bench.shopify.wait(minutes=1)
    assert bench.set(bench.row(131), key="k")["userErrors"] == []


def test_another_shop_and_another_client_have_keys_of_their_own(bench: StockBench) -> None:
    bench.set(bench.row(130), key="k")
    wish = {"name": "available", "reason": "correction", "quantities": [bench.row(140)]}
    body = bench.shopify.ask(SET, {"input": wish, "key": "k"}, client="other")
    assert body["data"]["inventorySetQuantities"]["userErrors"] == []
