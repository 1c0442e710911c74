"""The whole corpus in a real Tryton: every history is there to the cent, tax by tax, or held for a named reason."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from sync.domain.documents import Document
from sync.domain.money import Both
from sync.domain.proof import Proof
from tests.fixtures.tryton import Erp
from tests.golden import corpus, tryton_books
from tests.golden.tryton_books import Booked, Ledgerkeeper, Look

pytestmark = pytest.mark.slow

FOLDERS = corpus.folders()
# What the plan allows and Tryton does not.
HELD_IN_TRYTON = {"047_fields": "unknown_field"}


class Shelf:
    """Everything that the corpus led to in Tryton."""

    def __init__(self, keepers: dict[str, Ledgerkeeper]) -> None:
        self._played = tryton_books.play_all(FOLDERS, keepers)
        self._booked = {id(keeper): self._books(keeper) for keeper in keepers.values()}

    def _books(self, keeper: Ledgerkeeper) -> dict[int, Booked]:
        written = [
            one
            for by, looks in self._played.values()
            if by is keeper
            for look in looks
            for one in look.written
        ]
        return tryton_books.booked(keeper.erp, sorted(set(tryton_books.invoices_of(written))))

    def of(self, folder: Path) -> tuple[list[Look], dict[int, Booked]]:
        """The looks of a history, and all invoices of the company that has it."""
        keeper, looks = self._played[folder.name]
        return looks, self._booked[id(keeper)]


@pytest.fixture(scope="module")
def tryton_shelf(tryton_companies: dict[str, Erp]) -> Shelf:
    return Shelf({currency: tryton_books.keeper(erp) for currency, erp in tryton_companies.items()})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_history_is_in_tryton_to_the_cent_or_held_for_its_reason(tryton_shelf: Shelf, folder: Path) -> None:
    _, outcomes = corpus.story(folder)
    looks, booked = tryton_shelf.of(folder)
    if reason := HELD_IN_TRYTON.get(folder.name):
        assert {(look.outcome, look.reason) for look in looks} == {("held", reason)}
        return
    assert [look.outcome for look in looks] == outcomes
    text = (folder / "expected.txt").read_text()
    for look in looks:
        assert not look.reason or f" {look.reason}" in text
        _check(look, booked)


def _check(look: Look, booked: dict[int, Booked]) -> None:
    """Tryton's own figures against Shopify's, for one look."""
    if look.plan is None or not look.plan.documents:
        return
    papers = look.plan.documents
    assert [each.is_complete for each in look.written] == [True] * len(papers)
    invoices = [booked[each] for each in tryton_books.invoices_of(look.written)]
    is_shop = papers[0].currency == papers[0].total.shop.currency
    assert {each.currency for each in invoices} <= {papers[0].currency}
    assert {each.state for each in invoices} <= ({"posted", "paid"} if papers[0].is_posted else {"draft"})
    proof = look.plan.proof
    assert sum((each.total for each in invoices), Decimal(0)) == _side(proof.total.shopify, is_shop)
    assert _taxes(invoices) == _wanted(papers, proof, is_shop=is_shop)


def _taxes(invoices: list[Booked]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for invoice in invoices:
        for tax, amount in invoice.taxes.items():
            found[tax] += amount
    return {tax: amount for tax, amount in found.items() if amount}


def _wanted(papers: tuple[Document, ...], proof: Proof, *, is_shop: bool) -> dict[int, Decimal]:
    """Shopify's figure for each tax, by the tax of Tryton that it was mapped to."""
    taxes = {
        f"tax {tax.title} {_percent(tax.rate)}": int(tax.erp_tax)
        for paper in papers
        for line in paper.lines
        for tax in line.taxes
    }
    found: dict[int, Decimal] = defaultdict(Decimal)
    for row in proof.rows:
        if row.component.startswith("tax "):
            found[taxes[row.component]] += _side(row.shopify, is_shop)
    return {tax: amount for tax, amount in found.items() if amount}


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}%"


def _side(both: Both, is_shop: bool) -> Decimal:
    return (both.shop if is_shop else both.presentment).amount
