"""`explain` says what would be done with a body, in text and JSON; its status tells proven, held and broken apart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sync.domain.rules import MatchBy
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


CUSTOMER = {
    "id": 77,
    "admin_graphql_api_id": "gid://shopify/Customer/77",
    "first_name": "Nora",
    "last_name": "Fields",
    "email": "Nora.Fields@example.com",
    "phone": "+1 555 0100",
    "updated_at": "2026-11-20T10:00:00Z",
}


def party(topic: str, body: dict[str, object], **changes: object) -> Explanation:
    rules = replace(corpus.rules_of(corpus.HERE), **changes)  # type: ignore[arg-type]
    return explain(json.dumps(body).encode(), topic=topic, shop="alpha.myshopify.com", rules=rules)


def test_a_customer_is_explained_as_the_party_that_would_be_matched_or_created() -> None:
    told = party("customers/update", CUSTOMER, match_order=(MatchBy.EMAIL, MatchBy.PHONE))
    assert (told.status, told.as_json["verdict"]) == (PROVEN, "party")
    assert told.as_json["customer"]["email"] == "nora.fields@example.com"
    assert told.as_json["customer_looked_up_by"] == ["email", "phone"]
    assert "SC-77, a customer, looked up by email, then phone; one match is taken" in told.text
    assert "With the first exported order" in told.text
    for private in ("Nora", "Fields", "example.com", "0100"):
        assert private not in told.text
    json.dumps(told.as_json)


def test_a_customer_that_a_person_chose_is_not_looked_up() -> None:
    told = party("customers/create", CUSTOMER, customers={"gid://shopify/Customer/77": "P9"})
    assert "SC-77, known in the ERP as P9" in told.text
    assert told.as_json["customer_known_as"] == "P9"


def test_a_customers_body_that_breaks_the_contract_says_where() -> None:
    told = party("customers/create", {"id": "nobody"})
    assert told.status == BROKEN
    assert told.as_json["reason"]["path"]


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
