"""What a plan promises beyond the approved corpus: residuals, waiting, references, ledgers that do not fit."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from kit.faults import Misconfigured, Rejected
from sync.domain.documents import DocumentKind, LineKind, Restock
from sync.domain.exported import NOTHING_EXPORTED, PLACED, Exported
from sync.domain.filters import Skip
from sync.domain.history import Agreement, AgreementKind, Refund, RefundLine, Return, Transaction
from sync.domain.lines import split
from sync.domain.plan import LEDGER_NEEDED, Plan, needs_ledger, plan_order
from sync.domain.records import Discount, DiscountAllocation, Order
from sync.domain.rules import (
    ClosedPeriod,
    DiscountStyle,
    FieldRule,
    ProductRules,
    Residual,
    ResidualPolicy,
    Rules,
    Service,
    TaxRule,
    Unmapped,
)
from tests.domain.orders import AT, entry, eur, exported, line, order, rules, sale, shipping, vat

POST = Residual(policy=ResidualPolicy.POST, limit=Decimal("0.05"))


def planned(
    record: Order,
    *,
    by: Rules | None = None,
    ledger: tuple[Agreement, ...] | None = None,
    already: Exported = NOTHING_EXPORTED,
) -> Plan:
    plan = plan_order(record, by or rules(), agreements=ledger, already=already)
    assert isinstance(plan, Plan), plan
    assert plan.proof.is_proven
    return plan


def test_net_is_what_was_charged_minus_the_copied_tax() -> None:
    bought = line(1, "11.99", 3, taxes=(vat("5.74"),))
    plan = planned(order(bought, total="35.97", taxes_included=True))
    (made,) = plan.documents[0].lines
    assert (made.net, made.tax, made.gross) == (eur("30.23"), eur("5.74"), eur("35.97"))


def test_money_that_no_line_explains_is_held() -> None:
    with pytest.raises(Misconfigured) as caught:
        plan_order(order(line(1, "10.00"), total="9.98"), rules())
    assert (caught.value.code, caught.value.misses) == ("residual", "mapping:residual")
    assert "-0.02 EUR" in caught.value.sentence


def test_a_small_residual_is_posted_as_a_named_line_where_policy_says_so() -> None:
    plan = planned(order(line(1, "10.00"), total="9.98"), by=rules(residual=POST))
    assert [each.kind for each in plan.documents[0].lines] == [LineKind.GOODS, LineKind.RESIDUAL]
    assert plan.proof.residual == eur("-0.02")
    assert plan.exports[0].residual == eur("-0.02")


def test_a_residual_above_the_limit_is_held_even_where_policy_posts() -> None:
    with pytest.raises(Misconfigured):
        plan_order(order(line(1, "10.00"), total="9.94"), rules(residual=POST))


def test_a_changed_order_needs_its_ledger() -> None:
    changed = order(line(1, "10.00", 2, current_quantity=1), total="20.00", current_total="10.00")
    plan = plan_order(changed, rules())
    assert isinstance(plan, Skip)
    assert (plan.code, plan.is_waiting) == (LEDGER_NEEDED, True)
    assert needs_ledger(changed)
    assert not needs_ledger(order(line(), total="10.00"))


def test_a_rule_on_a_metafield_needs_more_than_a_body() -> None:
    told = order(line(), total="10.00", unknown=frozenset({"metafields"}))
    by = rules(fields=(FieldRule(source="metafield:custom.po", target="po"),))
    assert needs_ledger(told, NOTHING_EXPORTED, by)
    assert isinstance(plan_order(told, by), Skip)


def test_a_product_that_a_body_cannot_name_is_looked_up_with_the_whole_order() -> None:
    told = order(line(9), total="10.00", unknown=frozenset({"barcodes"}))
    plan = plan_order(told, rules())
    assert isinstance(plan, Skip)
    assert plan.code == LEDGER_NEEDED
    with pytest.raises(Misconfigured):
        plan_order(
            replace(told, unknown=frozenset()), rules(), agreements=(entry(1, sale("10.00", number=9)),)
        )


def test_a_first_export_from_the_body_covers_the_ledger_s_first_entry() -> None:
    record = order(line(), total="10.00")
    told = planned(record)
    already = NOTHING_EXPORTED.with_plan(told.exports)
    plan = plan_order(record, rules(), agreements=(entry(1, sale("10.00")),), already=already)
    assert isinstance(plan, Skip)
    assert plan.code == "nothing_new"


def test_a_first_export_from_a_body_that_held_an_edit_covers_that_edit_too() -> None:
    record = order(line(1), line(2, "5.00"), total="15.00")
    ledger = (entry(1, sale("10.00")), entry(2, sale("5.00", number=2), kind=AgreementKind.EDIT))
    plan = plan_order(record, rules(), agreements=ledger, already=exported("15.00", PLACED))
    assert isinstance(plan, Skip)


def test_a_first_export_that_the_ledger_never_knew_is_refused() -> None:
    record = order(line(), total="10.00")
    with pytest.raises(Rejected) as caught:
        plan_order(record, rules(), agreements=(entry(1, sale("10.00")),), already=exported("9.00", PLACED))
    assert caught.value.code == "ledger_mismatch"


def test_a_credit_follows_the_refund_that_made_it() -> None:
    refund = Refund(
        gid="gid://shopify/Refund/77",
        processed_at=AT,
        note="broken",
        lines=(
            RefundLine(
                line_gid=line().gid,
                quantity=1,
                restock="return",
                subtotal=eur("10"),
                tax=eur("0"),
                location_gid="L",
            ),
        ),
    )
    record = order(
        line(quantity=2, current_quantity=1), total="20.00", current_total="10.00", refunds=(refund,)
    )
    ledger = (
        entry(1, sale("20.00", quantity=2)),
        entry(2, sale("-10.00", quantity=-1), kind=AgreementKind.REFUND, refund_gid=refund.gid),
    )
    plan = planned(record, ledger=ledger, by=rules(warehouses={"L": ("WH-L",)}))
    credit = plan.documents[1]
    assert (credit.kind, credit.reference, credit.number, credit.note) == (
        DocumentKind.CREDIT,
        "1001/R77",
        "#1001-R1",
        "broken",
    )
    assert (credit.lines[0].restock, credit.lines[0].erp_warehouse) == (Restock.RETURN, "WH-L")
    assert credit.lines[0].quantity == -1


def test_a_pending_refund_waits_and_does_not_stop_the_rest() -> None:
    pending = Transaction(gid="t", kind="refund", status="pending", gateway="x", amount=eur("5"))
    refund = Refund(gid="gid://shopify/Refund/77", processed_at=AT, transactions=(pending,))
    record = order(line(quantity=3), total="30.00", current_total="21.00", refunds=(refund,))
    ledger = (
        entry(1, sale("30.00", quantity=3)),
        entry(
            2, sale("-5.00", of="adjustment", quantity=0), kind=AgreementKind.REFUND, refund_gid=refund.gid
        ),
        entry(3, sale("-4.00", of="adjustment", quantity=0, number=3), kind=AgreementKind.REFUND),
    )
    plan = planned(record, ledger=ledger, already=exported("30.00", PLACED))
    assert [document.total for document in plan.documents] == [eur("-4.00")]
    assert [skip.code for skip in plan.waiting] == ["refund_pending"]


def test_an_exchange_is_a_credit_and_a_charge() -> None:
    record = order(line(1, current_quantity=0), line(2, "12.00"), total="22.00", current_total="12.00")
    swap = entry(
        2,
        sale("-10.00", quantity=-1),
        sale("12.00", number=2),
        sale("-1.00", of="adjustment", quantity=0),
        kind=AgreementKind.RETURN,
    )
    ledger = (entry(1, sale("10.00")), swap)
    record = replace(record, totals=replace(record.totals, current_total=eur("11.00")))
    plan = planned(record, ledger=ledger)
    assert [(each.kind, each.reference, each.total) for each in plan.documents[1:]] == [
        (DocumentKind.CREDIT, "1001/T2", eur("-11.00")),
        (DocumentKind.CHARGE, "1001/T2C", eur("12.00")),
    ]
    assert plan.documents[1].lines[0].restock is Restock.RETURN
    assert plan.documents[2].lines[0].restock is Restock.NONE


def test_a_refund_says_whether_the_goods_of_its_return_come_back() -> None:
    kept = RefundLine(line_gid=line().gid, quantity=1, restock="no_restock", subtotal=eur("10"), tax=eur("0"))
    refund = Refund(
        gid="gid://shopify/Refund/77", processed_at=AT, lines=(kept,), return_gid="gid://shopify/Return/5"
    )
    record = order(
        line(quantity=1, current_quantity=0),
        total="10.00",
        current_total="0.00",
        refunds=(refund,),
        returns=(Return(gid="gid://shopify/Return/5", name="#1001-R1", status="closed"),),
    )
    back = entry(
        2, sale("-10.00", quantity=-1), kind=AgreementKind.RETURN, return_gid="gid://shopify/Return/5"
    )
    plan = planned(record, ledger=(entry(1, sale("10.00")), back))
    assert plan.documents[1].lines[0].restock is Restock.NONE


def test_fees_that_outweigh_what_came_back_are_charged() -> None:
    record = order(line(current_quantity=0), total="10.00", current_total="15.00")
    back = entry(
        2, sale("-10.00", quantity=-1), sale("15.00", of="fee", quantity=0), kind=AgreementKind.RETURN
    )
    plan = planned(record, ledger=(entry(1, sale("10.00")), back))
    assert [document.total for document in plan.documents] == [eur("10.00"), eur("-10.00"), eur("15.00")]


def test_cash_rounding_that_comes_later_gets_a_document_of_its_own_once() -> None:
    record = order(line(1, "10.02"), total="10.02")
    first = planned(record)
    already = NOTHING_EXPORTED.with_plan(first.exports)
    paid = replace(record, totals=replace(record.totals, rounding_paid=eur("-0.02")))
    ledger = (entry(1, sale("10.02")),)
    plan = planned(paid, ledger=ledger, already=already)
    assert [(each.kind, each.reference, each.total) for each in plan.documents] == [
        (DocumentKind.CREDIT, "1001/X1", eur("-0.02"))
    ]
    again = plan_order(paid, rules(), agreements=ledger, already=already.with_plan(plan.exports))
    assert isinstance(again, Skip)


def test_a_discount_line_shares_the_copied_tax_exactly() -> None:
    parts = split(eur("0.10"), [eur("30.00"), eur("-10.00"), eur("-10.01")])
    total = parts[0] + parts[1] + parts[2]
    assert total == eur("0.10")
    assert split(eur("0"), [eur("5.00"), eur("-5.00")]) == [eur("0"), eur("0")]


def test_a_discount_keeps_its_title() -> None:
    cut = (
        DiscountAllocation(discount_index=0, amount=eur("2.00")),
        DiscountAllocation(discount_index=1, amount=eur("1.00")),
    )
    record = order(
        line(discounts=cut),
        total="7.00",
        discounts=(Discount(index=0, kind="code", title="TEN"), Discount(index=1, kind="manual", title="")),
    )
    plan = planned(record, by=rules(discount_style=DiscountStyle.LINES))
    assert [(each.kind.value, each.description, each.net) for each in plan.documents[0].lines] == [
        ("goods", "Thing 1", eur("10.00")),
        ("discount", "TEN", eur("-2.00")),
        ("discount", "manual", eur("-1.00")),
    ]


def test_a_document_is_dated_by_the_shop_s_midnight() -> None:
    late = order(line(), total="10.00", shipping_lines=())
    late = replace(late, processed_at=AT.replace(hour=23, minute=30))
    assert planned(late).documents[0].dated_on.day == 2
    assert planned(late, by=rules(timezone="Europe/Berlin")).documents[0].dated_on.day == 3


def test_the_same_record_gives_the_same_plan() -> None:
    record = order(line(), total="15.00", shipping_lines=(shipping(),), shipping_total=eur("5.00"))
    assert planned(record) == planned(record)


def test_what_is_taken_back_keeps_the_item_the_account_and_the_taxes_of_the_sale() -> None:
    sold = order(line(), shipping_lines=(shipping(),), total="16.90")
    start = entry(
        1,
        sale("11.90", tax=eur("1.90"), taxes=(vat("1.90"),)),
        sale("5.00", of="shipping"),
    )
    back = entry(
        2,
        sale("-11.90", quantity=-1, tax=eur("-1.90"), taxes=(vat("-1.90"),)),
        sale("-5.00", of="shipping", quantity=-1),
        kind=AgreementKind.REFUND,
    )
    before = rules(
        services={LineKind.SHIPPING: Service(item="old-shipping", account="old-account")},
    )
    after = rules(
        products=ProductRules(codes={"SKU-1": "NEW-item"}),
        taxes=(TaxRule(erp_tax="NEW-tax", rate=Decimal("0.19")),),
        services={LineKind.SHIPPING: Service(item="NEW-shipping")},
    )
    first = planned(sold, by=before, ledger=(start,))
    facts = [json.loads(json.dumps(each.facts())) for each in first.exports]
    refunded = replace(sold, totals=replace(sold.totals, current_total=eur("0")))
    later = planned(refunded, by=after, ledger=(start, back), already=Exported.of_facts(facts))
    (credit,) = later.documents
    goods, freight = credit.lines
    assert (goods.erp_item, [each.erp_tax for each in goods.taxes]) == ("item-1", ["t19"])
    assert (freight.erp_item, freight.erp_account) == ("old-shipping", "old-account")
    assert "as first exported" in {each.because for each in later.decisions}


def test_a_credit_of_a_placeholder_stays_a_draft_like_its_sale() -> None:
    placeholder = rules(products=ProductRules(unmapped=Unmapped.PLACEHOLDER, stand_in="look-at-me"))
    start = entry(1, sale("10.00"))
    back = entry(2, sale("-10.00", quantity=-1), kind=AgreementKind.REFUND)
    first = planned(order(total="10.00"), by=placeholder, ledger=(start,))
    refunded = order(total="10.00", current_total="0")
    later = planned(refunded, by=placeholder, ledger=(start, back), already=Exported(documents=first.exports))
    assert [each.is_posted for each in (*first.documents, *later.documents)] == [False, False]


def test_a_refund_is_proven_with_the_sale_before_it_against_what_is_left() -> None:
    start = entry(1, sale("20.00", quantity=2), sale("5.00", of="shipping"))
    back = entry(2, sale("-10.00", quantity=-1), kind=AgreementKind.REFUND)
    first = planned(order(line(quantity=2), shipping_lines=(shipping(),), total="25.00"), ledger=(start,))
    facts = [json.loads(json.dumps(each.facts())) for each in first.exports]
    left = order(line(quantity=2, current_quantity=1), total="25.00", current_total="15.00")
    later = planned(left, ledger=(start, back), already=Exported.of_facts(facts))
    assert later.proof.total.shopify == eur("-10.00")
    assert {row.component: (row.shopify, row.documents) for row in later.whole.rows} == {
        "goods": (eur("10.00"), eur("10.00")),
        "shipping": (eur("5.00"), eur("5.00")),
    }
    assert later.whole.total.shopify == later.whole.total.documents == eur("15.00")


def test_a_document_that_went_missing_shows_in_the_proof_of_the_whole_order() -> None:
    start = entry(1, sale("20.00", quantity=2))
    lost = entry(2, sale("-4.00", quantity=-1), kind=AgreementKind.REFUND)
    back = entry(3, sale("-10.00", quantity=-1), kind=AgreementKind.REFUND)
    first = planned(order(line(quantity=2), total="20.00"), ledger=(start,))
    claimed = replace(first.exports[0], covers=(*first.exports[0].covers, lost.gid))
    left = order(line(quantity=2, current_quantity=0), total="20.00", current_total="6.00")
    later = planned(left, ledger=(start, lost, back), already=Exported(documents=(claimed,)))
    assert later.whole.unexplained


def test_whether_a_closed_period_holds_is_told_to_the_connector() -> None:
    for policy, may in ((ClosedPeriod.NEXT_OPEN, True), (ClosedPeriod.HOLD, False)):
        (document,) = planned(order(total="10.00"), by=rules(closed_period=policy)).documents
        assert document.may_post_later is may


def test_cash_is_booked_as_it_was_rounded() -> None:
    cash = Transaction(
        gid="t", kind="sale", status="success", gateway="cash", amount=eur("10.02"), rounding=eur("-0.02")
    )
    record = order(total="10.02", transactions=(cash,), rounding_paid_total=eur("-0.02"))
    ledger = (entry(1, sale("10.02")),)
    (payment,) = planned(record, ledger=ledger, by=rules(default_payment_method="till")).payments
    assert payment.amount == eur("10.00")
