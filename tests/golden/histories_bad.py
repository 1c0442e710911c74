"""Orders that cannot simply be exported: missing mappings, broken bodies, contradictions, filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.golden.histories_sale import MUGS, STANDARD, TENT, alpha
from tests.golden.workshop import Document, History


def _no_goods(order: Document) -> None:
    """Variant and product were deleted since."""
    for line in order["lineItems"]:
        line["variantId"] = line["productId"] = None


def _no_goods_no_sku(order: Document) -> None:
    _no_goods(order)
    for line in order["lineItems"]:
        line["sku"] = None


def _loose_discount(amount: str) -> Callable[[Document], None]:
    """The total is lower than its lines by a discount that no line carries."""

    def change(order: Document) -> None:
        for name in ("totalPriceSet", "currentTotalPriceSet"):
            for side in ("shopMoney", "presentmentMoney"):
                bag = order[name][side]
                bag["amount"] = f"{float(bag['amount']) - float(amount):.2f}"

    return change


def _in_body(*path: str | int, value: object) -> Callable[[Document], None]:
    def change(body: Document) -> None:
        place: object = body
        for step in path[:-1]:
            place = place[step]  # type: ignore[index]
        if value is DROPPED:
            del place[path[-1]]  # type: ignore[attr-defined]
        else:
            place[path[-1]] = value  # type: ignore[index]

    return change


def _rename_currency(document: Document) -> None:
    def walk(value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if inner == "USD":
                    value[key] = "XQQ"
                else:
                    walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


DROPPED = object()


def _both(
    body_path: tuple[str | int, ...], node_path: tuple[str | int, ...], value: object
) -> dict[str, Any]:
    return {"body": _in_body(*body_path, value=value), "node": _in_body("order", *node_path, value=value)}


UNKNOWN_MONEY = {"amount": "1.00", "currency_code": "dollars"}

MAPPINGS = (
    History(
        name="120_unmapped_sku",
        why="No ERP product has the code.",
        spec=alpha({"title": "Hammock", "sku": "ALP-HAMMOCK", "price": "89.00"}, MUGS),
    ),
    History(
        name="121_unmapped_sku_placeholder",
        why="A stand-in keeps the money right and the document a draft.",
        spec=alpha({"title": "Hammock", "sku": "ALP-HAMMOCK", "price": "89.00"}, MUGS),
        rules={"products": {"unmapped": "placeholder", "stand_in": "item-placeholder"}},
    ),
    History(
        name="122_unmapped_sku_default",
        why="One product for all unknown ones.",
        spec=alpha({"title": "Hammock", "price": "89.00"}),
        rules={"products": {"unmapped": "default", "stand_in": "item-misc"}},
    ),
    History(
        name="123_deleted_product",
        why="The line's own snapshot is enough.",
        spec=alpha(MUGS),
        placed=_no_goods,
    ),
    History(
        name="124_deleted_product_without_sku",
        why="Nothing tells what it was.",
        spec=alpha(MUGS),
        placed=_no_goods_no_sku,
    ),
    History(
        name="125_unmapped_tax",
        why="A rate that nobody mapped.",
        spec=alpha(MUGS),
        home={"sandbox": {"taxes": {"standard": [["Luxury tax", "0.33"]], "none": []}}},
    ),
    History(
        name="126_no_account_for_tips",
        why="A tip with nowhere to go.",
        spec=alpha(MUGS, tip="3.00"),
        rules={"services": {"tip": {"item": ""}}},
    ),
    History(
        name="127_unmapped_till",
        why="A location without warehouse.",
        spec={"lines": [MUGS], "location_id": "till"},
        rules={"warehouses": {"gid://shopify/Location/1": "WH1"}, "default_warehouse": ""},
    ),
    History(
        name="128_guests_are_held",
        why="The policy wants a known customer.",
        spec={"lines": [MUGS], "guest": True, "shipping_address": None},
        rules={"guests": "hold"},
    ),
    History(
        name="129_required_field_is_empty",
        why="The ERP wants a delivery date.",
        spec=alpha(MUGS),
        rules={
            "fields": [{"source": "attribute:Delivery date", "target": "delivery_on", "is_required": True}]
        },
    ),
)

BROKEN = (
    History(
        name="130_negative_quantity",
        why="A line that takes away.",
        spec=alpha(MUGS),
        **_both(("line_items", 0, "quantity"), ("lineItems", "nodes", 0, "quantity"), -3),
    ),
    History(
        name="131_unknown_currency",
        why="A currency that is none.",
        spec=alpha(MUGS, taxes=False),
        body=_rename_currency,
        node=_rename_currency,
    ),
    History(
        name="132_amount_is_missing",
        why="A line without its price.",
        spec=alpha(MUGS),
        **_both(("line_items", 0, "price_set"), ("lineItems", "nodes", 0, "originalUnitPriceSet"), DROPPED),
    ),
    History(
        name="133_currency_is_no_code",
        why="An amount whose currency is a word.",
        spec=alpha(MUGS),
        body=_in_body(
            "shipping_lines",
            value=[
                {
                    "id": 1,
                    "title": "x",
                    "price_set": {"shop_money": UNKNOWN_MONEY, "presentment_money": UNKNOWN_MONEY},
                }
            ],
        ),
    ),
    History(
        name="134_rounded_ids",
        why="Numeric ids were rounded on the way; only the gid is trusted.",
        spec=alpha(MUGS),
        body=_in_body("id", value=820982911946154500),
    ),
    History(
        name="135_body_without_identity",
        why="No gid, no record.",
        spec=alpha(MUGS),
        body=_in_body("admin_graphql_api_id", value=None),
    ),
    History(
        name="136_discount_that_no_line_carries",
        why="20.00 are missing: held, and named.",
        spec=alpha(MUGS, shipping=[STANDARD]),
        placed=_loose_discount("20.00"),
    ),
    History(
        name="137_small_residual_is_posted",
        why="Two cents within the policy's limit.",
        spec=alpha(MUGS, shipping=[STANDARD]),
        placed=_loose_discount("0.02"),
        rules={"residual": {"policy": "post", "limit": "0.05"}},
    ),
    History(
        name="138_updated_before_created",
        why="Dates that run backwards.",
        spec=alpha(MUGS),
        **_both(("updated_at",), ("updatedAt",), "2026-01-01T00:00:00Z"),
    ),
    History(
        name="139_discount_above_the_price",
        why="More off than the line costs.",
        spec=alpha({**MUGS, "discount": {"amount": "5.00"}}),
        **_both(
            ("line_items", 0, "discount_allocations", 0, "amount_set", "shop_money", "amount"),
            ("lineItems", "nodes", 0, "discountAllocations", 0, "allocatedAmountSet", "shopMoney", "amount"),
            "500.00",
        ),
    ),
    History(
        name="140_unknown_words",
        why="New fields and new states are data, not errors.",
        spec=alpha(MUGS),
        body=_in_body("financial_status", value="quantum_paid"),
        node=_in_body("order", "displayFinancialStatus", value="QUANTUM_PAID"),
    ),
)

FILTERS = (
    History(name="150_test_order", why="A test of the payment gateway.", spec=alpha(MUGS, test=True)),
    History(
        name="151_before_the_cut_off",
        why="Handled by whatever was there before.",
        spec=alpha(MUGS),
        rules={"filters": {"since": "2026-11-10T00:00:00+00:00"}},
    ),
    History(
        name="152_other_channel",
        why="The marketplace's own orders are handled elsewhere.",
        spec=alpha(MUGS, source_name="amazon"),
        rules={"filters": {"skip_sources": ["amazon"]}},
    ),
    History(
        name="153_kept_out_by_a_tag",
        why="A tag that keeps orders out.",
        spec=alpha(TENT, tags=["Do-Not-Export"]),
        rules={"filters": {"skip_tags": ["do-not-export"]}},
    ),
    History(
        name="154_only_paid_orders",
        why="Waits for the payment, then goes through.",
        spec=alpha(TENT, financial_state="pending"),
        acts=(("pay", {}),),
        rules={"filters": {"only_paid": True}},
    ),
)


HISTORIES = (*MAPPINGS, *BROKEN, *FILTERS)
