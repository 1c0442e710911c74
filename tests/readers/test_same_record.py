"""Both readers tell the same record of the same order, whatever happened to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.faults import Misconfigured, Transient
from sync.domain.plan import Plan, plan_order
from sync.domain.records import Order
from sync.shopify import bodies, reader
from sync.shopify.answers import Answer, Denied
from tests.domain.test_conservation import acts, done, orders
from tests.golden import corpus
from tests.golden.generate import HISTORIES
from tests.golden.rendering import of_node
from tests.golden.workshop import ACTS, InProcess, Workshop

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


@settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
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


class Denying(InProcess):
    """A shop that did not grant some scopes: those parts are null and listed as denied."""

    denied: tuple[str, ...] = ()

    def ask(self, operation: str, variables: Mapping[str, Any] | None = None, *, lane: int = 0) -> Answer:
        """The answer with holes in it."""
        answer = super().ask(operation, variables, lane=lane)
        order = {**answer.data["order"], **dict.fromkeys(self.denied)}
        told = tuple(Denied(path=("order", part), scope=f"read_{part}", message="no") for part in self.denied)
        return replace(answer, data={"order": order}, denied=told)


def test_parts_behind_scopes_of_their_own_may_be_missing() -> None:
    shop = Workshop(next(one for one in HISTORIES if one.name == "040_company_on_net_terms"))
    client = Denying(shop.store, shop.shop)
    client.denied = ("paymentTerms", "purchasingEntity", "customer", "shippingAddress")
    read = reader.read_order(client, shop.order_id, lane=0)
    assert read is not None
    assert read.order.unknown == {"payment_terms", "company", "customer", "addresses"}
    assert (read.order.payment_terms, read.order.company, read.order.shipping) == (None, None, None)
    plan = plan_order(read.order, corpus.rules_of(corpus.HERE), agreements=read.agreements)
    assert isinstance(plan, Plan)
    assert plan.customer.is_guest


def test_money_that_may_not_be_seen_is_a_missing_scope() -> None:
    shop = Workshop(HISTORIES[0])
    client = Denying(shop.store, shop.shop)
    client.denied = ("refunds",)
    with pytest.raises(Misconfigured) as caught:
        reader.read_order(client, shop.order_id, lane=0)
    assert caught.value.misses == "scope:read_refunds"


def test_a_ledger_of_another_moment_is_read_again() -> None:
    shop = Workshop(HISTORIES[0])
    client = InProcess(shop.store, shop.shop)
    read = reader.read_order(client, shop.order_id, lane=0)
    assert read is not None
    shop.clock.step()
    ACTS["edit"](shop, {"add": [{"sku": "ALP-MUG"}]})
    with pytest.raises(Transient):
        reader.read_agreements(client, read.order, lane=0)


@pytest.mark.parametrize("folder", PLAIN[:20], ids=lambda folder: folder.name)
def test_new_fields_and_new_words_are_data(folder: Path) -> None:
    body: dict[str, Any] = bodies.parse((folder / "body.json").read_text())
    expected = bodies.order(body)
    body |= {"brand_new": {"x": 1}, "cancel_reason": body["cancel_reason"]}
    body["line_items"][0] |= {"brand_new": [1, 2]}
    assert bodies.order(body) == expected
    body["financial_status"] = "quantum_paid"
    assert bodies.order(body).financial_status == "quantum_paid"
