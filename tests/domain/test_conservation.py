"""Whatever happens to an order, and whenever Concord looks: the documents add up to Shopify's ledger, to the cent."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.shopify.commands.order_store import Refused
from sandbox.shopify.seed_data import ALPHA, BETA
from sync.domain import ledger
from sync.domain.documents import Document, LineKind
from sync.domain.exported import NOTHING_EXPORTED, Exported
from sync.domain.filters import Skip
from sync.domain.history import Agreement
from sync.domain.plan import LEDGER_NEEDED, Plan, plan_order
from sync.domain.records import Order
from sync.domain.rules import Rules
from sync.domain.sales import amounts
from sync.shopify import bodies
from tests.golden import corpus
from tests.golden.rendering import of_node
from tests.golden.workshop import ACTS, History, Workshop

SKUS = {
    ALPHA: ("ALP-MUG", "ALP-SPORK", "ALP-BARS", "ALP-TENT-2P", "ALP-GIFT-25"),
    BETA: ("BET-BUCH", "BET-LICHT", "BET-KANNE", "BET-KAFFEE", "BET-GUTSCHEIN-25"),
}
CENTS = st.integers(1, 4000).map(lambda cents: str(Decimal(cents) / 100))


@st.composite
def orders(draw: st.DrawFn) -> History:
    """An order of one of the shops."""
    shop = draw(st.sampled_from((ALPHA, BETA)))
    lines = [
        {"sku": sku, "quantity": draw(st.integers(1, 4))}
        | ({"discount": {"percent": draw(st.integers(1, 100))}} if draw(st.booleans()) else {})
        for sku in draw(st.lists(st.sampled_from(SKUS[shop]), min_size=1, max_size=4, unique=True))
    ]
    spec: dict[str, Any] = {"lines": lines, "email": "nobody@example.com", "shipping_address": None}
    if draw(st.booleans()):
        spec["shipping"] = [{"title": "Standard", "price": draw(CENTS)}]
    if draw(st.booleans()):
        spec["discounts"] = [{"amount": draw(CENTS), "code": "ODD"}]
    if draw(st.booleans()):
        spec["tip"] = draw(CENTS)
    if draw(st.booleans()):
        spec["presentment_currency"], spec["rate"] = draw(
            st.sampled_from((("JPY", "154.37"), ("CHF", "0.9352")))
        )
    return History(name="any", why="any", shop=shop, spec=spec)


@st.composite
def acts(draw: st.DrawFn, shop: str) -> tuple[str, dict[str, Any]]:
    """One thing that happens to an order; Shopify may refuse it."""
    sku, count = draw(st.sampled_from(SKUS[shop])), draw(st.integers(0, 5))
    one = {"sku": sku, "quantity": 1}
    more = [{"sku": sku, "quantity": 2}]
    choices: tuple[tuple[str, dict[str, Any]], ...] = (
        ("edit", {"add": [{"sku": sku, "quantity": 1 + count}]}),
        ("edit", {"add": [{"sku": sku, "quantity": 1 + count, "price": "0.00"}]}),
        ("edit", {"add": [{"sku": sku, "quantity": 1, "discount": {"percent": 100}}]}),
        ("edit", {"set_quantity": [{"sku": sku, "quantity": count}]}),
        ("refund", {"lines": [{**one, "restock_type": "RETURN"}]}),
        ("refund", {"lines": [one], "amount": draw(CENTS)}),
        ("refund", {"shipping": True}),
        ("refund", {"shipping": draw(CENTS)}),
        ("refund", {"amount": draw(CENTS)}),
        ("return", {"back": [one], "new": more, "fee": "1.11"}),
        ("ship", {}),
        ("open_return", {"lines": [one], "shipping_fee": "2.22"}),
        ("cancel_return", {}),
        ("cancel", {}),
    )
    chosen: tuple[str, dict[str, Any]] = draw(st.sampled_from(choices))
    return chosen


def look(
    order: Order, agreements: tuple[Agreement, ...] | None, already: Exported
) -> tuple[list[Document], Exported]:
    """One look at the order; what it wrote and what is exported afterwards."""
    plan = plan_order(order, RULES, agreements=agreements, already=already)
    if isinstance(plan, Skip):
        assert plan.code in ("nothing_new", LEDGER_NEEDED, "cancelled_before_export"), plan
        return [], already
    assert plan.proof.is_proven, plan.proof
    return list(plan.documents), already.with_plan(plan.exports)


def agree_with_the_ledger(order: Order, agreements: tuple[Agreement, ...], written: list[Document]) -> None:
    """Money by the ledger and by Shopify's total; goods by what is left of each line."""
    summed = amounts((document.total for document in written), order.zero)
    assert summed == ledger.total(agreements, order.zero) == order.totals.current_total
    assert summed == amounts((line.gross for document in written for line in document.lines), order.zero)
    for line in order.lines:
        moved = sum(
            each.quantity for document in written for each in document.lines if each.source == line.gid
        )
        assert moved == line.current_quantity
    references = [document.reference for document in written]
    assert len(references) == len(set(references))


