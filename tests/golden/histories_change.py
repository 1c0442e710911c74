"""Orders that change after they were placed: edits, refunds of every kind, exchanges, cancellations, parcels."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.seed_data import BETA
from tests.golden.histories_sale import MUGS, POST, STANDARD, TENT, alpha, beta
from tests.golden.workshop import Document, History


def mug(quantity: int, **more: Any) -> Document:
    """Some mugs, as refunds and edits name them."""
    return {"sku": "ALP-MUG", "quantity": quantity, **more}


def _shipping_only(**more: Any) -> tuple[str, Document]:
    return "refund", {"shipping": True, **more}


def _store_credit(order: Document) -> None:
    """The refund went to store credit instead of the card."""
    order["transactions"][-1]["gateway"] = "shopify_store_credit"


def _restocked_elsewhere(node: Document) -> None:
    for refund in node["order"]["refunds"]:
        for line in refund["refundLineItems"]["nodes"]:
            line["restockType"] = "LEGACY_RESTOCK"


def _without_ledger_start(node: Document) -> None:
    node["agreements"] = node["agreements"][1:]


def _unnamed_difference(node: Document) -> None:
    """The current total is a cent below what the ledger says."""
    for side in ("shopMoney", "presentmentMoney"):
        bag = node["order"]["currentTotalPriceSet"][side]
        bag["amount"] = f"{float(bag['amount']) - 0.01:.2f}"


EDITS = (
    History(
        name="060_line_added",
        why="A later sale becomes a charge of its own.",
        spec=alpha(TENT, shipping=[STANDARD]),
        acts=(("edit", {"add": [MUGS]}),),
    ),
    History(
        name="061_quantity_lowered",
        why="What never left is cancelled, not returned.",
        spec=alpha(MUGS, TENT),
        acts=(("edit", {"set_quantity": [mug(1)]}),),
    ),
    History(
        name="062_quantity_raised",
        why="More of the same at the undiscounted price.",
        spec=alpha(MUGS, discounts=[{"percent": 10, "code": "TEN"}]),
        acts=(("edit", {"set_quantity": [mug(5)]}),),
    ),
    History(
        name="063_one_added_one_removed",
        why="One edit in two directions becomes two documents.",
        spec=alpha(MUGS, TENT),
        acts=(("edit", {"add": [{"sku": "ALP-TORCH"}], "set_quantity": [mug(0)]}),),
    ),
    History(
        name="064_edited_twice",
        why="Each edit is exported once.",
        spec=alpha(MUGS, TENT, presentment_currency="CAD"),
        acts=(("edit", {"set_quantity": [mug(2)]}), ("edit", {"add": [{"sku": "ALP-TORCH", "quantity": 2}]})),
    ),
    History(
        name="065_edited_then_refunded",
        why="The refund follows what the edit left.",
        spec=alpha(MUGS, TENT, shipping=[STANDARD]),
        acts=(("edit", {"set_quantity": [mug(2)]}), ("refund", {"lines": [mug(1, restock_type="RETURN")]})),
    ),
    History(
        name="066_edited_with_tax_included",
        why="Deltas where prices include tax.",
        shop=BETA,
        spec=beta(
            {"sku": "BET-BUCH", "quantity": 3}, shipping=[POST], discounts=[{"percent": 7, "code": "SIEBEN"}]
        ),
        acts=(
            ("edit", {"set_quantity": [{"sku": "BET-BUCH", "quantity": 1}], "add": [{"sku": "BET-KAFFEE"}]}),
        ),
    ),
)

REFUNDS = (
    History(
        name="070_refunded_whole",
        why="Everything back, goods into stock.",
        spec=alpha(MUGS, shipping=[STANDARD]),
        acts=(("ship", {}), ("refund", {"lines": [mug(3, restock_type="RETURN")], "shipping": True})),
    ),
    History(
        name="071_refunded_in_part",
        why="One of three pieces: its share of line, tax and discount.",
        spec=alpha(MUGS, TENT, discounts=[{"amount": "10.00", "code": "MINUS10"}]),
        acts=(("refund", {"lines": [mug(1, restock_type="RETURN")]}),),
    ),
    History(
        name="072_refunded_piece_by_piece",
        why="Three refunds of one piece each give back exactly what was paid.",
        spec=alpha(MUGS, discounts=[{"percent": 7, "code": "SEVEN"}], presentment_currency="CAD"),
        acts=tuple(("refund", {"lines": [mug(1, restock_type="RETURN")]}) for _ in range(3)),
    ),
    History(
        name="073_only_shipping_back",
        why="Shipping keeps its own tax.",
        spec=alpha(TENT, shipping=[STANDARD]),
        acts=(_shipping_only(),),
    ),
    History(
        name="074_part_of_shipping_back",
        why="A part of it, tax in the price.",
        shop=BETA,
        spec=beta({"sku": "BET-PFANNE"}, shipping=[POST]),
        acts=(("refund", {"shipping": "2.00"}),),
    ),
    History(
        name="075_money_without_lines",
        why="A goodwill amount, no goods.",
        spec=alpha(TENT),
        acts=(("refund", {"amount": "25.00", "note": "Sorry for the wait", "reason": "CUSTOMER"}),),
    ),
    History(
        name="076_more_than_the_line_was_worth",
        why="41.94 for a line worth nothing.",
        spec=alpha({**MUGS, "discount": {"percent": 100}}, TENT),
        acts=(("refund", {"lines": [mug(1)], "amount": "41.94"}),),
    ),
    History(
        name="077_less_than_the_line_was_worth",
        why="The shop keeps a part for damage, which has an account of its own.",
        spec=alpha(TENT),
        rules={"adjustments": {"damage": {"item": "service-damage"}}},
        acts=(
            (
                "refund",
                {
                    "lines": [{"sku": "ALP-TENT-2P", "quantity": 1, "restock_type": "RETURN"}],
                    "amount": "200.00",
                    "reason": "DAMAGE",
                },
            ),
        ),
    ),
    History(
        name="078_money_back_goods_kept",
        why="No restock.",
        spec=alpha(MUGS),
        acts=(("refund", {"lines": [mug(2, restock_type="NO_RESTOCK")]}),),
    ),
    History(
        name="079_two_tenders",
        why="Gift card and card both get their part back.",
        spec=alpha(TENT, gift_card="60.00"),
        acts=(("refund", {"lines": [{"sku": "ALP-TENT-2P", "quantity": 1}]}),),
    ),
    History(
        name="080_refund_in_two_currencies",
        why="Both currencies to the cent.",
        spec=alpha(MUGS, TENT, presentment_currency="EUR", shipping=[STANDARD]),
        acts=(("refund", {"lines": [mug(2, restock_type="RETURN")], "shipping": "4.00"}),),
    ),
    History(
        name="081_refund_of_dinar",
        why="Three decimals, one of three pieces.",
        home={"currencyCode": "KWD", "sandbox": {"taxes": {"standard": [["VAT", "0.05"]], "none": []}}},
        spec=alpha({"title": "Kettle", "sku": "ALP-MUG", "price": "10.125", "quantity": 3}),
        acts=(("refund", {"lines": [mug(1)]}),),
    ),
    History(
        name="082_refund_with_discount_lines",
        why="The credit has discount lines as the sale had.",
        spec=alpha(MUGS, discounts=[{"percent": 15, "code": "FALL15"}]),
        acts=(("refund", {"lines": [mug(2, restock_type="RETURN")]}),),
        rules={"discount_style": "lines"},
    ),
    History(
        name="083_refund_on_its_way",
        why="Nobody knows yet whether the money moves: it waits.",
        spec=alpha(TENT),
        acts=(("pending_refund", {"lines": [{"sku": "ALP-TENT-2P", "quantity": 1}]}),),
    ),
    History(
        name="084_refund_arrived",
        why="The same, once the money has moved.",
        spec=alpha(TENT),
        acts=(("pending_refund", {"lines": [{"sku": "ALP-TENT-2P", "quantity": 1}]}), ("settle_refund", {})),
    ),
    History(
        name="085_tip_back",
        why="The tip goes back to where tips are booked.",
        spec=alpha({"sku": "ALP-MUG"}, tip="5.00"),
        acts=(("cancel", {}),),
    ),
    History(
        name="086_duties_and_fee_back",
        why="Each goes back to its own account.",
        spec=alpha(
            {**MUGS, "duty": "11.40"},
            additional_fee={"name": "Retail delivery fee", "price": "0.29"},
            shipping=[STANDARD],
        ),
        acts=(("cancel", {"reason": "CUSTOMER"}),),
    ),
    History(
        name="087_gift_card_refunded",
        why="A sold gift card is taken back.",
        spec=alpha({"sku": "ALP-GIFT-25"}, MUGS),
        acts=(("refund", {"lines": [{"sku": "ALP-GIFT-25", "quantity": 1}]}),),
    ),
    History(
        name="088_old_restock",
        why="An old restock type counts as a return.",
        spec=alpha(MUGS),
        acts=(("refund", {"lines": [mug(1, restock_type="RETURN")]}),),
        node=_restocked_elsewhere,
    ),
    History(
        name="089_a_cent_nobody_explains",
        why="Ledger and total differ by a cent: posted by policy, named.",
        spec=alpha(TENT),
        acts=(("refund", {"amount": "10.00"}),),
        node=_unnamed_difference,
        rules={"residual": {"policy": "post", "limit": "0.05"}},
    ),
    History(
        name="090_a_cent_nobody_explains_held",
        why="The same where policy allows nothing.",
        spec=alpha(TENT),
        acts=(("refund", {"amount": "10.00"}),),
        node=_unnamed_difference,
    ),
    History(
        name="091_refund_as_store_credit",
        why="Store credit is a way to pay back, not a discount.",
        spec=alpha(TENT),
        acts=(
            ("refund", {"lines": [{"sku": "ALP-TENT-2P", "quantity": 1, "restock_type": "RETURN"}]}),
            ("change", {"by": _store_credit}),
        ),
    ),
)

RETURNS = (
    History(
        name="092_return",
        why="Goods come back before the money does.",
        spec=alpha(MUGS, TENT),
        acts=(("ship", {}), ("return", {"back": [mug(2)]})),
    ),
    History(
        name="093_exchange_for_the_same",
        why="An even exchange: credit and charge, nothing left.",
        spec=alpha(MUGS, TENT),
        acts=(("ship", {}), ("return", {"back": [mug(1)], "new": [mug(1)]})),
    ),
    History(
        name="094_exchange_with_balance",
        why="A dearer thing for a cheaper one.",
        spec=alpha(MUGS, TENT, discounts=[{"percent": 10, "code": "TEN"}]),
        acts=(("ship", {}), ("return", {"back": [mug(1)], "new": [{"sku": "ALP-TORCH"}]})),
    ),
    History(
        name="095_return_with_fee",
        why="A restocking fee stays with the shop.",
        spec=alpha(TENT),
        acts=(("ship", {}), ("return", {"back": [{"sku": "ALP-TENT-2P", "quantity": 1}], "fee": "24.90"})),
    ),
    History(
        name="096_exchange_with_tax_included",
        why="The same where prices include tax, with a refund of the rest.",
        shop=BETA,
        spec=beta({"sku": "BET-PFANNE"}, {"sku": "BET-BUCH"}, shipping=[POST]),
        acts=(
            ("ship", {}),
            ("return", {"back": [{"sku": "BET-PFANNE", "quantity": 1}], "new": [{"sku": "BET-BRETT"}]}),
        ),
    ),
    History(
        name="097_return_opened",
        why="A return is opened with a shipping fee: the goods are unsold, the fee stays.",
        spec=alpha(MUGS, TENT),
        acts=(("ship", {}), ("open_return", {"lines": [mug(2)], "shipping_fee": "4.95"})),
    ),
    History(
        name="098_return_called_off",
        why="A return that never came is sold again: credit and charge cancel out.",
        spec=alpha(MUGS),
        acts=(("ship", {}), ("open_return", {"lines": [mug(1)]}), ("cancel_return", {})),
    ),
)

CANCELLATIONS = (
    History(
        name="100_cancelled_unpaid",
        why="Nobody paid: nothing to export late, a credit when it was exported.",
        spec=alpha(TENT, financial_state="pending"),
        acts=(("cancel", {}),),
    ),
    History(
        name="101_cancelled_and_refunded",
        why="Paid and paid back: sale and credit.",
        spec=alpha(MUGS, shipping=[STANDARD]),
        acts=(("cancel", {"reason": "CUSTOMER"}),),
    ),
    History(
        name="102_cancelled_for_nothing",
        why="A hundred percent off, then cancelled: only goods move.",
        spec=alpha(MUGS, discounts=[{"percent": 100, "code": "PRESS"}]),
        acts=(("cancel", {}),),
    ),
    History(
        name="103_cancelled_money_kept",
        why="Goods taken back, money kept for the time being.",
        spec=alpha(MUGS),
        acts=(("cancel", {"refund": False}),),
    ),
    History(
        name="104_cancelled_after_shipping",
        why="It was on its way already.",
        spec=alpha(MUGS, TENT),
        acts=(("ship", {"lines": {"ALP-MUG": 3}}), ("cancel", {"restock": False})),
    ),
    History(
        name="105_cancelled_in_yen",
        why="Cancelled in a currency without cents.",
        spec=alpha(MUGS, shipping=[STANDARD], presentment_currency="JPY"),
        acts=(("cancel", {}),),
    ),
)

PARCELS = (
    History(
        name="110_two_parcels",
        why="Each parcel is a shipment of its own.",
        spec=alpha(MUGS, TENT),
        acts=(
            ("ship", {"lines": {"ALP-MUG": 2}, "tracking": {"company": "UPS", "number": "1Z1"}}),
            (
                "ship",
                {
                    "lines": {"ALP-MUG": 1, "ALP-TENT-2P": 1},
                    "tracking": {"company": "UPS", "numbers": ["1Z2", "1Z3"]},
                },
            ),
        ),
    ),
    History(
        name="111_part_sent_rest_refunded",
        why="What never left is cancelled.",
        spec=alpha(MUGS),
        acts=(("ship", {"lines": {"ALP-MUG": 1}}), ("refund", {"lines": [mug(2, restock_type="CANCEL")]})),
    ),
    History(
        name="112_parcel_called_off",
        why="A cancelled parcel that the ERP never knew is no news.",
        spec=alpha(MUGS),
        acts=(("ship", {}), ("cancel_parcel", {"index": 0})),
    ),
    History(
        name="113_ledger_without_its_start",
        why="A ledger that does not start with the order is refused.",
        spec=alpha(MUGS),
        acts=(("refund", {"amount": "1.00"}),),
        node=_without_ledger_start,
    ),
)

HISTORIES = (*EDITS, *REFUNDS, *RETURNS, *CANCELLATIONS, *PARCELS)
