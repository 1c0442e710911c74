"""The last look before a write leaves: what could happen twice, or blindly, is not sent."""

from __future__ import annotations

from typing import Any

import pytest

from sync.shopify.documents import assemble, document
from sync.shopify.idempotency import UnsafeWrite, check, needing_key

VERSION = "2026-10"
KEY = "5f0c9ff2-1f53-5c0e-8d9a-0d5a3c2f9d11"


def quantities(**row: Any) -> dict[str, Any]:
    return {"input": {"name": "available", "reason": "correction", "quantities": [row]}}


def test_a_mutation_that_needs_a_key_is_not_sent_without_one() -> None:
    for key in (None, "", "  "):
        with pytest.raises(UnsafeWrite, match="key"):
            check(document("refund_create"), {"input": {}}, key=key, api_version=VERSION)


def test_a_stock_row_must_say_from_which_quantity_it_changes_even_if_it_says_null() -> None:
    sets = document("inventory_set_quantities")
    with pytest.raises(UnsafeWrite, match="changeFromQuantity"):
        check(sets, quantities(quantity=3), key=KEY, api_version=VERSION)
    check(sets, quantities(quantity=3, changeFromQuantity=2), key=KEY, api_version=VERSION)
    check(sets, quantities(quantity=3, changeFromQuantity=None), key=KEY, api_version=VERSION)


def test_stock_rows_in_another_shape_than_expected_are_refused() -> None:
    with pytest.raises(UnsafeWrite):
        check(document("inventory_set_quantities"), {"rows": [{"quantity": 1}]}, key=KEY, api_version=VERSION)


def test_both_ends_of_a_move_must_compare() -> None:
    move = assemble(
        {
            "move.graphql": "mutation Move($input: InventoryMoveQuantitiesInput!, $key: String!) {"
            " inventoryMoveQuantities(input: $input) @idempotent(key: $key) { userErrors { code } } }"
        }
    )["move"]
    change = {"from": {"changeFromQuantity": 1}, "to": {}}
    with pytest.raises(UnsafeWrite):
        check(move, {"input": {"changes": [change]}}, key=KEY, api_version=VERSION)
    change["to"] = {"changeFromQuantity": None}  # type: ignore[dict-item]
    check(move, {"input": {"changes": [change]}}, key=KEY, api_version=VERSION)


def test_variants_may_change_without_stock_but_not_with_stock_unseen() -> None:
    update = document("product_variants_bulk_update")
    check(update, {"variants": [{"id": "v", "price": "1.00"}]}, key=None, api_version=VERSION)
    with pytest.raises(UnsafeWrite):
        check(
            update,
            {"variants": [{"id": "v", "quantityAdjustments": [{"adjustment": 1}]}]},
            key=None,
            api_version=VERSION,
        )


def test_a_key_is_not_given_to_a_mutation_that_would_ignore_it() -> None:
    with pytest.raises(UnsafeWrite, match="asking"):
        check(document("fulfillment_create"), {}, key=KEY, api_version=VERSION)


def test_a_document_that_forgot_the_directive_is_refused() -> None:
    bare = assemble(
        {
            "pay.graphql": "mutation Pay($input: RefundInput!) { refundCreate(input: $input) { refund { id } } }"
        }
    )["pay"]
    with pytest.raises(UnsafeWrite, match="refundCreate"):
        check(bare, {}, key=None, api_version=VERSION)


def test_a_version_that_is_not_known_yet_is_held_to_the_newest_rules() -> None:
    assert needing_key("2027-01") == needing_key(VERSION)
    assert "refundCreate" in needing_key("2027-01")
    assert needing_key("2025-10") == frozenset()
