"""Orders of every kind: companies, the till, drafts, unpaid ones, guests, fields, writings, sizes."""

from __future__ import annotations

from tests.golden.histories_sale import MUGS, NEW_YORK, STANDARD, TENT, alpha
from tests.golden.workshop import History

HISTORIES = (
    History(
        name="040_company_on_net_terms",
        why="A company's branch pays later.",
        spec={
            "lines": [MUGS],
            "company_location_id": "branch",
            "payment_terms": {"name": "Net 30", "type": "NET", "days": 30},
            "financial_state": "pending",
            "po_number": "PO-4711",
            "shipping_address": NEW_YORK,
        },
    ),
    History(
        name="041_company_pays_at_once",
        why="A company without terms.",
        spec={"lines": [TENT], "company_location_id": "branch", "shipping_address": NEW_YORK},
    ),
    History(
        name="042_till",
        why="Sold over the counter, handed over at once.",
        spec={"lines": [MUGS], "location_id": "till", "gateway": "cash", "tip": "2.00"},
    ),
    History(
        name="043_draft_order",
        why="Made by staff.",
        spec=alpha(TENT, source_name="shopify_draft_order", note="Called by phone"),
    ),
    History(
        name="044_not_paid_yet",
        why="Pending payment does not change what was sold.",
        spec=alpha(TENT, financial_state="pending"),
    ),
    History(
        name="045_authorized",
        why="The card was only authorized.",
        spec=alpha(TENT, financial_state="authorized"),
    ),
    History(
        name="046_guest_without_anything",
        why="Nobody known and no address: still an order.",
        spec={"lines": [{"sku": "ALP-MAP-DL"}], "guest": True, "shipping_address": None},
    ),
    History(
        name="047_fields",
        why="Attributes, tags and the purchase order fill ERP fields.",
        spec=alpha(
            MUGS,
            attributes={"Gift note": "  for Ida  ", "Delivery date": "2026-12-24T09:00"},
            tags=["vip", "wholesale"],
            po_number="PO-99",
            note="Ring twice",
        ),
        rules={
            "fields": [
                {
                    "source": "attribute:Gift note",
                    "target": "comment",
                    "transforms": ["trim", "prefix:Gift: "],
                },
                {"source": "attribute:Delivery date", "target": "delivery_on", "transforms": ["date"]},
                {
                    "source": "tag:wholesale",
                    "target": "price_list",
                    "values": {"wholesale": "7"},
                    "default": "1",
                },
                {"source": "order:source", "target": "channel", "values": {"web": "WEB"}},
            ]
        },
    ),
    History(
        name="048_emoji_and_right_to_left",
        why="Any writing goes through.",
        spec=alpha(
            {"title": "خيمة جبلية ⛺ עברית", "sku": "ALP-TENT-2P", "price": "249.00"},
            {"title": "マグ ☕️🇯🇵", "sku": "ALP-MUG", "price": "33.33"},
            note="🎁 שלום – ‏مرحبا",
        ),
    ),
    History(
        name="049_title_too_long",
        why="The ERP takes only so many letters; the money does not care.",
        spec=alpha({"title": "Very long tent name " * 12, "sku": "ALP-TENT-2P", "price": "249.00"}),
        rules={"title_limit": 60},
    ),
    History(
        name="050_one_sku_on_two_lines",
        why="Two lines of one product stay two lines.",
        spec=alpha(MUGS, {**MUGS, "quantity": 1, "discount": {"amount": "3.33"}}),
    ),
    History(
        name="051_five_hundred_lines",
        why="A big order in one piece.",
        spec=alpha(
            *({"sku": "ALP-SPORK", "quantity": 1 + place % 4} for place in range(500)),
            taxes=False,
            shipping=[STANDARD],
        ),
    ),
)
