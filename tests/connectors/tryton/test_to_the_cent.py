"""Invoices in Tryton come to exactly what Shopify charged, and each tax to exactly its part of that.

The orders are random but the same on every machine: many small lines, discounts, shipping, quantities that do not
divide. Tax is what Shopify would have charged, rounded on each line; Tryton alone would round it per document.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from sandbox.erp.tryton.books import tax_name
from sandbox.shopify.seed_data import Product, Variant, of
from sync.connectors.base import Written
from sync.domain.documents import Document, DocumentLine, DocumentTax, LineKind, Restock
from sync.domain.money import Both, Money
from tests.connectors.tryton.papers import CENT, Paper, on_top, share
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow

SEEDS = range(4)


def priced(
    paper: Paper, line: DocumentLine, shown: Decimal, taxes: tuple[tuple[str, str], ...]
) -> DocumentLine:
    """The line with its shown amount made into net and taxes, as the shop charges them."""
    if paper.currency == "EUR":
        charged = [paper.tax(title, rate, share(shown, rate)) for title, rate in taxes]
        net = shown - sum((each.amount.shop.amount for each in charged), Decimal(0))
    else:
        charged = [paper.tax(title, rate, on_top(shown, rate)) for title, rate in taxes]
        net = shown
    money = Money(net, paper.currency)
    return replace(line, net=Both(money, money), taxes=tuple(charged))


def drawn(random: Random, paper: Paper) -> list[DocumentLine]:
    """The lines of an order as a crowded basket has them."""
    seed = of(paper.erp.shop)
    variants = [(p, v) for p in seed.products if p.kind == "goods" for v in p.variants]
    lines = []
    for product, variant in random.sample(variants, 6):
        lines.append(_goods(random, paper, product, variant, seed.taxes[product.tax]))
    shipping = paper.money(LineKind.SHIPPING, "SHIPPING", "0")
    lines.append(priced(paper, shipping, Decimal(random.randint(199, 1999)) / 100, seed.taxes["standard"]))
    discount = paper.money(LineKind.DISCOUNT, "DISCOUNT", "0")
    lines.append(priced(paper, discount, -Decimal(random.randint(1, 99)) / 100, seed.taxes["standard"]))
    return lines


def _goods(
    random: Random, paper: Paper, product: Product, variant: Variant, taxes: tuple[tuple[str, str], ...]
) -> DocumentLine:
    quantity = random.choice([1, 1, 2, 3, 7, 13, 250])
    shown = (Decimal(variant.price) * quantity * (100 - random.randint(0, 40)) / 100).quantize(CENT)
    return priced(paper, paper.goods(variant.sku, quantity, "0"), shown, taxes)


def wanted_by_tax(document: Document) -> dict[int, Decimal]:
    """What was charged, by the ERP's tax."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for line in document.lines:
        for tax in line.taxes:
            found[int(tax.erp_tax)] += tax.amount.shop.amount
    return dict(found)


def reported(erp: Erp, written: Written) -> tuple[dict[int, Decimal], Decimal]:
    """What the posted move reports to the tax office, by tax, and what it asks of the customer."""
    (invoice,) = [each for each in written.related if each.model == "account.invoice"]
    with erp.admin() as rpc:
        (row,) = rpc.read("account.invoice", [int(invoice.erp_id)], "move")
        lines = rpc.find("account.move.line", ("move", "=", row["move"]))
        taxes = rpc.find("account.tax.line", ("move_line", "in", lines), ("type", "=", "tax"))
        found: dict[int, Decimal] = defaultdict(Decimal)
        for tax in rpc.read("account.tax.line", taxes, "tax", "amount"):
            found[tax["tax"]] += tax["amount"]
        receivable = erp.ids["accounts"]["receivable"]
        asked: list[dict[str, Any]] = rpc.read("account.move.line", lines, "account", "debit", "credit")
    owed = sum((row["debit"] - row["credit"] for row in asked if row["account"] == receivable), Decimal(0))
    return dict(found), owed


def check(erp: Erp, document: Document) -> None:
    written = erp.connector().write(document, key="")
    assert written.is_complete
    assert written.total == document.total.shop
    with erp.admin() as rpc:
        (sale,) = rpc.read("sale.sale", [int(written.erp_id)], "total_amount")
    assert sale["total_amount"] == document.total.shop.amount
    taxes, owed = reported(erp, written)
    assert owed == document.total.shop.amount
    assert taxes == wanted_by_tax(document)


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_with_taxes_on_top_agree_to_the_cent(tryton_alpha: Erp, seed: int) -> None:
    paper = Paper(tryton_alpha)
    check(tryton_alpha, paper.sale(drawn(Random(seed), paper)))


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_with_vat_inside_agree_to_the_cent(tryton_beta: Erp, seed: int) -> None:
    paper = Paper(tryton_beta)
    check(tryton_beta, paper.sale(drawn(Random(seed), paper)))


def test_a_credit_of_odd_parts_agrees_to_the_cent(tryton_alpha: Erp) -> None:
    paper = Paper(tryton_alpha)
    lines = drawn(Random(5), paper)
    tryton_alpha.connector().write(paper.sale(lines), key="")
    back = [
        replace(
            line,
            quantity=-line.quantity,
            net=-line.net,
            taxes=tuple(replace(tax, amount=-tax.amount) for tax in line.taxes),
            restock=Restock.NONE,
        )
        for line in lines[:3]
    ]
    check(tryton_alpha, paper.credit(back))


def test_a_buyer_in_yen_is_invoiced_in_whole_yen(tryton_beta: Erp) -> None:
    paper = Paper(tryton_beta, currency="JPY")
    tax = DocumentTax(
        erp_tax=str(tryton_beta.ids["taxes"][tax_name("MwSt", "0.19")]),
        title="MwSt",
        rate=Decimal("0.19"),
        amount=_yen("1205"),
        is_included=True,
    )
    document = paper.sale([replace(paper.goods("BET-KANNE", 3, "6341"), taxes=(tax,), net=_yen("6341"))])
    written = tryton_beta.connector().write(document, key="")
    assert written.is_complete
    assert written.total == Money(Decimal("7546"), "JPY")


@pytest.mark.parametrize("net", ["0.10", "0.08"])
def test_amounts_that_would_keep_tryton_busy_for_ever_are_invoiced_with_their_tax(
    tryton_alpha: Erp, net: str
) -> None:
    paper = Paper(tryton_alpha)
    state, city = ("New York State Tax", "0.04"), ("New York City Tax", "0.04875")
    line = paper.goods("ALP-SPORK", 1, net, paper.tax(*state, "0.01"), paper.tax(*city, "0.01"))
    check(tryton_alpha, paper.sale([line]))


def test_a_tiny_discount_beside_goods_does_not_keep_tryton_busy_for_ever(tryton_alpha: Erp) -> None:
    paper = Paper(tryton_alpha)
    taxes = of(tryton_alpha.shop).taxes["standard"]
    goods = priced(paper, paper.goods("ALP-MUG", 1, "0"), Decimal("33.33"), taxes)
    discount = priced(paper, paper.money(LineKind.DISCOUNT, "DISCOUNT", "0"), Decimal("-0.08"), taxes)
    check(tryton_alpha, paper.sale([goods, discount]))


def _yen(amount: str) -> Both:
    money = Money(Decimal(amount), "JPY")
    return Both(money, money)
