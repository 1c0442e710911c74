"""The cent table stands on Shopify's own figures: a part that is off against them holds the order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kit.faults import Fault, Misconfigured, Rejected
from sync.domain.documents import LineKind
from sync.domain.figures import checked
from sync.domain.plan import Plan, plan_order
from sync.domain.records import Order
from sync.domain.rules import Residual, ResidualPolicy, Rules
from sync.shopify import bodies
from tests.domain.orders import eur, line, order, rules, shipping
from tests.golden import corpus
from tests.golden.rendering import of_node

PRISTINE = (
    "001_tax_on_top",
    "002_tax_included",
    "010_buyer_pays_in_cad",
    "013_shop_in_yen",
    "027_two_shipping_lines",
    "031_only_a_gift_card",
    "034_tip",
    "037_cash_rounding",
)
# Copies of other fields, or what nothing is made from: they may say what they like.
UNUSED = {
    "total_line_items_price_set",
    "pre_tax_price_set",
    "total_discount_set",
    "discounted_price_set",
    "current_subtotal_price_set",
    "current_total_discounts_set",
    "current_total_tax_set",
    "current_total_duties_set",
    "current_total_additional_fees_set",
    "current_shipping_price_set",
    "current_discounted_price_set",
    "discounted_total_set",
}


def body_of(name: str) -> Any:
    return json.loads((corpus.HERE / name / "body.json").read_text())


def is_planned(body: Any, name: str) -> bool:
    """Whether documents would be made from it."""
    try:
        plan = plan_order(bodies.order(bodies.parse(json.dumps(body))), corpus.rules_of(corpus.HERE / name))
    except Fault:
        return False
    return isinstance(plan, Plan)


def planned(body: Any, name: str) -> Plan:
    plan = plan_order(bodies.order(bodies.parse(json.dumps(body))), corpus.rules_of(corpus.HERE / name))
    assert isinstance(plan, Plan)
    return plan


def moneys(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Every money that counts, with its path."""
    if isinstance(value, dict):
        if "currency_code" in value:
            yield path, value
        for key, each in value.items():
            if key not in UNUSED:
                yield from moneys(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from moneys(each, (*path, str(index)))


def raised(money: dict[str, str], by: str = "1") -> None:
    money["amount"] = str(Decimal(money["amount"]) + Decimal(by))


@pytest.mark.parametrize("name", PRISTINE)
def test_no_amount_of_a_body_can_be_off_by_one_and_still_be_proven(name: str) -> None:
    places = [path for path, _ in moneys(body_of(name))]
    cash = {path for path in places if "cash_rounding" in path[0]}
    assert len(places) > 8
    assert is_planned(body_of(name), name)
    for place in places:
        body = body_of(name)
        raised(dict(moneys(body))[place])
        if place in cash and body["currency"] != body["presentment_currency"]:
            continue  # outside of every total, and nothing else tells it
        assert not is_planned(body, name), place


def test_a_tax_above_the_price_that_includes_it_is_refused() -> None:
    body = body_of("002_tax_included")
    for item in body["line_items"]:
        for tax in item["tax_lines"]:
            for side in tax["price_set"].values():
                side["amount"] = "999.00"
    with pytest.raises(Rejected) as caught:
        planned(body, "002_tax_included")
    assert "tax_above_price" in caught.value.detail


def test_money_moved_from_shipping_to_goods_is_held_by_name() -> None:
    body = body_of("001_tax_on_top")
    for side in ("shop_money", "presentment_money"):
        raised(body["line_items"][0]["price_set"][side], "5")
        raised(body["shipping_lines"][0]["price_set"][side], "-5")
    with pytest.raises(Misconfigured) as caught:
        planned(body, "001_tax_on_top")
    assert (caught.value.code, caught.value.misses) == ("figures_differ", "mapping:residual")
    assert "subtotal differs by -5.00 USD; shipping differs by 5.00 USD" in caught.value.sentence


def without(*names: str) -> Callable[[Any], None]:
    def take(body: Any) -> None:
        for name in names:
            del body[name]

    return take


def other_titles(body: Any) -> None:
    for tax in body["tax_lines"]:
        tax["title"] = tax["title"].upper()


@pytest.mark.parametrize("change", [without("tax_lines"), other_titles])
def test_order_level_taxes_may_be_absent_or_spelled_otherwise(change: Callable[[Any], None]) -> None:
    body = body_of("001_tax_on_top")
    change(body)
    plan = planned(body, "001_tax_on_top")
    assert plan.proof.is_proven


def test_what_is_not_told_is_not_claimed() -> None:
    whole = planned(body_of("001_tax_on_top"), "001_tax_on_top").proof
    assert {row.component for row in whole.rows if not row.is_figure} == set()
    body = body_of("001_tax_on_top")
    del body["tax_lines"]
    plan = planned(body, "001_tax_on_top").proof
    summed = [row.component for row in plan.rows if not row.is_figure]
    assert summed
    assert all(name.startswith("tax ") for name in summed)


def test_taxes_that_a_channel_pays_may_be_in_the_total_or_not() -> None:
    name = "007_marketplace_pays_the_tax"
    body = body_of(name)
    assert planned(body, name).proof.is_proven
    liable = sum(
        Decimal(tax["price_set"]["shop_money"]["amount"])
        for item in (*body["line_items"], *body["shipping_lines"])
        for tax in item["tax_lines"]
        if tax["channel_liable"]
    )
    assert liable
    for side in body["total_tax_set"].values():
        raised(side, str(-liable))
    assert planned(body, name).proof.is_proven


def told(*names: str, **more: Any) -> Order:
    made = order(line(price="10.00"), total="15.00", shipping_lines=(shipping(),), **more)
    return replace(made, totals=replace(made.totals, told=frozenset(names)))


def test_a_difference_within_the_allowed_residual_does_not_hold() -> None:
    made = told("subtotal", subtotal_total=eur("9.99"))
    allowed: Rules = rules(residual=Residual(policy=ResidualPolicy.POST, limit=Decimal("0.05")))
    assert checked(made, allowed) == {}
    with pytest.raises(Misconfigured):
        checked(made, rules())


def test_shipping_may_be_told_before_or_after_its_discount() -> None:
    assert checked(told("shipping", shipping_total=eur("5.00")), rules()) == {
        LineKind.SHIPPING.value: eur("5.00")
    }
    with pytest.raises(Misconfigured, match=r"shipping differs by 1\.00 EUR"):
        checked(told("shipping", shipping_total=eur("6.00")), rules())


def test_a_residual_on_the_buyers_side_only_names_that_side() -> None:
    body = body_of("010_buyer_pays_in_cad")
    for name in ("total_price_set", "current_total_price_set"):
        raised(body[name]["presentment_money"], "7.77")
    with pytest.raises(Misconfigured) as caught:
        planned(body, "010_buyer_pays_in_cad")
    assert caught.value.code == "residual"
    assert caught.value.sentence.startswith("7.77 CAD (in what the buyer paid) of order #1001")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("075_money_without_lines", "customer"), ("077_less_than_the_line_was_worth", "damage")],
)
def test_the_reason_of_a_discrepancy_is_on_the_credit(name: str, reason: str) -> None:
    found, agreements = of_node((corpus.HERE / name / "node.json").read_text())
    plan = plan_order(found, corpus.rules_of(corpus.HERE / name), agreements=agreements)
    assert isinstance(plan, Plan)
    titles = [
        each.description
        for document in plan.documents
        for each in document.lines
        if each.kind is LineKind.ADJUSTMENT
    ]
    assert titles == [f"Refund adjustment: {reason}"]
