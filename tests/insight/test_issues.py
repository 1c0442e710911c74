"""What is wrong, by cause: records, money, and what belongs to which cause."""

from __future__ import annotations

from decimal import Decimal

from kit.db import Database
from sync.domain.money import Money
from sync.insight import issues
from sync.insight.issues import IssueList, IssuePage
from tests.insight.rows import Rows, order


def _listed(rows: Rows, state: str = "open") -> IssueList:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return issues.listed(session, state=state)


def _one(rows: Rows, issue_id: int) -> IssuePage | None:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return issues.one(session, issue_id)


def test_records_with_one_cause_are_one_issue_with_their_money(alpha: Rows) -> None:
    alpha.snapshot(order(2), "#1002")
    alpha.stuck(1, cause="closed", amount="10.00")
    alpha.stuck(2, cause="closed", amount="0.50")
    alpha.stuck(3, cause="other", amount="5.00")
    alpha.issue("closed", sample=order(2))
    alpha.issue("other", sentence="No product.", kind="misconfigured", misses="mapping:product:MUG")
    found = _listed(alpha)
    assert [one.records for one in found.issues] == [2, 1]
    first, second = found.issues
    assert first.at_risk == (Money(Decimal("10.50"), "EUR"),)
    assert first.sample_title == "Order #1002"
    assert not first.retries_itself
    assert second.misses == "mapping:product:MUG"
    assert found.open_count == 2


def test_an_issue_lists_its_records_the_longest_waiting_first(alpha: Rows) -> None:
    issue = alpha.issue("closed")
    alpha.stuck(1, cause="closed", reason="The period is closed.")
    alpha.stuck(2, cause="closed")
    alpha.job(order(3), "done", cause=None)
    page = _one(alpha, issue.id)
    assert page is not None
    assert [each.name.number for each in page.records] == ["6000000001", "6000000002"]
    assert page.records[0].sentence == "The period is closed."
    assert page.cause == "closed"


def test_a_passing_fault_needs_nobody(alpha: Rows) -> None:
    alpha.issue("slow", kind="transient")
    assert _listed(alpha).issues[0].retries_itself


def test_ignored_and_resolved_issues_have_their_own_lists(alpha: Rows) -> None:
    alpha.issue("a", state="ignored", reason="old orders")
    alpha.issue("b", state="resolved")
    assert _listed(alpha).issues == ()
    assert [one.reason for one in _listed(alpha, "ignored").issues] == ["old orders"]
    assert len(_listed(alpha, "resolved").issues) == 1
    assert _listed(alpha).ignored_count == 1


def test_another_shop_cannot_open_an_issue(db: Database, alpha: Rows, beta: Rows) -> None:
    issue = alpha.issue("closed")
    alpha.stuck(1, cause="closed")
    assert _one(beta, issue.id) is None
    assert _listed(beta).issues == ()
    own = beta.issue("closed")
    page = _one(beta, own.id)
    assert page is not None
    assert page.records == ()
