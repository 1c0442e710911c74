"""The mapping in people's hands: a field that is filled, a buyer that is chosen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Journey

pytestmark = pytest.mark.slow
BO = "bo@example.com"


def test_a_note_of_the_buyer_becomes_a_field_of_the_erp_and_goes_back_with_the_version(
    at_work: Journey,
) -> None:
    page, stack = at_work.page, at_work.stack
    inside = at_work.open("/mappings/fields", heading="Order fields")
    inside.get_by_text("Add a field").click()
    at_work.arrived("New order field")
    inside.get_by_label("Field in your ERP").select_option(label="Comment")
    inside.get_by_label("Comes from").select_option(label="An attribute of the order (note attribute)")
    inside.get_by_role("button", name="Save").click()
    expect(inside.get_by_text("Write the name, exactly as Shopify has it.")).to_be_visible()
    inside.get_by_label("Name of the attribute, metafield or tag").fill("Gift note")
    inside.get_by_label("Step 1", exact=True).select_option(label="In capital letters")
    inside.get_by_label("Other words in your ERP").fill("YES = Gift")
    inside.get_by_label("When it is empty").focus()
    page.keyboard.type("none")
    page.keyboard.press("Enter")
    at_work.told("Published as version 2.")
    at_work.arrived("Order fields")
    expect(inside.get_by_text("YES → Gift")).to_be_visible()

    stack.order(email=BO, attributes={"Gift note": "yes"}, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    at_work.open("/records?tab=synced", heading="Records")
    expect(inside.get_by_text("Order #1001")).to_be_visible()
    (document,) = stack.books.documents.values()
    assert document["extra"] == {"comment": "Gift"}

    at_work.open("/mappings", heading="Mappings")
    inside.get_by_role("button", name="Roll back").first.click()
    dialog = at_work.dialog("Roll back to version 1?")
    dialog.get_by_role("button", name="Roll back").click()
    at_work.told("Published as version 3.")
    at_work.open("/mappings/fields", heading="Order fields")
    expect(inside.get_by_text("No order fields yet")).to_be_visible()


def test_a_guest_whom_the_erp_knows_twice_is_chosen_and_the_order_goes_on(at_work: Journey) -> None:
    stack = at_work.stack
    for number in (1, 2):
        stack.books.call("write_party", {"code": f"K-{number}", "name": f"Bo {number}", "email": BO})
    stack.order(email=BO, guest=True, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    inside = at_work.open("/records?tab=held", heading="Records")
    expect(inside.locator("s-table-row")).to_have_count(1)
    inside.get_by_text("Order #1001").click()
    at_work.arrived("Order #1001")
    inside.get_by_text("Map it").click()
    at_work.arrived("Customers")
    expect(inside.get_by_text("Has to be chosen: 2 parties have the same email")).to_be_visible()
    choice = inside.get_by_label("Customer in your ERP for bo")
    choice.select_option(value=stack.books.parties["K-2"]["erp_id"])
    inside.get_by_role("button", name="Save").click()
    at_work.told("1 record runs again.")
    at_work.open("/records?tab=synced", heading="Records")
    expect(inside.get_by_text("Order #1001")).to_be_visible()
    (document,) = stack.books.documents.values()
    assert document["party"] == stack.books.parties["K-2"]["erp_id"]
