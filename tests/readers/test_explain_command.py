"""`concord explain` from the command line: whatever form the order was saved in, the status is 0, 3 or 4."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sync.__main__ import main
from tests.golden import corpus

FOLDER = corpus.HERE / "038_everything_at_once"
BODY = json.loads((FOLDER / "body.json").read_text())
NODE = json.loads((FOLDER / "node.json").read_text())
INSIDE = NODE["order"] | {"agreements": {"nodes": NODE["agreements"]}}


def edges(value: Any) -> Any:
    """The same with every connection told by its edges."""
    if isinstance(value, dict):
        made = {key: edges(each) for key, each in value.items()}
        if "nodes" in made:
            made["edges"] = [{"node": each, "cursor": "c"} for each in made.pop("nodes")]
        return made
    return [edges(each) for each in value] if isinstance(value, list) else value


FORMS: dict[str, Any] = {
    "as our client keeps it": NODE,
    "bare": INSIDE,
    "in order": {"order": INSIDE},
    "an answer": {"data": {"order": INSIDE}, "extensions": {}},
    "a node": {"data": {"node": INSIDE}},
    "the only one of a search": {"data": {"orders": {"nodes": [INSIDE]}}},
    "the only edge of a search": {"data": {"orders": {"edges": [{"node": INSIDE}]}}},
    "a list": [INSIDE],
    "with edges everywhere": {"data": {"order": edges(INSIDE)}},
}


class Saved:
    """Files for the command, with the mapping of the corpus."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.rules = self.file("rules.json", json.loads((corpus.HERE / "rules.json").read_text()))

    def file(self, name: str, content: Any) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    def explain(
        self, body: Any, *more: str, nodes: Any = None, topic: str = "orders/create"
    ) -> tuple[int, Any]:
        """The status and the JSON of the command."""
        words = ["explain", self.file("body.json", body), "--topic", topic, "--shop", "alpha.myshopify.com"]
        if nodes is not None:
            words += ["--nodes", self.file("nodes.json", nodes)]
        status = main([*words, "--json", *(more or ("--rules", self.rules))])
        return status, json.loads(self.capsys.readouterr().out)


@pytest.fixture
def saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Saved:
    return Saved(tmp_path, capsys)


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_a_node_is_read_in_any_form_as_body_and_as_nodes(saved: Saved, form: Any) -> None:
    for status, told in (saved.explain(form), saved.explain(BODY, nodes=form)):
        assert (status, told["verdict"]) == (0, "proven")
        assert [each["reference"] for each in told["documents"]] == ["6000000001"]
        assert len(told["documents"][0]["lines"]) == len(NODE["agreements"][0]["sales"]["nodes"])


def test_a_body_that_needs_the_ledger_is_held(saved: Saved) -> None:
    status, told = saved.explain(BODY)
    assert (status, told["reason"]["code"]) == (3, "ledger_needed")


def further_page(*path: str) -> Any:
    node = json.loads(json.dumps(INSIDE))
    holder = node
    for step in path:
        holder = holder[step]
    holder["pageInfo"] = {"hasNextPage": True, "endCursor": "x"}
    return node


@pytest.mark.parametrize(
    ("body", "nodes", "path"),
    [
        (BODY, further_page("lineItems"), "order.lineItems.pageInfo.hasNextPage"),
        (BODY, further_page("agreements"), "order.agreements.pageInfo.hasNextPage"),
        (BODY, INSIDE | {"id": "gid://shopify/Order/999"}, "order.id"),
        (BODY, [INSIDE, INSIDE], "$"),
        (BODY, {"data": None, "errors": [{"message": "denied"}]}, "order"),
        (BODY, {"data": {"order": None}}, "order"),
        (BODY, INSIDE | {"lineItems": {}}, "lineItems.nodes"),
        ([1], NODE, "$"),
        ({"x": 1}, NODE, "admin_graphql_api_id"),
        (INSIDE | {"id": "gid://shopify/Product/1"}, None, "id"),
        (b"[" * 200_000, None, "$"),
        (b"no json", None, "$"),
    ],
)
def test_what_cannot_be_trusted_is_broken_with_its_path(
    saved: Saved, body: Any, nodes: Any, path: str
) -> None:
    status, told = saved.explain(body, nodes=nodes)
    assert (status, told["reason"]["path"]) == (4, path)


def test_a_garbage_body_of_a_refund_does_not_borrow_good_nodes(saved: Saved) -> None:
    assert saved.explain({"x": 1}, nodes=NODE, topic="refunds/create")[0] == 4
    assert saved.explain({"order_id": 5}, nodes=NODE, topic="refunds/create")[0] == 4
    number = int(NODE["order"]["id"].rpartition("/")[2])
    assert saved.explain({"order_id": number}, nodes=NODE, topic="refunds/create")[0] == 0


@pytest.mark.parametrize("topic", ["companies/create", "products/update"])
def test_a_topic_of_no_order_is_held_and_sends_to_the_order(saved: Saved, topic: str) -> None:
    status, told = saved.explain({"id": 1}, topic=topic, nodes=NODE)
    assert (status, told["reason"]["code"], told["reason"]["misses"]) == (3, "topic_not_planned", "")
    assert "Explain the order" in told["reason"]["fix"]


def test_shipments_are_explained_too(saved: Saved) -> None:
    folder = corpus.HERE / "110_two_parcels"
    node = json.loads((folder / "node.json").read_text())
    body = {"order_id": int(node["order"]["id"].rpartition("/")[2])}
    status, told = saved.explain(body, nodes=node, topic="fulfillments/create")
    assert (status, len(told["documents"]), len(told["shipments"])) == (0, 1, 2)
    assert all(each["lines"] and each["packages"] for each in told["shipments"])


def test_a_product_that_is_not_mapped_is_named(saved: Saved) -> None:
    body = json.loads((corpus.HERE / "001_tax_on_top" / "body.json").read_text())
    body["line_items"][0] |= {"sku": None, "title": "Nameless kettle"}
    status, told = saved.explain(body)
    assert status == 3
    assert "Nameless kettle" in told["reason"]["sentence"]


def test_a_plain_mapping_says_that_it_is_one(
    saved: Saved, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.environ", {})
    path = saved.file("a.json", json.loads((corpus.HERE / "001_tax_on_top" / "body.json").read_text()))
    words = ["explain", path, "--topic", "orders/create", "--shop", "alpha.myshopify.com"]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mapping"] == "plain"
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("mapping: plain")


@pytest.mark.parametrize("style", [[], ["--json"]])
def test_a_terminal_that_knows_ascii_only_gets_escapes(
    saved: Saved, monkeypatch: pytest.MonkeyPatch, style: list[str]
) -> None:
    body = json.loads((corpus.HERE / "048_emoji_and_right_to_left" / "body.json").read_text())
    path = saved.file("a.json", json.dumps(body).replace("Fresh", "\\ud83d Fresh").encode())
    shown = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", shown)
    words = ["explain", path, "--topic", "orders/create", "--shop", "alpha.myshopify.com"]
    assert main([*words, "--rules", saved.rules, *style]) in (0, 3)
    shown.seek(0)
    text = shown.read()
    assert "\\u" in text.lower()
    assert not style or json.loads(text)["record"]
