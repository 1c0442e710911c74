"""Bulk operations: started once, looked after by id, read from where the reading stopped."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from kit.faults import Rejected, Transient
from kit.http import Door
from sync.shopify import bulk
from sync.shopify.bulk import Status
from sync.shopify.idempotency import UnsafeWrite
from tests.shopify.script import ORIGIN, Script, answered, client

LANE = 40
STORE = "https://store.example"
GID = "gid://shopify/BulkOperation/1"
ROWS = [{"id": f"gid://shopify/ProductVariant/{number}", "sku": f"S{number}"} for number in range(40)]


class FileStore:
    """A file behind a URL that answers ranges, as Google's storage does."""

    def __init__(self, content: bytes, *, knows_ranges: bool = True) -> None:
        self.content = content
        self.knows_ranges = knows_ranges
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        wanted = request.headers["range"]
        self.asked.append(wanted)
        if not self.knows_ranges:
            return httpx2.Response(200, content=self.content)
        first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
        if first >= len(self.content):
            return httpx2.Response(416)
        piece = self.content[first : last + 1]
        told = f"bytes {first}-{first + len(piece) - 1}/{len(self.content)}"
        return httpx2.Response(206, content=piece, headers={"Content-Range": told})


def door(store: Any) -> Door:
    return Door(transports={STORE: httpx2.MockTransport(store)})


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_a_result_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK_BYTES", 100)
    store = FileStore(jsonl(ROWS))
    assert [row for _, row in bulk.result(door(store), f"{STORE}/r")] == ROWS
    assert len(store.asked) > 10


def test_reading_goes_on_at_the_byte_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK_BYTES", 64)
    read = list(bulk.result(door(FileStore(jsonl(ROWS))), f"{STORE}/r"))
    for stopped_after in (0, 1, 17, 39):
        offset, _ = read[stopped_after]
        rest = bulk.result(door(FileStore(jsonl(ROWS))), f"{STORE}/r", offset=offset)
        assert [row for _, row in rest] == ROWS[stopped_after + 1 :]


def test_a_last_line_without_its_end_and_a_store_without_ranges_are_read_too() -> None:
    store = FileStore(jsonl(ROWS).rstrip(b"\n"), knows_ranges=False)
    assert [row for _, row in bulk.result(door(store), f"{STORE}/r")] == ROWS


def test_an_empty_result_has_no_lines() -> None:
    assert list(bulk.result(door(FileStore(b"")), f"{STORE}/r")) == []


@pytest.mark.parametrize(("status", "fault"), [(404, Rejected), (410, Rejected), (503, Transient)])
def test_a_result_that_is_gone_or_busy_says_so(status: int, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        list(bulk.result(door(lambda _request: httpx2.Response(status)), f"{STORE}/r"))


def test_children_find_their_parent_in_whatever_order_they_come() -> None:
    lines = [{"id": "c1", "__parentId": "p2"}, {"id": "p1"}, {"id": "p2"}, {"id": "c2", "__parentId": "p2"}]
    roots, children = bulk.by_parent(lines)
    assert [root["id"] for root in roots] == ["p1", "p2"]
    assert [child["id"] for child in children["p2"]] == ["c1", "c2"]


def test_a_full_shop_means_come_back_later() -> None:
    for code in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED"):
        refused = {"bulkOperation": None, "userErrors": [{"field": None, "message": "busy", "code": code}]}
        with pytest.raises(Transient) as caught:
            bulk.start_query(client(Script([answered({"bulkOperationRunQuery": refused})])), "{x}", lane=LANE)
        assert caught.value.after_seconds == bulk.FULL_SECONDS


def test_a_refused_query_is_rejected_with_shopifys_words() -> None:
    errors = [
        {
            "field": ["query"],
            "message": "Bulk queries must contain at least one connection.",
            "code": "INVALID",
        }
    ]
    refused = {"bulkOperation": None, "userErrors": errors}
    with pytest.raises(Rejected, match="at least one connection"):
        bulk.start_query(client(Script([answered({"bulkOperationRunQuery": refused})])), "{x}", lane=LANE)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("CREATED", Status.RUNNING),
        ("RUNNING", Status.RUNNING),
        ("CANCELING", Status.RUNNING),
        ("A_STATE_OF_TOMORROW", Status.RUNNING),
        ("COMPLETED", Status.COMPLETED),
        ("FAILED", Status.FAILED),
        ("CANCELED", Status.FAILED),
        ("EXPIRED", Status.FAILED),
    ],
)
def test_an_operation_is_running_done_or_failed(told: str, status: Status) -> None:
    node = {
        "id": GID,
        "type": "QUERY",
        "status": told,
        "errorCode": None,
        "url": None,
        "partialDataUrl": None,
        "objectCount": "12",
    }
    found = bulk.look(client(Script([answered({"bulkOperation": node})])), GID, lane=LANE)
    assert found is not None
    assert (found.status, found.lines) == (status, 12)


def test_an_operation_that_shopify_does_not_know_is_none() -> None:
    assert bulk.look(client(Script([answered({"bulkOperation": None})])), GID, lane=LANE) is None


def test_an_upload_sends_all_fields_in_order_and_the_file_last() -> None:
    parameters = [{"name": "key", "value": "tmp/1/bulk/x/rows.jsonl"}, {"name": "policy", "value": "p"}]
    target = {"url": f"{STORE}/", "resourceUrl": f"{STORE}/", "parameters": parameters}
    staged = answered({"stagedUploadsCreate": {"stagedTargets": [target], "userErrors": []}})
    taken: list[httpx2.Request] = []

    def store(request: httpx2.Request) -> httpx2.Response:
        taken.append(request)
        return httpx2.Response(201)

    shop = client(Script([staged]))
    shop.door = Door(
        transports={ORIGIN: httpx2.MockTransport(Script([staged])), STORE: httpx2.MockTransport(store)}
    )
    rows = [{"product": "p", "variants": [{"id": "v", "price": "1.00"}], "partial": True}]
    path = bulk.upload(shop, "product_variants_bulk_update", rows, name="rows.jsonl", lane=LANE)
    assert path == "tmp/1/bulk/x/rows.jsonl"
    body = taken[0].content.decode()
    assert body.index('name="key"') < body.index('name="policy"') < body.index('name="file"')
    assert json.dumps(rows[0], separators=(",", ":")) in body


def test_a_row_of_an_idempotent_mutation_without_its_key_is_not_uploaded() -> None:
    with pytest.raises(UnsafeWrite):
        bulk.upload(client(Script([])), "refund_create", [{"input": {}}], name="r.jsonl", lane=LANE)


def test_the_result_of_a_bulk_mutation_tells_each_line_its_outcome() -> None:
    lines = [
        {"data": {"productSet": {"product": {"id": "p"}, "userErrors": []}}, "__lineNumber": 1},
        {"data": {"productSet": {"userErrors": [{"field": ["input"], "message": "no"}]}}, "__lineNumber": 0},
    ]
    told = {number: bool(errors) for number, _, errors in bulk.outcomes(lines)}
    assert told == {1: False, 0: True}
