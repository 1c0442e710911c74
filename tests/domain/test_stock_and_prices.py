"""What may be sold, what waits for a person, who owns a value, and what is told of parcels."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.domain import prices, stock
from sync.domain.exported import NOTHING_EXPORTED, PLACED, Exported
from sync.domain.filters import Skip
from sync.domain.history import Fulfilment, Package
from sync.domain.money import Money
from sync.domain.ownership import Change, Group, Owners, Side, Verdict, Written, judge, writable
from sync.domain.prices import Offer, PriceRules
from sync.domain.shipments import exported_name, plan_shipments
from sync.domain.stock import Level, Member, StockRules, Target
from tests.domain.orders import AT, exported, line, order, rules

ONE = Target(inventory_item_gid="I1", location_gid="L1", erp_item="p1", warehouses=("w1", "w2"))


def level(item: str, warehouse: str, on_hand: str, reserved: str = "0") -> Level:
    return Level(erp_item=item, warehouse=warehouse, on_hand=Decimal(on_hand), reserved=Decimal(reserved))


def amount(target: Target, *levels: Level, by: StockRules | None = None) -> int:
    return stock.available(
        target, {(each.erp_item, each.warehouse): each for each in levels}, by or StockRules()
    )


def test_what_may_be_sold_is_on_hand_minus_reserved_minus_safety_over_all_warehouses() -> None:
    levels = (level("p1", "w1", "10", "3"), level("p1", "w2", "5.9"), level("p1", "w3", "100"))
    assert amount(ONE, *levels) == 12
    assert amount(ONE, *levels, by=StockRules(safety={"p1": 2}, location_safety={"L1": 1})) == 9


def test_it_is_never_below_zero_unless_allowed() -> None:
    assert amount(ONE, level("p1", "w1", "2", "5")) == 0
    assert amount(ONE, level("p1", "w1", "2", "5"), by=StockRules(allow_negative=True)) == -3
    assert amount(ONE) == 0


def test_a_kit_is_worth_its_scarcest_member() -> None:
    kit = replace(ONE, members=(Member(erp_item="a", quantity=Decimal(2)), Member(erp_item="b")))
    assert amount(kit, level("a", "w1", "7"), level("b", "w1", "9")) == 3


@settings(database=None)
@given(st.decimals(-1000, 1000, places=3), st.decimals(0, 500, places=3), st.integers(0, 20))
def test_no_stock_ever_oversells(on_hand: Decimal, reserved: Decimal, safety: int) -> None:
    found = amount(ONE, level("p1", "w1", str(on_hand), str(reserved)), by=StockRules(safety={"p1": safety}))
    assert 0 <= found <= max(on_hand - reserved - safety, Decimal(0))


def eur(price: str, struck: str | None = None) -> Offer:
    return Offer(
        price=Money(Decimal(price), "EUR"),
        compare_at=None if struck is None else Money(Decimal(struck), "EUR"),
    )


def test_a_price_that_falls_too_far_waits_for_a_person() -> None:
    wanted = [("v1", eur("49.99")), ("v2", eur("51.00")), ("v3", eur("10.00")), ("v5", eur("100.00"))]
    present = dict.fromkeys(("v1", "v2", "v5"), eur("100.00"))
    found = {each.variant_gid: each for each in prices.changed(wanted, PriceRules(), present=present)}
    assert "falls by 50 %" in found["v1"].hold
    assert found["v2"].hold == found["v3"].hold == ""
    assert "v5" not in found


@pytest.mark.parametrize(
    ("present", "wanted", "is_changed"),
    [
        (eur("9.00"), eur("9.00", "12.00"), True),
        (eur("9.00", "12.00"), eur("9.00", "12.00"), False),
        (eur("9.00", "12.00"), eur("9.00"), False),
        (eur("9.00", "12.00"), eur("9.00", "0"), True),
        (eur("9.00"), eur("9.00", "0"), False),
        (eur("9.00"), replace(eur("9.00"), quantities=(6, 6, None)), True),
        (replace(eur("9.00"), quantities=(6, 6, None)), replace(eur("9.00"), quantities=(1, 1, None)), True),
        (eur("9.00"), replace(eur("9.00"), quantities=(1, 1, None)), False),
    ],
    ids=str,
)
def test_whatever_is_said_of_an_offer_counts_and_nothing_else(
    present: Offer, wanted: Offer, *, is_changed: bool
) -> None:
    found = prices.changed([("v1", wanted)], PriceRules(), present={"v1": present})
    assert bool(found) is is_changed


def test_a_price_is_rounded_to_what_its_currency_can_pay() -> None:
    wanted = Offer(price=Money(Decimal("1234.5"), "JPY"))
    (value,) = prices.changed([("v1", wanted)], PriceRules(), present={})
    assert value.offer.price == Money(Decimal(1235), "JPY")


def test_a_price_may_not_change_its_currency_or_rise_without_bounds_where_that_is_set() -> None:
    by = PriceRules(rise_limit=Decimal(1))
    values = prices.changed(
        [("v1", eur("1.00")), ("v2", eur("3.00"))],
        by,
        present={"v1": Offer(price=Money(Decimal(1), "USD")), "v2": eur("1.00")},
    )
    assert all(each.hold for each in values)


def change(source: Side = Side.ERP, fingerprint: str = "new", group: Group = Group.STOCK) -> Change:
    return Change(group=group, source=source, fingerprint=fingerprint, changed_at=AT)


def test_a_side_that_does_not_own_a_group_never_writes_it() -> None:
    assert judge(change(Side.SHOPIFY), Owners()) is Verdict.NOT_OWNER
    assert judge(change(Side.SHOPIFY), Owners(chosen={Group.STOCK: Side.SHOPIFY})) is Verdict.CARRY


def test_our_own_write_coming_back_is_an_echo() -> None:
    ours = [Written(target=Side.ERP, fingerprint="new", written_at=AT)]
    assert judge(change(), Owners(), written=ours) is Verdict.ECHO


def test_what_the_other_side_has_is_not_sent_again_and_a_person_s_value_sticks() -> None:
    assert judge(change(), Owners(), known="new") is Verdict.SAME
    assert judge(change(), Owners(), is_sticky=True) is Verdict.STICKY


def test_the_same_value_sent_over_and_over_is_a_loop() -> None:
    sent = [
        Written(target=Side.SHOPIFY, fingerprint="new", written_at=AT - timedelta(minutes=n))
        for n in (1, 2, 3)
    ]
    assert judge(change(), Owners(), written=sent) is Verdict.LOOP
    old = [replace(each, written_at=AT - timedelta(hours=1)) for each in sent]
    assert judge(change(), Owners(), written=old) is Verdict.CARRY


def test_of_mixed_fields_only_the_owned_ones_are_written() -> None:
    values = {"email": "a@b.c", "payment_term": "30", "note": "x"}
    assert writable(values, Owners(), source=Side.SHOPIFY) == {"email": "a@b.c", "note": "x"}
    assert writable(values, Owners(), source=Side.ERP) == {"payment_term": "30"}
    assert writable(values, Owners(), source=Side.SHOPIFY, sticky=["email"]) == {"note": "x"}


def parcel(number: int, status: str = "success", **more: int) -> Fulfilment:
    lines = tuple((f"gid://shopify/LineItem/{key.removeprefix('n')}", count) for key, count in more.items())
    return Fulfilment(
        gid=f"gid://shopify/Fulfillment/{number}",
        status=status,
        created_at=AT,
        updated_at=AT,
        lines=lines,
        packages=(Package(number="1Z"),),
    )


SOLD = exported("30.00", PLACED)


def test_each_parcel_is_one_shipment_and_never_told_twice() -> None:
    record = order(line(1), line(2), total="30.00", fulfilments=(parcel(1, n1=1), parcel(2, n1=1, n2=3)))
    first = plan_shipments(record, rules(default_warehouse="W"), already=SOLD)
    assert not isinstance(first, Skip)
    assert [(each.reference, each.warehouse, dict(each.lines)) for each in first] == [
        ("1001/F1", "W", {"item-1": Decimal(1)}),
        ("1001/F2", "W", {"item-1": Decimal(1), "item-2": Decimal(3)}),
    ]
    told = replace(SOLD, shipments=frozenset(exported_name(each) for each in first))
    assert isinstance(plan_shipments(record, rules(), already=told), Skip)


def test_a_parcel_called_off_is_told_once_when_the_erp_knew_it() -> None:
    record = order(line(1), total="30.00", fulfilments=(parcel(1, "cancelled", n1=1),))
    assert isinstance(plan_shipments(record, rules(), already=SOLD), Skip)
    known = replace(SOLD, shipments=frozenset({"1001/F1"}))
    off = plan_shipments(record, rules(), already=known)
    assert not isinstance(off, Skip)
    assert [each.is_cancelled for each in off] == [True]
    told = replace(known, shipments=known.shipments | {exported_name(off[0])})
    assert isinstance(plan_shipments(record, rules(), already=told), Skip)


def test_a_parcel_waits_for_its_order() -> None:
    record = order(line(1), total="30.00", fulfilments=(parcel(1, n1=1),))
    skip = plan_shipments(record, rules(), already=NOTHING_EXPORTED)
    assert isinstance(skip, Skip)
    assert skip.is_waiting
    assert Exported() == NOTHING_EXPORTED
