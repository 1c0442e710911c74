"""The store survives a restart and many threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox.shopify import admin, seed
from sandbox.shopify.commands import orders
from sandbox.shopify.cost import Buckets
from sandbox.shopify.store import Store
from tests.sandbox.admin.conftest import ALL_SCOPES
from tests.sandbox.admin.specs import ORDER, PLAIN

KINDS = ("shop", "product", "order", "owner", "inventory_level", "customer")


def test_a_file_gives_back_what_was_put(tmp_path: Path) -> None:
    path = tmp_path / "shopify.sqlite"
    store = Store(path)
    seed.seed(store)
    order_id = orders.create(store, seed.ALPHA, PLAIN)
    kept = {kind: store.all(seed.ALPHA, kind) for kind in KINDS}
    store.close()
    again = Store(path)
    seed.seed(again)
    assert {kind: again.all(seed.ALPHA, kind) for kind in KINDS} == kept
    assert orders.create(again, seed.ALPHA, PLAIN) > order_id
    again.close()


def test_a_copy_is_nobodys_but_the_readers() -> None:
    store = Store()
    seed.seed(store)
    copy = store.all(seed.ALPHA, "product")[0]
    copy["title"] = "changed"
    assert store.all(seed.ALPHA, "product")[0]["title"] == "Ridge Tent"
    given = {"id": "x", "list": [1]}
    store.put(seed.ALPHA, "thing", "x", given)
    given["list"].append(2)  # type: ignore[attr-defined]
    assert store.view(seed.ALPHA, "thing", "x") == {"id": "x", "list": [1]}


def test_many_threads_buy_and_read_without_losing_a_piece() -> None:
    store = Store()
    seed.seed(store)
    Buckets.of(store).resize(seed.ALPHA, maximum=100_000, rate=100)
    spec = {"lines": [{"sku": "ALP-SPORK", "quantity": 2}], "guest": True}

    def buy_and_read(_: int) -> str:
        order_id = orders.create(store, seed.ALPHA, spec)
        payload = {"query": ORDER, "variables": {"id": order_id}}
        answer = admin.answer(store, shop=seed.ALPHA, scopes=ALL_SCOPES, client_id="app", payload=payload)
        assert answer.body["data"]["order"]["id"] == order_id
        return order_id

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(buy_and_read, range(40)))
    assert len(set(made)) == 40
    names = [row["name"] for row in store.all(seed.ALPHA, "order")]
    assert len(set(names)) == 40
    item = next(row for row in store.all(seed.ALPHA, "inventory_item") if row["sku"] == "ALP-SPORK")
    levels = [row for row in store.all(seed.ALPHA, "inventory_level") if row["itemId"] == item["id"]]
    assert [row["stock"]["committed"] for row in levels] == [80, 0]
