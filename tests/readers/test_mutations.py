"""Whatever is put in the place of a value, `explain` answers proven, held or broken with a path. It never crashes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from sync.insight.explain import BROKEN, HELD, PROVEN, explain
from tests.golden import corpus

RICH = (
    "001_tax_on_top",
    "010_buyer_pays_in_cad",
    "038_everything_at_once",
    "040_company_on_net_terms",
    "065_edited_then_refunded",
    "080_refund_in_two_currencies",
    "095_return_with_fee",
    "110_two_parcels",
)
GONE = object()
ODD: tuple[Any, ...] = (
    None, GONE, 7, -1, 10**30, "x", "", "1_0.00", " 1.00", "１.００", "1e99", "usd", "EUR", True, {}, {"a": 1},
    [], [1], [None], ["x"], "\ud800", "\x00 💥", "gid://shopify/Product/1", "gid://shopify/Order/",
    "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00",
)  # fmt: skip
ROUNDS = 120


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def mutated(document: Any, chance: random.Random, count: int) -> Any:
    """A copy with `count` values replaced or taken out."""
    made = copy.deepcopy(document)
    for _ in range(count):
        found = list(places(made))
        if not found:
            return made
        *steps, last = chance.choice(found)
        holder = made
        for step in steps:
            holder = holder[step]
        value = chance.choice(ODD)
        if value is GONE:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(value)
    return made


@pytest.mark.parametrize("source", ["body", "node"])
@pytest.mark.parametrize("name", RICH)
def test_no_mutation_of_a_body_or_node_crashes(name: str, source: str) -> None:
    folder = corpus.HERE / name
    body = (folder / "body.json").read_bytes()
    document = json.loads((folder / f"{source}.json").read_text())
    rules = corpus.rules_of(folder)
    chance = random.Random(f"{name}/{source}")
    seen = set()
    for _ in range(ROUNDS):
        given = json.dumps(mutated(document, chance, chance.choice((1, 1, 1, 4)))).encode()
        told = explain(
            given if source == "body" else body,
            topic="orders/create",
            shop="alpha.myshopify.com",
            rules=rules,
            nodes=given if source == "node" else None,
        )
        assert told.status in (PROVEN, HELD, BROKEN)
        assert told.status != BROKEN or told.as_json["reason"]["path"]
        assert "\ud800" not in json.dumps(told.as_json, ensure_ascii=False)
        seen.add(told.status)
    assert BROKEN in seen
