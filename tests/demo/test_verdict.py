"""Both worlds agree only if every order has its sale, every sale its order, and all cents are the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.demo import agree
from sandbox.demo.agree import Row, Verdict
from sandbox.demo.day import Placed
from sandbox.demo.ledger import Sale

SHOP = "alpha.myshopify.com"
TEN = Decimal("10.00")
SALE = Sale(
    reference="6001",
    number="7",
    party="Nora Fields",
    total=TEN,
    invoiced=TEN,
    currency="USD",
    state="processing",
    is_posted=True,
)
ROW = Row(
    order=Placed(SHOP, "gid://shopify/Order/6001", "#1001", "one line"),
    total=TEN,
    currency="USD",
    sales=(SALE,),
    job_state="done",
    reason="",
    seconds=1.0,
)


def test_one_sale_of_the_same_cents_agrees_with_or_without_an_invoice() -> None:
    assert ROW.agrees
    assert replace(ROW, sales=(replace(SALE, invoiced=None, is_posted=False),)).agrees


@pytest.mark.parametrize(
    "sales",
    [
        (),
        (SALE, SALE),
        (replace(SALE, total=Decimal("9.99")),),
        (replace(SALE, invoiced=Decimal("9.99")),),
        (replace(SALE, invoiced=Decimal(0), is_posted=False),),
        (replace(SALE, currency="CAD"),),
    ],
    ids=["none", "two", "another sale", "another invoice", "an empty invoice", "another currency"],
)
def test_anything_else_does_not(sales: tuple[Sale, ...]) -> None:
    verdict = Verdict((replace(ROW, sales=sales),), ())
    assert not verdict.agrees
    assert "≠" in agree.table(verdict)


def test_a_sale_that_no_order_explains_is_named_and_spoils_the_verdict() -> None:
    mine, credit = SALE, replace(SALE, reference="6001/R1")
    strange, nameless = replace(SALE, reference="6999", number="8"), replace(SALE, reference="", number="9")
    found = agree.by_reference([mine, credit, strange, nameless])
    strays = tuple(agree.strays(SHOP, ["gid://shopify/Order/6001"], found))
    assert [(shop, sale.number) for shop, sale in strays] == [(SHOP, "8"), (SHOP, "9")]
    verdict = Verdict((ROW,), strays)
    assert not verdict.agrees
    assert "sale 8 over 10.00 USD (6999) belongs to no order" in agree.table(verdict)
    assert Verdict((ROW,), ()).agrees
