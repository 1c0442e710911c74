"""Publishing lets exactly those jobs go whose miss the new rules answer: each kind, answered and not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sync.domain.answering import Change
from sync.domain.documents import LineKind
from sync.domain.mapper import miss
from sync.domain.rules import (
    ClosedPeriod,
    FieldRule,
    GuestPolicy,
    ProductRules,
    Residual,
    ResidualPolicy,
    Rules,
    Service,
    TaxRule,
    Unmapped,
)

VARIANT = "gid://shopify/ProductVariant/1"
LOCATION = "gid://shopify/Location/1"
LONG = "x" * 400
TAX = TaxRule(erp_tax="t", rate=Decimal("0.19"), country="DE", is_included=True)
POST = Residual(policy=ResidualPolicy.POST, limit=Decimal("0.05"))
EMPTY_FIELD = FieldRule(source="attribute:Day", target="day", is_required=True)


def is_answered(
    misses: str, *, before: dict[str, Any] | None = None, variants: dict[str, str] | None = None, **after: Any
) -> bool:
    old = Rules(**before) if before is not None else Rules()
    return Change(before=old, after=replace(old, **after), variants=variants or {}).answers(misses)


@pytest.mark.parametrize(
    ("misses", "answer", "other"),
    [
        (
            "mapping:product:MUG",
            {"products": ProductRules(links={"MUG": "1"})},
            {"products": ProductRules(codes={"TENT": "1"})},
        ),
        (
            miss("product", LONG),
            {"products": ProductRules(codes={LONG: "1"})},
            {"products": ProductRules(codes={LONG[1:]: "1"})},
        ),
        (
            "mapping:product:MUG",
            {"products": ProductRules(unmapped=Unmapped.DEFAULT, stand_in="1")},
            {"products": ProductRules(unmapped=Unmapped.DEFAULT)},
        ),
        ("mapping:product", {"products": ProductRules(links={"MUG": "2"})}, {}),
        ("mapping:tax:19%:DE:included", {"taxes": (TAX,)}, {"taxes": (replace(TAX, rate=Decimal("0.07")),)}),
        ("mapping:tax:19%:DE:included", {"taxes": (TAX,)}, {"taxes": (replace(TAX, country="AT"),)}),
        ("mapping:tax:19%:DE", {"taxes": (replace(TAX, is_included=None),)}, {"taxes": (TAX,)}),
        (
            "mapping:tax:19%:DE:included:channel",
            {"taxes": (replace(TAX, is_channel_liable=True),)},
            {"taxes": (replace(TAX, is_channel_liable=False),)},
        ),
        (
            "mapping:tax:4.875%:",
            {"taxes": (TaxRule(erp_tax="t", rate=Decimal("0.04875")),)},
            {"taxes": (TAX,)},
        ),
        ("mapping:tax:19%:DE", {"default_tax": "t"}, {"default_service": Service(item="1")}),
        (
            "mapping:service:adjustment",
            {"adjustments": {"damage": Service(account="1")}},
            {"adjustments": {"damage": Service()}},
        ),
        ("mapping:service:tip", {"default_service": Service(item="1")}, {"default_tax": "t"}),
        (
            "mapping:service:tip",
            {"services": {LineKind.TIP: Service(account="1")}},
            {"services": {LineKind.DUTY: Service(item="1"), LineKind.TIP: Service()}},
        ),
        (
            f"mapping:warehouse:{LOCATION}",
            {"warehouses": {LOCATION: ("W",)}},
            {"warehouses": {"gid://other": ("W",)}},
        ),
        ("mapping:warehouse:W7", {"warehouses": {LOCATION: ("W7",)}}, {"default_warehouse": "W7"}),
        ("mapping:warehouse", {"default_warehouse": "W"}, {"timezone": "Asia/Tokyo"}),
        ("mapping:shipping:Post", {"shipping_methods": {"Post": "1"}}, {"shipping_methods": {"Bike": "1"}}),
        ("mapping:payment:cash", {"payment_methods": {"cash": "1"}}, {"payment_methods": {"card": "1"}}),
        ("mapping:payment_term:Net 30", {"default_payment_term": "1"}, {"payment_terms": {"Net 60": "1"}}),
        ("mapping:customer:SG-1", {"customers": {"SG-1": "1"}}, {"customers": {"SG-2": "1"}}),
        (
            "mapping:guests",
            {"guests": GuestPolicy.SHARED, "shared_customer": "1"},
            {"guests": GuestPolicy.SHARED, "shared_customer": ""},
        ),
        ("mapping:guests", {"guests": GuestPolicy.BY_EMAIL}, {"guests": GuestPolicy.HOLD}),
        (
            "mapping:closed_period",
            {"closed_period": ClosedPeriod.NEXT_OPEN},
            {"closed_period": ClosedPeriod.HOLD},
        ),
        ("mapping:residual", {"residual": POST}, {"residual": Residual(limit=Decimal(9))}),
    ],
)
def test_a_miss_is_answered_by_its_own_rule_and_by_no_other(
    misses: str, answer: dict[str, Any], other: dict[str, Any]
) -> None:
    assert is_answered(misses, **answer)
    assert not is_answered(misses, **other)


def test_what_is_no_mapping_is_not_answered_by_one() -> None:
    assert not is_answered("erp:period")
    assert not is_answered("link:gid://shopify/Order/1")


def test_a_link_by_variant_answers_for_the_sku_of_that_variant_only() -> None:
    linked: dict[str, Any] = {"products": ProductRules(links={VARIANT: "1"})}
    assert is_answered("mapping:product:MUG", **linked, variants={VARIANT: "MUG"})
    assert not is_answered("mapping:product:TENT", **linked, variants={VARIANT: "MUG"})


def test_a_link_of_a_variant_that_nobody_knows_may_answer_once_when_it_is_made() -> None:
    linked: dict[str, Any] = {"products": ProductRules(links={VARIANT: "1"})}
    assert is_answered("mapping:product:MUG", **linked)
    assert not is_answered("mapping:product:MUG", before=linked, timezone="Asia/Tokyo")


def test_a_residual_above_the_limit_waits_for_a_higher_one() -> None:
    before = {"residual": POST}
    assert is_answered("mapping:residual", before=before, residual=replace(POST, limit=Decimal("0.10")))
    assert not is_answered("mapping:residual", before=before, timezone="Asia/Tokyo")


def test_an_empty_field_is_answered_when_its_own_rule_changes_or_goes() -> None:
    before = {"fields": (EMPTY_FIELD,)}
    more = FieldRule(source="order:note", target="comment")
    assert is_answered("mapping:field:day", before=before, fields=(replace(EMPTY_FIELD, default="-"),))
    assert is_answered("mapping:field:day", before=before, fields=())
    assert not is_answered("mapping:field:day", before=before, fields=(EMPTY_FIELD, more))


@pytest.mark.parametrize("misses", ["mapping:transform:shout", "mapping:source:order:mood"])
def test_a_broken_rule_is_answered_when_no_rule_is_broken_that_way_any_more(misses: str) -> None:
    broken = FieldRule(source="order:mood", target="comment", transforms=("shout:loud",))
    before = {"fields": (broken,)}
    assert not is_answered(misses, before=before, fields=(replace(broken, default="-"),))
    mended = replace(broken, source="order:note", transforms=("upper",))
    assert is_answered(misses, before=before, fields=(mended,))
