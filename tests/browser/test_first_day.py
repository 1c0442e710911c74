"""The first day: from the partner link to the first order in the ERP."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Journey
from tests.browser.stack import ERP_KEY

pytestmark = pytest.mark.slow


def test_a_shop_installs_from_the_partner_link_and_connects_its_erp(journey: Journey) -> None:
    page, stack = journey.page, journey.stack
    page.goto(stack.link())
    page.get_by_role("button", name=re.compile("Install")).click()
    inside = journey.arrived("Home")
    expect(inside.get_by_text("0 of 4 steps done")).to_be_visible()
    inside.get_by_role("link", name="Connect", exact=True).or_(
        inside.get_by_role("button", name="Connect", exact=True)
    ).first.click()
    journey.arrived("Connection")
    page.wait_for_url("**/app/connection*")

    inside.get_by_label("Address").fill(stack.erp)
    inside.get_by_label("Key").fill("not-the-key-000")
    inside.get_by_role("button", name="Test and connect").click()
    expect(inside.get_by_text("The ERP does not accept the key.")).to_be_visible()
    expect(inside.get_by_label("Address")).to_have_value(stack.erp)

    inside.get_by_label("Key").fill(ERP_KEY)
    inside.get_by_role("button", name="Test and connect").click()
    journey.told("Connected to ERP stand-in")

    journey.menu("Mappings")
    journey.arrived("Mappings")
    inside.get_by_role("button", name="Suggest a mapping").click()
    journey.told("matches found")
    inside.get_by_role("button", name="Publish", exact=True).first.click()
    journey.dialog("Publish this mapping?").get_by_role("button", name="Publish", exact=True).click()
    journey.told("Published as version 1.")
    journey.menu("Concord")
    journey.arrived("Home")
    expect(inside.get_by_text("2 of 4 steps done")).to_be_visible()


def test_an_order_arrives_in_the_erp_while_its_owner_watches(at_work: Journey) -> None:
    page, stack = at_work.page, at_work.stack
    inside = at_work.open("/records", heading="Records")
    expect(inside.get_by_text("No records yet")).to_be_visible()

    page.goto(f"{stack.shopify}/store/alpha/orders/new")
    page.get_by_label("Product").first.select_option(value="ALP-MUG")
    page.get_by_role("button", name="Create order").first.click()
    page.wait_for_url(re.compile(r"/orders/\d+"))

    at_work.open("/records", heading="Records")
    row = inside.locator("s-table-row", has_text="Order #1001")
    expect(row.get_by_text("Synced")).to_be_visible()
    row.get_by_text("Order #1001").click()
    at_work.arrived("Order #1001")
    expect(inside.get_by_text("In sync")).to_be_visible()
    expect(inside.get_by_text("Shopify and your ERP agree to the cent.")).to_be_visible()
    expect(inside.get_by_text("Shopify sent").first).to_be_visible()
    (document,) = stack.books.documents.values()
    expect(inside.get_by_text(f"It is {document['number']} in your ERP.")).to_be_visible()

    inside.get_by_role("button", name="Resync").click()
    at_work.told("Resync started.")
    expect(inside.get_by_text("In sync")).to_be_visible()
    assert len(stack.books.documents) == 1

    inside.get_by_text("Open in Shopify").click()
    page.wait_for_url(re.compile(r"/store/alpha/orders/\d+"))