@settings(max_examples=30, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_histories_conserve_money_in_any_order_of_arrival(data: st.DataObject) -> None:
    history = data.draw(orders())
    shop = Workshop(history)
    written: list[Document] = []
    already = NOTHING_EXPORTED
    if data.draw(st.booleans(), label="the first export comes from the body"):
        written, already = look(bodies.order(bodies.parse(json.dumps(shop.body()))), None, already)
    for name, arguments in data.draw(st.lists(acts(history.shop), max_size=6)):
        if not written and data.draw(st.booleans(), label="the first export comes from a later body"):
            written, already = look(bodies.order(bodies.parse(json.dumps(shop.body()))), None, already)
        shop.clock.step()
        if not done(shop, name, arguments) or not data.draw(st.booleans(), label="Concord looks now"):
            continue
        written, already = look_whole(shop, data, written, already)
    written, already = look_whole(shop, data, written, already)
    again, _ = look_whole(shop, data, written, already)
    assert again == written


def done(shop: Workshop, name: str, arguments: dict[str, Any]) -> bool:
    """Whether Shopify let it happen. A refused act leaves the order as it was."""
    before = shop.order
    try:
        ACTS[name](shop, arguments)
    except (Refused, StopIteration):
        shop.put(before)
        return False
    return True


def look_whole(
    shop: Workshop, data: st.DataObject, written: list[Document], already: Exported
) -> tuple[list[Document], Exported]:
    """A look with the ledger, whose entries arrive in any order, some of them twice."""
    order, agreements = of_node(json.dumps(shop.node()))
    arrived = data.draw(st.permutations((*agreements, *agreements[:1])))
    more, already = look(order, tuple(arrived), already)
    written = written + more
    if written:
        agree_with_the_ledger(order, agreements, written)
    return written, already


@pytest.mark.parametrize("gift", [{"price": "0.00"}, {"discount": {"percent": 100}}])
@pytest.mark.parametrize("is_tied", [True, False])
def test_a_free_line_that_was_in_the_first_body_is_not_sold_again(
    gift: dict[str, Any], is_tied: bool
) -> None:
    shop = Workshop(History(name="any", why="any", spec={"lines": [{"sku": "ALP-MUG"}]}))
    shop.clock.step()
    ACTS["edit"](shop, {"add": [{"sku": "ALP-SPORK", "quantity": 1} | gift]})
    written, already = look(bodies.order(bodies.parse(json.dumps(shop.body()))), None, NOTHING_EXPORTED)
    assert [line.sku for line in written[0].lines] == ["ALP-MUG", "ALP-SPORK"]
    shop.clock.step()
    ACTS["edit"](shop, {"add": [{"sku": "ALP-BARS", "quantity": 3} | gift]})
    node = shop.node()
    if is_tied:
        for entry in node["agreements"]:
            entry["happenedAt"] = node["order"]["updatedAt"]
    order, agreements = of_node(json.dumps(node))
    more, already = look(order, agreements, already)
    assert [(line.sku, line.quantity) for each in more for line in each.lines] == [("ALP-BARS", Decimal(3))]
    agree_with_the_ledger(order, agreements, written + more)
    assert look(order, agreements, already)[0] == []


RULES: Rules = corpus.rules_of(corpus.HERE)


def test_every_kind_of_line_has_a_place_in_the_rules_of_these_tests() -> None:
    assert set(RULES.services) == set(LineKind) - {LineKind.GOODS}


def test_a_plan_says_what_it_will_have_exported() -> None:
    shop = Workshop(History(name="any", why="any", spec={"lines": [{"sku": "ALP-MUG"}]}))
    plan = plan_order(bodies.order(bodies.parse(json.dumps(shop.body()))), RULES)
    assert isinstance(plan, Plan)
    facts = json.loads(json.dumps([each.facts() for each in plan.exports]))
    assert Exported.of_facts(facts) == NOTHING_EXPORTED.with_plan(plan.exports)
