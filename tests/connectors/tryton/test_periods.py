"""A day that takes no posting any more, because its period is closed or a later day has numbers: posted on the next
open day with its own day told, or held, by policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kit.faults import Misconfigured
from sync.connectors.base import Written
from tests.connectors.tryton.papers import Paper, pan
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow


@pytest.fixture
def closed(tryton_beta: Erp) -> Iterator[date]:
    """The first day of last year, whose month is closed during the test."""
    day = date(date.today().year - 1, 1, 1)  # noqa: DTZ011 - the day of the company's books
    with tryton_beta.admin() as rpc:
        (period,) = rpc.find("account.period", ("start_date", "=", day), ("type", "=", "standard"))
        rpc.press("account.period", "close", period)
        yield day
        rpc.press("account.period", "reopen", period)


def invoice_of(erp: Erp, written: Written) -> dict[str, Any]:
    (invoice,) = [int(each.erp_id) for each in written.related if each.model == "account.invoice"]
    with erp.admin() as rpc:
        (row,) = rpc.read("account.invoice", [invoice], "invoice_date", "description", "state", "move")
        (move,) = rpc.read("account.move", [row["move"]], "date", "period.state")
    return row | {"move": move}


def next_open(day: date) -> date:
    """The first day of the month after."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def test_a_refund_of_a_closed_month_is_posted_in_the_next_open_one_and_names_its_day(
    tryton_beta: Erp, closed: date
) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)], dated_on=next_open(closed)), key="")
    credit = paper.credit([pan(paper, -1)], dated_on=closed)
    written = connector.write(credit, key="")
    assert written.is_complete
    invoice = invoice_of(tryton_beta, written)
    assert (invoice["invoice_date"], invoice["move"]["date"]) == (next_open(closed), next_open(closed))
    assert str(closed) in invoice["description"]
    assert connector.write(credit, key="") == written


def test_a_payment_of_a_closed_month_is_booked_in_the_next_open_one(tryton_beta: Erp, closed: date) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 1)], dated_on=closed), key="")
    paid = paper.payment("gid://shopify/OrderTransaction/1", "79.99", paid_on=closed)
    move = int(connector.pay(paid, key="").erp_id)
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("account.move", [move], "date", "lines")
        lines = rpc.read("account.move.line", row["lines"], "description")
    assert row["date"] == next_open(closed)
    assert all(str(closed) in line["description"] for line in lines)


def test_where_policy_says_hold_nothing_is_posted_until_the_period_is_open(
    tryton_beta: Erp, closed: date
) -> None:
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    sale = paper.sale([pan(paper, 1)], dated_on=closed, may_post_later=False)
    with pytest.raises(Misconfigured) as held:
        connector.write(sale, key="")
    assert (held.value.code, held.value.misses) == ("period_closed", "mapping:closed_period")
    written = connector.write(replace(sale, may_post_later=True), key="")
    assert written.is_complete
    paid = paper.payment("gid://shopify/OrderTransaction/1", "79.99", paid_on=closed, may_post_later=False)
    with pytest.raises(Misconfigured):
        connector.pay(paid, key="")


def test_an_order_that_comes_after_a_newer_one_was_numbered_takes_its_day(tryton_beta: Erp) -> None:
    year = date.today().year + 1  # noqa: DTZ011 - a year that no other test posts in
    early, late = date(year, 12, 30), date(year, 12, 31)
    connector = tryton_beta.connector()
    newer, older = Paper(tryton_beta), Paper(tryton_beta)
    connector.write(newer.sale([pan(newer, 1)], dated_on=late), key="")
    with pytest.raises(Misconfigured) as waits:
        connector.write(older.sale([pan(older, 1)], dated_on=early, may_post_later=False), key="")
    assert waits.value.misses == "mapping:closed_period"
    written = connector.write(older.sale([pan(older, 1)], dated_on=early), key="")
    assert written.is_complete
    invoice = invoice_of(tryton_beta, written)
    assert invoice["invoice_date"] == late
    assert str(early) in invoice["description"]


def test_credits_are_numbered_by_themselves(tryton_beta: Erp) -> None:
    year = date.today().year + 1  # noqa: DTZ011 - a year that no other test posts in
    paper, connector = Paper(tryton_beta), tryton_beta.connector()
    connector.write(paper.sale([pan(paper, 2)], dated_on=date(year, 5, 2)), key="")
    written = connector.write(paper.credit([pan(paper, -1)], dated_on=date(year, 5, 1)), key="")
    assert invoice_of(tryton_beta, written)["invoice_date"] == date(year, 5, 1)
