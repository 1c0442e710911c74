"""`explain` says what would be done with a body, in text and JSON; its status tells proven, held and broken apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sync.insight.explain import BROKEN, HELD, PROVEN, Explanation, explain
from tests.golden import corpus


def explained(name: str, *, topic: str = "orders/create", with_nodes: bool = False) -> Explanation:
    folder = corpus.HERE / name
    return explain(
        (folder / "body.json").read_bytes(),
        topic=topic,
        shop="alpha.myshopify.com",
        rules=corpus.rules_of(folder),
        nodes=(folder / "node.json").read_bytes() if with_nodes else None,
    )


def test_a_proven_order_shows_record_table_decisions_and_documents() -> None:
    told = explained("020_code_over_the_order")
    assert told.status == PROVEN
    assert told.as_json["verdict"] == "proven"
    assert told.as_json["proof"]["is_proven"] is True
    assert told.as_json["documents"][0]["reference"] == "6000000001"
    assert {each["kind"] for each in told.as_json["decisions"]} >= {"product", "tax", "service"}
    for word in ("PROVEN", "Record", "Mapping", "Document sale", "Cent table"):
        assert word in told.text
    json.dumps(told.as_json)


def test_the_text_shows_no_personal_data() -> None:
    told = explained("020_code_over_the_order")
    for private in ("Nora", "Fields", "nora.fields@example.com", "Orchard"):
        assert private not in told.text


def test_a_held_order_says_what_is_missing_and_how_to_fix_it() -> None:
    told = explained("125_unmapped_tax")
    assert told.status == HELD
    assert told.as_json["reason"]["misses"].startswith("mapping:tax:33%")
    assert "fix:" in told.text


def test_a_broken_body_says_where() -> None:
    told = explained("132_amount_is_missing")
    assert told.status == BROKEN
    assert told.as_json["reason"]["path"] == "line_items[0].price_set"
    assert "at: line_items[0].price_set" in told.text


def test_a_skipped_order_is_fine_and_says_why() -> None:
    told = explained("150_test_order")
    assert (told.status, told.as_json["verdict"]) == (PROVEN, "skipped")


@pytest.mark.parametrize(
    "topic", ["refunds/create", "orders/edited", "fulfillments/create", "returns/approve"]
)
def test_a_body_that_is_not_a_whole_order_needs_the_nodes(topic: str) -> None:
    body = json.dumps(
        {"order_id": 5, "order_edit": {"order_id": 5}} if topic == "orders/edited" else {"order_id": 5}
    )
    told = explain(body.encode(), topic=topic, shop="alpha.myshopify.com", rules=corpus.rules_of(corpus.HERE))
    assert told.status == HELD
    assert "gid://shopify/Order/5" in told.text
    assert "--nodes" in told.text


def test_with_the_nodes_the_ledger_is_explained() -> None:
    told = explained("094_exchange_with_balance", topic="returns/approve", with_nodes=True)
    assert told.status == PROVEN
    assert [each["kind"] for each in told.as_json["documents"]] == ["sale", "credit", "charge"]


def test_a_topic_without_documents_says_so() -> None:
    told = explain(
        b"{}", topic="products/update", shop="alpha.myshopify.com", rules=corpus.rules_of(corpus.HERE)
    )
    assert told.status == HELD
    assert told.as_json["reason"]["code"] == "topic_not_planned"


@pytest.mark.parametrize("folder", corpus.folders(), ids=lambda folder: folder.name)
def test_every_order_of_the_corpus_can_be_explained(folder: Path) -> None:
    told = explained(folder.name, with_nodes=True)
    assert told.status in (PROVEN, HELD, BROKEN)
    assert told.text.endswith("\n")
    json.dumps(told.as_json)


@pytest.mark.parametrize("shape", ["list", "nodes", "edges", "answer"])
def test_agreements_are_read_in_any_shape_that_graphql_gives_them(shape: str) -> None:
    folder = corpus.HERE / "094_exchange_with_balance"
    node = json.loads((folder / "node.json").read_text())
    entries = node["agreements"]
    if shape == "nodes":
        node = {"order": node["order"] | {"agreements": {"nodes": entries}}}
    elif shape == "edges":
        node = {"order": node["order"] | {"agreements": {"edges": [{"node": each} for each in entries]}}}
    elif shape == "answer":
        node = {"data": node}
    told = explain(
        (folder / "body.json").read_bytes(),
        topic="orders/updated",
        shop="alpha.myshopify.com",
        rules=corpus.rules_of(folder),
        nodes=json.dumps(node).encode(),
    )
    assert len(told.as_json["documents"]) == 3


def test_a_broken_ledger_says_where() -> None:
    folder = corpus.HERE / "094_exchange_with_balance"
    node = json.loads((folder / "node.json").read_text())
    del node["agreements"][1]["sales"]["nodes"][0]["totalAmount"]
    told = explain(
        (folder / "body.json").read_bytes(),
        topic="orders/updated",
        shop="alpha.myshopify.com",
        rules=corpus.rules_of(folder),
        nodes=json.dumps(node).encode(),
    )
    assert told.status == BROKEN
    assert told.as_json["reason"]["path"] == "agreements[1].sales.nodes[0].totalAmount"
