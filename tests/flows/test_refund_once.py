"""A refund is made once: whatever dies, whatever answer is lost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.flows import dying
from tests.flows.refunding import ENDLESS, MUG, mugs, open_refunds
from tests.flows.town import Town


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose road of refunds is open."""
    return open_refunds(town)


def credited(town: Town, turn: int) -> Paid:
    """The ERP credits one mug of a new order."""
    order = town.order((MUG, 2))
    before = len(town.books.documents)
    town.credit(f"C{turn}", order, "33.33", lines=mugs(town, 1, "33.33"))
    return Paid(town, order["id"], before)


@dataclass(frozen=True)
class Paid:
    """A credit that is to be paid back exactly once."""

    town: Town
    order: str
    documents: int

    def check(self, what: str) -> None:
        """One refund at Shopify, nothing told back to the ERP, nothing begun and left."""
        refunds = self.town.shopify_order(self.order)["refunds"]
        assert [Decimal(each["totalRefundedSet"]["shopMoney"]["amount"]) for each in refunds] == [
            Decimal("33.33")
        ], what
        assert len(self.town.books.documents) == self.documents, f"told back to the ERP: {what}"
        dying.nothing_open(self.town, what)


@pytest.mark.slow
def test_a_process_that_dies_at_any_moment_pays_once(open_town: Town) -> None:
    open_town.set(refunds=ENDLESS)
    moments = dying.at_every_moment(open_town, lambda turn: credited(open_town, turn))
    assert moments > 20


@pytest.mark.slow
@pytest.mark.parametrize("way", ["shopify", "erp"])
def test_losing_any_single_answer_pays_once(open_town: Town, way: str) -> None:
    open_town.set(refunds=ENDLESS)
    calls = dying.losing_every_answer(open_town, way, lambda turn: credited(open_town, turn))
    assert calls > (5 if way == "shopify" else 0)
