"""When something is missing or refused: one cause, one button, and everything goes on by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Journey
from tests.browser.stack import ALPHA, ERP_KEY

pytestmark = pytest.mark.slow
NORA = "nora.fields@example.com"


def test_an_order_that_is_held_arrives_by_itself_once_its_line_is_mapped(at_work: Journey) -> None:
    stack = at_work.stack
    stack.order(email=NORA, lines=[{"title": "Engraving", "price": "12.00", "quantity": 1}])
    inside = at_work.open("/records?tab=held", heading="Records")
    expect(inside.locator("s-table-row")).to_have_count(1)
    inside.get_by_text("Order #1001").click()
    at_work.arrived("Order #1001")
    expect(inside.get_by_text("Held until something is set")).to_be_visible()
    inside.get_by_text("Map it").click()
    at_work.arrived("Products")
    inside.get_by_label("Product in your ERP for Engraving").select_option(label="ALP-MUG – Titanium Mug")
    inside.get_by_role("button", name="Save").click()
    at_work.told("1 record runs again.")

    at_work.open("/records?search=1001", heading="Records")
    inside.get_by_text("Order #1001").click()
    expect(inside.get_by_text("In sync")).to_be_visible()
    assert len(stack.books.documents) == 1


def test_all_records_of_one_cause_are_retried_together(at_work: Journey) -> None:
    stack = at_work.stack

    def refuse(verb: str, _values: Mapping[str, Any]) -> str | None:
        return "The period 2026-11 is closed." if verb == "write_document" else None

    stack.books.refuse = refuse
    for _ in range(3):
        stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    inside = at_work.open("/issues", heading="Issues")
    row = inside.locator("s-table-row", has_text="The period 2026-11 is closed.")
    expect(row).to_be_visible()
    row.get_by_text("The period 2026-11 is closed.").click()
    at_work.arrived("3 records are affected")
    stack.books.refuse = lambda *_: None
    inside.get_by_role("button", name="Retry all").click()
    at_work.told("3 records are tried again.")
    expect(inside.get_by_text("Resolved")).to_be_visible()
    assert len(stack.books.documents) == 3
    at_work.open("/issues", heading="Issues")
    expect(inside.get_by_text("No open issues")).to_be_visible()


def test_an_issue_is_ignored_only_with_a_reason(at_work: Journey) -> None:
    stack = at_work.stack
    stack.books.refuse = lambda verb, _: "No." if verb == "write_document" else None
    stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    inside = at_work.open("/records?tab=failed", heading="Records")
    expect(inside.locator("s-table-row")).to_have_count(1)
    at_work.menu("Issues")
    at_work.arrived("Issues")
    inside.get_by_text("No.", exact=True).first.click()
    at_work.arrived("1 record is affected")
    inside.get_by_role("button", name="Ignore").click()
    dialog = at_work.dialog("Ignore this issue?")
    dialog.get_by_label("Why").fill("A test of the till")
    dialog.get_by_role("button", name="Ignore").click()
    at_work.told("The issue is ignored.")
    at_work.open("/records?tab=skipped", heading="Records")
    expect(inside.get_by_text("A test of the till")).to_be_visible()


def test_a_credential_that_the_erp_refuses_is_replaced_and_all_goes_on(at_work: Journey) -> None:
    stack = at_work.stack
    stack.erp_door.lock("changed-key-987654")
    stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    inside = at_work.open("/records?tab=held", heading="Records")
    expect(inside.get_by_text("The ERP does not accept the key.")).to_be_visible()
    inside.get_by_text("Order #1001").click()
    inside.get_by_text("Fix the connection").click()
    at_work.arrived("Connection")
    inside.get_by_label("Key").fill("changed-key-987654")
    inside.get_by_role("button", name="Test and save").click()
    at_work.told("Connected to")
    expect(inside.get_by_text(ERP_KEY)).to_have_count(0)
    at_work.open("/records?tab=synced", heading="Records")
    expect(inside.get_by_text("Order #1001")).to_be_visible()


def test_lost_permission_is_renewed_by_the_next_visit(at_work: Journey) -> None:
    stack = at_work.stack
    placed = stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    inside = at_work.open("/records?tab=synced", heading="Records")
    expect(inside.get_by_text("Order #1001")).to_be_visible()
    stack.control(f"/shops/{ALPHA}/tokens/revoke")
    stack.act(f"/records/Order/{placed['number']}/resync")
    at_work.page.goto("about:blank")
    at_work.open("", heading="Home")
    at_work.open(f"/records/Order/{placed['number']}", heading="Order #1001")
    expect(inside.get_by_text("In sync")).to_be_visible()


def test_a_click_while_concord_does_not_answer_says_so(at_work: Journey) -> None:
    inside = at_work.open("/connection", heading="Connection")
    at_work.page.route("**/app/connection/test", lambda route: route.abort())
    inside.get_by_role("button", name="Test connection").click()
    expect(inside.get_by_text("Concord did not answer")).to_be_visible()
    at_work.page.unroute("**/app/connection/test")
    inside.get_by_role("button", name="Test connection").click()
    at_work.told("It works")
