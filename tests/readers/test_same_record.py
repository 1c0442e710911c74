"""Both readers tell the same record of the same order, whatever happened to it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.domain.records import Order
from sync.shopify import bodies, reader
from tests.domain.test_conservation import acts, done, orders
from tests.golden import corpus
from tests.golden.generate import HISTORIES
from tests.golden.rendering import of_node
from tests.golden.workshop import InProcess, Workshop

PATCHED = [history.name for history in HISTORIES if history.body or history.node]
PLAIN = [folder for folder in corpus.folders() if folder.name not in PATCHED]


def told_apart(one: Order, other: Order) -> list[str]:
    """Names of the fields in which two records differ."""
    return [
        each.name
        for each in fields(Order)
        if each.compare and getattr(one, each.name) != getattr(other, each.name)
    ]


def both(shop: Workshop) -> tuple[Order, Order]:
    """The order as a body tells it and as GraphQL tells it."""
    body = bodies.order(bodies.parse(json.dumps(shop.body())))
    node, _ = of_node(json.dumps(shop.node()))
    return body, node


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_readers_tell_the_same_record_after_anything(data: st.DataObject) -> None:
    shop = Workshop(data.draw(orders()))
    for name, arguments in data.draw(st.lists(acts(shop.shop), max_size=4)):
        shop.clock.step()
        done(shop, name, arguments)
    body, node = both(shop)
    assert told_apart(body, node) == []
    assert body == node


@pytest.mark.parametrize("name", [folder.name for folder in PLAIN if folder.name[:2] in ("03", "04", "11")])
def test_both_readers_tell_the_same_record_of_every_kind_of_order(name: str) -> None:
    shop = Workshop(next(history for history in HISTORIES if history.name == name))
    for _ in shop.play():
        pass
    assert told_apart(*both(shop)) == []


def test_an_order_of_many_pages_is_read_whole() -> None:
    history = next(one for one in HISTORIES if one.name == "051_five_hundred_lines")
    shop = Workshop(history)
    read = reader.read_order(InProcess(shop.store, shop.shop), shop.order_id, lane=0)
    assert read is not None
    assert read.agreements is not None
    assert len(read.order.lines) == 500
    assert sum(len(each.sales) for each in read.agreements) == 501
    assert told_apart(read.order, bodies.order(bodies.parse(json.dumps(shop.body())))) == []


def test_an_unknown_order_is_none() -> None:
    shop = Workshop(HISTORIES[0])
    assert reader.read_order(InProcess(shop.store, shop.shop), "gid://shopify/Order/1", lane=0) is None


@pytest.mark.parametrize("folder", PLAIN[:20], ids=lambda folder: folder.name)
def test_new_fields_and_new_words_are_data(folder: Path) -> None:
    body: dict[str, Any] = bodies.parse((folder / "body.json").read_text())
    expected = bodies.order(body)
    body |= {"brand_new": {"x": 1}, "cancel_reason": body["cancel_reason"]}
    body["line_items"][0] |= {"brand_new": [1, 2]}
    assert bodies.order(body) == expected
    body["financial_status"] = "quantum_paid"
    assert bodies.order(body).financial_status == "quantum_paid"
