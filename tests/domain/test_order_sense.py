"""Orders outside the filters are skipped with a reason; orders that contradict themselves are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kit.faults import Misconfigured, Rejected
from sync.domain import fields, semantics
from sync.domain.documents import Address
from sync.domain.filters import skip
from sync.domain.money import Both, CurrencyMix, Money, decimal, total
from sync.domain.records import Discount, DiscountAllocation, Order
from sync.domain.rules import CancelledPolicy, FieldRule, Filters
from tests.domain.orders import AT, eur, line, order, rules


@pytest.mark.parametrize(
    ("changes", "filters", "code"),
    [
        ({"is_test": True}, Filters(), "test_order"),
        ({"is_test": True}, Filters(with_test_orders=True), None),
        ({}, Filters(since=AT + timedelta(days=1)), "before_cut_off"),
        ({}, Filters(since=AT), None),
        ({}, Filters(only_sources=("pos",)), "other_source"),
        ({"source_name": "pos"}, Filters(only_sources=("pos",)), None),
        ({"source_name": "amazon"}, Filters(skip_sources=("amazon",)), "other_source"),
        ({"tags": ("VIP",)}, Filters(only_tags=("vip",)), None),
        ({"tags": ("x",)}, Filters(only_tags=("vip",)), "tag_missing"),
        ({"tags": ("Hold",)}, Filters(skip_tags=("hold",)), "tag"),
        ({"financial_status": "pending"}, Filters(only_paid=True), "not_paid"),
        ({"financial_status": "paid"}, Filters(only_paid=True), None),
        (
            {"cancelled_at": AT, "financial_status": "voided", "current_total": "0.00"},
            Filters(),
            "cancelled_before_export",
        ),
        ({"cancelled_at": AT, "financial_status": "refunded", "current_total": "0.00"}, Filters(), None),
        (
            {"cancelled_at": AT, "financial_status": "voided", "current_total": "0.00"},
            Filters(cancelled=CancelledPolicy.EXPORT),
            None,
        ),
    ],
)
def test_an_order_outside_the_filters_is_skipped_with_a_reason(
    changes: dict[str, Any], filters: Filters, code: str | None
) -> None:
    found = skip(order(total="10.00", **changes), rules(filters=filters))
    assert (found.code if found else None) == code
    assert found is None or "#1001" in found.sentence or "export" in found.sentence


DOLLAR = Both(Money(Decimal(1), "USD"), Money(Decimal(1), "EUR"))


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (order(line(quantity=-1, current_quantity=0), total="10.00"), "negative_quantity"),
        (order(line(quantity=1, current_quantity=2), total="10.00"), "quantity_grew"),
        (order(line(1, "-1.00"), total="10.00"), "negative_price"),
        (order(line(), line(), total="10.00"), "line_twice"),
        (order(total="-1.00"), "negative_total"),
        (replace(order(total="1.00"), lines=()), "no_lines"),
        (replace(order(total="1.00"), currency="XQQ"), "currency_unknown"),
        (replace(order(total="1.00"), presentment_currency="USD"), "currency_mix"),
        (order(replace(line(), unit_price=DOLLAR), total="1.00"), "currency_mix"),
        (replace(order(total="1.00"), updated_at=AT - timedelta(days=1)), "dates"),
        (replace(order(total="1.00"), cancelled_at=AT - timedelta(days=1)), "dates"),
        (
            order(line(discounts=(DiscountAllocation(discount_index=3, amount=eur("1")),)), total="9.00"),
            "discount_unknown",
        ),
        (
            order(
                line(discounts=(DiscountAllocation(discount_index=0, amount=eur("11")),)),
                total="1.00",
                discounts=(Discount(index=0, kind="code", title="X"),),
            ),
            "discount_above_price",
        ),
        (
            order(
                replace(line(), unit_price=Both(Money(Decimal(1), "EUR"), Money(Decimal(2), "EUR"))),
                total="1.00",
            ),
            "two_prices",
        ),
    ],
)
def test_an_order_that_contradicts_itself_is_refused(record: Order, code: str) -> None:
    assert code in {each.code for each in semantics.problems(record)}
    with pytest.raises(Rejected) as caught:
        semantics.check(record)
    assert caught.value.code == "order_inconsistent"
    assert code in caught.value.detail


def test_an_order_that_makes_sense_passes() -> None:
    semantics.check(order(line(), total="10.00"))


def test_fields_of_the_erp_are_filled_from_the_order() -> None:
    record = order(
        line(),
        total="10.00",
        attributes=(("Gift note", "  for Ida "),),
        metafields={"custom.po": "PO 77-1"},
        tags=("b2b",),
        note="Ring",
        billing=Address(),
    )
    by = rules(
        timezone="Europe/Berlin",
        fields=(
            FieldRule(source="attribute:Gift note", target="a", transforms=("trim", "upper", "first:3")),
            FieldRule(source="metafield:custom.po", target="b", transforms=("digits", "last:3", "prefix:P")),
            FieldRule(source="tag:b2b", target="c", values={"b2b": "7"}),
            FieldRule(source="tag:vip", target="d", default="none"),
            FieldRule(source="order:processed_at", target="e", transforms=("date",)),
            FieldRule(source="order:note", target="f", transforms=("remove:i", "suffix:!", "lower")),
            FieldRule(source="attribute:absent", target="g"),
        ),
    )
    assert dict(fields.filled(record, by)) == {
        "a": "FOR",
        "b": "P771",
        "c": "7",
        "d": "none",
        "e": "2026-11-02",
        "f": "rng!",
    }


@pytest.mark.parametrize(
    ("rule", "misses"),
    [
        (FieldRule(source="attribute:x", target="t", is_required=True), "mapping:field:t"),
        (FieldRule(source="weather:x", target="t"), "mapping:source:weather:x"),
        (FieldRule(source="order:weather", target="t"), "mapping:source:order:weather"),
        (FieldRule(source="order:note", target="t", transforms=("eval",)), "mapping:transform:eval"),
    ],
)
def test_a_field_rule_that_cannot_work_is_named(rule: FieldRule, misses: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        fields.filled(order(total="1.00"), rules(fields=(rule,)))
    assert caught.value.misses == misses


def test_two_currencies_never_meet_in_one_sum() -> None:
    with pytest.raises(CurrencyMix):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")
    with pytest.raises(CurrencyMix):
        total([DOLLAR], zero=eur("0"))


@pytest.mark.parametrize("value", [1.5, True, None, "one", "NaN", "Infinity", [], {}])
def test_only_exact_numbers_become_decimals(value: Any) -> None:
    with pytest.raises(ValueError):
        decimal(value)


def test_an_amount_known_to_be_one_is_counted_once_and_right() -> None:
    one = eur("0.10")
    assert one.is_one
    assert (one + one - one).is_one
    assert one.times(3) == eur("0.30")
    assert -one == eur("-0.10")
    two = Both(Money(Decimal(1), "EUR"), Money(Decimal(2), "USD"))
    assert (two + two).presentment == Money(Decimal(4), "USD")
    assert two.times(3).presentment == Money(Decimal(6), "USD")
