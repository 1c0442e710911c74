"""Whatever call of a write is lost, on its way there or its answer on the way back, writing again makes it right.

The network is real; a transport in front of it loses one call of each try, the first, then the second, and so on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from decimal import Decimal

import httpx2
import pytest

from kit.faults import OutcomeUnknown, Transient
from sync.connectors.base import Connector, Written
from sync.domain.documents import Document, LineKind, Restock
from tests.connectors.tryton.papers import Paper
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow


class Losing(httpx2.BaseTransport):
    """Loses the n-th call that is not a read: before it gets there, or its answer."""

    def __init__(self, inner: httpx2.BaseTransport, *, number: int, loses_answer: bool) -> None:
        self._inner = inner
        self._left = number
        self._loses_answer = loses_answer
        self.has_lost = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return self._inner.handle_request(request)
        self._left -= 1
        if self._left != 0:
            return self._inner.handle_request(request)
        self.has_lost = True
        if not self._loses_answer:
            raise httpx2.ConnectError("lost on the way there", request=request)
        self._inner.handle_request(request).read()
        raise httpx2.ReadTimeout("lost on the way back", request=request)


@pytest.fixture
def wire() -> Iterator[httpx2.BaseTransport]:
    """The network below the losses."""
    with httpx2.HTTPTransport() as transport:
        yield transport


def exhaust(
    erp: Erp, wire: httpx2.BaseTransport, paper: Callable[[], Document], *, loses_answer: bool
) -> Iterator[tuple[Document, Written]]:
    """Writes a new document with each of its calls lost in turn, then once more whole."""
    number = 1
    while True:
        document = paper()
        losing = Losing(wire, number=number, loses_answer=loses_answer)
        # Calls that may be repeated are a moment even when their answer is lost.
        with contextlib.suppress(Transient, *([OutcomeUnknown] if loses_answer else [])):
            erp.connector(losing).write(document, key="")
        if not losing.has_lost:
            return
        yield document, erp.connector().write(document, key="")
        number += 1


def basket(erp: Erp) -> Document:
    """Goods, shipping and a gift card, with taxes that Tryton rounds differently."""
    paper = Paper(erp)
    return paper.sale(
        [
            paper.goods("BET-KAESE-250", 3, "20.88", paper.tax("MwSt", "0.07", "1.47")),
            paper.goods("BET-BRETT", 1, "29.37", paper.tax("MwSt", "0.19", "5.57")),
            paper.money(LineKind.GIFT_CARD, "GIFT-CARD", "25.00", account="gift_cards"),
        ]
    )


def counts(erp: Erp, document: Document) -> tuple[int, int, int]:
    """How many sales, invoices and parties there are for a document."""
    with erp.admin() as rpc:
        return (
            len(rpc.find("sale.sale", ("web_id", "=", document.reference))),
            len(rpc.find("account.invoice", ("reference", "=", document.number))),
            len(rpc.find("party.party", ("code", "=", document.customer.code))),
        )


@pytest.mark.parametrize("loses_answer", [True, False], ids=["answer lost", "never arrived"])
def test_an_order_survives_the_loss_of_any_call(
    tryton_beta: Erp, wire: httpx2.BaseTransport, loses_answer: bool
) -> None:
    tries = 0
    for document, written in exhaust(
        tryton_beta, wire, lambda: basket(tryton_beta), loses_answer=loses_answer
    ):
        tries += 1
        assert written.is_complete
        assert written.total == document.total.shop
        assert counts(tryton_beta, document) == (1, 1, 1)
    assert tries >= 6


def test_a_cancellation_survives_the_loss_of_any_answer(tryton_beta: Erp, wire: httpx2.BaseTransport) -> None:
    connector = tryton_beta.connector()

    def credit() -> Document:
        paper = Paper(tryton_beta)
        five = paper.goods("BET-LICHT", 5, "3.30", paper.tax("MwSt", "0.19", "0.65"))
        connector.write(paper.sale([five]), key="")
        two = paper.goods(
            "BET-LICHT", -2, "-1.32", paper.tax("MwSt", "0.19", "-0.26"), restock=Restock.CANCEL
        )
        return paper.credit([two])

    for document, written in exhaust(tryton_beta, wire, credit, loses_answer=True):
        assert written.is_complete
        assert open_of(connector, tryton_beta, document) == 3


def open_of(connector: Connector, erp: Erp, document: Document) -> Decimal:
    """What is still to be shipped of the order that a credit belongs to."""
    with erp.admin() as rpc:
        (sale,) = rpc.find("sale.sale", ("web_id", "=", document.origin))
        moves = rpc.find(
            "stock.move", ("origin.sale", "=", sale, "sale.line"), ("state", "in", ["draft", "assigned"])
        )
        return sum(
            (Decimal(row["quantity"]) for row in rpc.read("stock.move", moves, "quantity")), Decimal(0)
        )
