"""Lists of records: where each stands, search, pages."""

from __future__ import annotations

import pytest

from kit import clock
from kit.db import Database
from sync.insight import records
from sync.insight.records import PAGE_SIZE, Page, Tab
from sync.state.settings_models import Connection
from tests.insight.rows import MINUTE, Rows, order


def _page(rows: Rows, tab: Tab = Tab.ALL, search: str = "", number: int = 1) -> Page:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return records.page(session, tab=tab, search=search, number=number)


def _titles(page: Page) -> list[str]:
    return [row.title for row in page.rows]


@pytest.fixture
def trade(alpha: Rows, erp: Connection) -> Rows:
    """One order in each state, the first the oldest."""
    for number, state in enumerate(("done", "ready", "held", "dead", "ignored", "done"), 1):
        alpha.snapshot(order(number), f"#100{number}", occurred_at=clock.now() + number * MINUTE)
        job = alpha.job(order(number), state, reason=f"why {number}")
        alpha.attempt(job, sentence=f"said {number}")
    alpha.link(order(1), erp.id, "SO77")
    return alpha


def test_every_state_has_its_list(trade: Rows) -> None:
    assert _titles(_page(trade, Tab.SYNCED)) == ["Order #1001"]
    assert _titles(_page(trade, Tab.HELD)) == ["Order #1003"]
    assert _titles(_page(trade, Tab.FAILED)) == ["Order #1004"]
    assert _titles(_page(trade, Tab.SKIPPED)) == ["Order #1005"]
    assert sorted(_titles(_page(trade, Tab.WAITING))) == ["Order #1002", "Order #1006"]


def test_all_of_them_are_shown_the_newest_first(trade: Rows) -> None:
    page = _page(trade)
    assert _titles(page) == [f"Order #100{number}" for number in (6, 5, 4, 3, 2, 1)]
    assert [row.state for row in page.rows] == [
        Tab.WAITING,
        Tab.SKIPPED,
        Tab.FAILED,
        Tab.HELD,
        Tab.WAITING,
        Tab.SYNCED,
    ]
    assert (page.waiting, page.held, page.failed) == (1, 1, 1)


def test_an_order_that_is_done_without_a_document_says_what_it_waits_for(trade: Rows) -> None:
    row = _page(trade).rows[0]
    assert (row.state, row.reason, row.erp_number) == (Tab.WAITING, "said 6", "")


def test_a_row_shows_its_number_in_the_erp_its_total_and_why(trade: Rows) -> None:
    rows = {row.title: row for row in _page(trade).rows}
    assert rows["Order #1001"].erp_number == "SO77"
    assert rows["Order #1001"].total == "10.00 EUR"
    assert rows["Order #1001"].reason == ""
    assert rows["Order #1003"].reason == "why 3"


@pytest.mark.parametrize("search", ["#1001", "1001", "SO77", "so7", "6000000001"])
def test_an_order_is_found_by_its_numbers(trade: Rows, search: str) -> None:
    page = _page(trade, search=search)
    assert _titles(page) == ["Order #1001"]


@pytest.mark.parametrize("search", ["%", "_", "\\", "nothing", "100_", "'; drop table job; --"])
def test_a_search_takes_its_letters_as_they_are(trade: Rows, search: str) -> None:
    assert _page(trade, search=search).rows == ()


def test_a_search_for_nothing_shows_the_list(trade: Rows) -> None:
    assert len(_page(trade, search=" # ").rows) == 6


def test_a_record_that_is_not_read_yet_is_listed_by_its_number(alpha: Rows) -> None:
    alpha.job(order(9))
    row = _page(alpha).rows[0]
    assert row.title == "Order 6000000009"
    assert row.state is Tab.WAITING
    assert row.at == clock.now()


def test_work_about_the_whole_shop_is_no_record(alpha: Rows) -> None:
    alpha.job("shop", flow="subscriptions")
    assert _page(alpha).rows == ()
    assert _page(alpha, Tab.WAITING).rows == ()


def test_long_lists_come_in_pages(alpha: Rows) -> None:
    for number in range(PAGE_SIZE + 1):
        alpha.job(order(number), "held", misses="mapping")
    first, second = _page(alpha, Tab.HELD), _page(alpha, Tab.HELD, number=2)
    assert len(first.rows) == PAGE_SIZE
    assert first.has_more
    assert len(second.rows) == 1
    assert not second.has_more
    assert {row.title for row in first.rows}.isdisjoint({row.title for row in second.rows})


def test_another_shop_has_its_own_records(db: Database, trade: Rows, beta: Rows) -> None:
    assert _page(beta).rows == ()
    assert _page(beta, search="#1001").rows == ()
    assert all(_page(beta, tab).rows == () for tab in Tab)
