"""What a refused mutation means: try the same again, decide again, take a new key, or ask a person."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from kit.faults import OutcomeUnknown, Rejected, Transient
from sandbox.shopify.cost import DEAREST_QUERY, Planner
from sandbox.shopify.schema import schema
from sync.domain.money import Money
from sync.shopify import documents, fulfilments, goods, refunds, stock
from sync.shopify.fulfilments import Package
from sync.shopify.goods import ProductChange, VariantChange
from sync.shopify.refunds import Tender, Wish
from sync.shopify.stock import Row, RowsRefused
from sync.shopify.writer import NeedsNewKey, Refused, Stale
from tests.shopify.script import Script, answered, client

KEY = "5f0c9ff2-1f53-5c0e-8d9a-0d5a3c2f9d11"
LANE = 20
ROWS = [Row(f"gid://shopify/InventoryItem/{n}", "gid://shopify/Location/1", n, n - 1) for n in range(1, 4)]


def refused(root: str, *errors: tuple[list[Any] | None, str, str | None]) -> Script:
    told = [{"field": field, "message": message, "code": code} for field, message, code in errors]
    return Script([answered({root: {"userErrors": told}})])


def set_rows(script: Script) -> None:
    stock.set_quantities(client(script), ROWS, key=KEY, lane=LANE)


def test_rows_are_set_from_the_value_that_they_must_still_have() -> None:
    script = refused("inventorySetQuantities")
    set_rows(script)
    sent = script.sent()["variables"]
    assert sent["key"] == KEY
    assert [row["changeFromQuantity"] for row in sent["input"]["quantities"]] == [0, 1, 2]


def test_stale_and_bad_rows_are_told_apart_by_their_place() -> None:
    stale = (["input", "quantities", "0", "changeFromQuantity"], "stale", "CHANGE_FROM_QUANTITY_STALE")
    bad = (["input", "quantities", "2", "inventoryItemId"], "not found", "INVALID_INVENTORY_ITEM")
    with pytest.raises(RowsRefused) as caught:
        set_rows(refused("inventorySetQuantities", stale, bad))
    assert caught.value.stale == {0}
    assert {row: error.message for row, error in caught.value.bad.items()} == {2: "not found"}


def test_a_refusal_that_names_no_row_concerns_the_whole_call() -> None:
    with pytest.raises(Refused) as caught:
        set_rows(refused("inventorySetQuantities", (["input", "reason"], "bad reason", "INVALID_REASON")))
    assert not isinstance(caught.value, RowsRefused)


@pytest.mark.parametrize("size", [0, 251])
def test_a_batch_has_one_to_250_rows(size: int) -> None:
    with pytest.raises(ValueError):
        stock.set_quantities(client(Script([])), ROWS[:1] * size, key=KEY, lane=LANE)


@pytest.mark.parametrize(
    ("code", "message", "fault"),
    [
        ("IDEMPOTENCY_CONCURRENT_REQUEST", "busy", Transient),
        ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "other variables", NeedsNewKey),
        ("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "failed", NeedsNewKey),
        ("IDEMPOTENCY_SOMETHING_NEW", "?", OutcomeUnknown),
        ("SERVICE_UNAVAILABLE", "down", Transient),
        (None, "A request with the same idempotency key is currently in progress.", Transient),
        (None, "The same idempotency key was used with different parameters.", NeedsNewKey),
        (None, "The previous attempt with this idempotency key failed.", NeedsNewKey),
        (None, "Something about idempotency.", OutcomeUnknown),
        (None, "Too many attempts. Please try again later.", Transient),
    ],
)
def test_each_answer_about_a_key_has_its_own_way(code: str, message: str, fault: type[Exception]) -> None:
    with pytest.raises(fault) as caught:
        set_rows(refused("inventorySetQuantities", (None, message, code)))
    assert type(caught.value) is fault


def test_a_refusal_and_its_kinds_are_about_the_record() -> None:
    for kind in (Refused, Stale, NeedsNewKey, RowsRefused):
        assert issubclass(kind, Rejected)


def test_a_payload_that_is_null_says_nothing() -> None:
    with pytest.raises(OutcomeUnknown):
        set_rows(Script([answered({"inventorySetQuantities": None})]))


def test_an_item_that_is_stocked_already_is_fine() -> None:
    words = "Not allowed to set available quantity when the item is already active at the location."
    script = refused("inventoryActivate", (["available"], words, None))
    stock.activate(
        client(script), "gid://shopify/InventoryItem/1", "gid://shopify/Location/1", key=KEY, lane=LANE
    )
    with pytest.raises(Refused):
        gone = refused("inventoryActivate", (["locationId"], "the location wasn't found.", None))
        stock.activate(client(gone), "i", "l", key=KEY, lane=LANE)


def test_a_refund_names_its_payment_and_carries_its_mark() -> None:
    money = Money(Decimal("12.50"), "USD")
    bag = {"shopMoney": {"amount": "12.5", "currencyCode": "USD"}}
    made = {
        "id": "r",
        "note": "n",
        "createdAt": None,
        "totalRefundedSet": bag | {"presentmentMoney": bag["shopMoney"]},
    }
    script = Script([answered({"refundCreate": {"refund": made, "userErrors": []}})])
    wish = Wish(
        order="o",
        mark="concord 1",
        note="CN-1 (concord 1)",
        currency="USD",
        tenders=(Tender("cash", "t", money),),
        discrepancy="OTHER",
    )
    refunds.create(client(script), wish, key=KEY, lane=LANE)
    (transaction,) = script.sent()["variables"]["input"]["transactions"]
    assert script.sent()["variables"]["input"]["discrepancyReason"] == "OTHER"
    assert (transaction["parentId"], transaction["amount"], transaction["kind"]) == ("t", "12.50", "REFUND")
    with pytest.raises(ValueError):
        unmarked = Wish(order="o", mark="concord 1", note="CN-1", currency="USD")
        refunds.create(client(Script([])), unmarked, key=KEY, lane=LANE)


def test_all_parcels_are_told_in_one_fulfilment() -> None:
    script = Script([answered({"fulfillmentCreate": {"fulfillment": {"id": "f"}, "userErrors": []}})])
    parcels = [Package("1", "DHL", "https://x.example/1"), Package("2", "DHL")]
    fulfilments.create(client(script), {"fo": [("l", 2)]}, parcels, is_notified=False, lane=LANE)
    sent = script.sent()["variables"]["fulfillment"]
    assert sent["trackingInfo"] == {"numbers": ["1", "2"], "urls": ["https://x.example/1"], "company": "DHL"}
    assert sent["notifyCustomer"] is False


def test_parcels_of_different_carriers_keep_their_own_addresses() -> None:
    script = Script([answered({"fulfillmentCreate": {"fulfillment": {"id": "f"}, "userErrors": []}})])
    parcels = [Package("1", "UPS"), Package("2", "DHL", "https://x.example/2"), Package("", "GLS")]
    fulfilments.create(client(script), {"fo": [("l", 2)]}, parcels, is_notified=False, lane=LANE)
    sent = script.sent()["variables"]["fulfillment"]
    assert sent["trackingInfo"] == {"numbers": ["2", "1"], "urls": ["https://x.example/2"]}


def test_good_variants_are_written_although_others_are_refused() -> None:
    script = refused("productVariantsBulkUpdate", (["variants", "1", "price"], "must be positive", "X"))
    changes = [VariantChange(gid="a", price=Decimal(1)), VariantChange(gid="b", price=Decimal(-1))]
    assert list(goods.update_variants(client(script), "p", changes, lane=LANE)) == [1]
    assert script.sent()["variables"]["partial"] is True


def test_a_product_is_changed_field_by_field_and_never_by_half_a_list() -> None:
    script = refused("productSet")
    goods.update_product(client(script), ProductChange(gid="p", title="Cup"), lane=LANE)
    assert script.sent()["variables"] == {"identifier": {"id": "p"}, "input": {"title": "Cup"}}
    goods.update_product(client(Script([])), ProductChange(gid="p"), lane=LANE)


@pytest.mark.parametrize("name", sorted(documents.documents()))
def test_no_document_is_dearer_than_a_single_query_may_be(name: str) -> None:
    tree = parse(documents.document(name).text)
    node = next(each for each in tree.definitions if isinstance(each, OperationDefinitionNode))
    part = Planner(schema(), tree).operation(node)
    assert part.requested({"first": 250}) <= DEAREST_QUERY
