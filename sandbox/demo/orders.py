"""The orders of the demo's first day, as specs of `sandbox.shopify.commands.order_document`: plain data.

Each has a way in which a cent could go astray: thirds, spread discounts, included taxes, currencies without cents.
"""

from __future__ import annotations

from typing import Any

from sandbox.shopify.seed_data import ALPHA, BETA

Spec = dict[str, Any]

NORA = "nora.fields@example.com"
OMAR = "omar.quinn@example.com"
PRIYA = "priya.shah@example.com"
LIAM = "liam.obrien@example.com"
GRACE = "grace.hall@example.com"
YUKI = "yuki.tanaka@example.com"
ANNA = "anna.becker@example.de"
JONAS = "jonas.wolf@example.de"
MIA = "mia.huber@example.at"
LUC = "luc.martin@example.fr"
SARA = "sara.frei@example.ch"
KEN = "ken.mori@example.jp"
GROUND = [{"title": "Ground", "price": "8.50", "code": "ground"}]
PAKET = [{"title": "DHL Paket", "price": "4.90", "code": "paket"}]


def line(sku: str, quantity: int = 1, **more: Any) -> Spec:
    """One line of an order."""
    return {"sku": sku, "quantity": quantity, **more}


ORDERS: dict[str, list[tuple[str, Spec]]] = {
    ALPHA: [
        ("one line", {"email": NORA, "lines": [line("ALP-MUG")]}),
        (
            "three of a third, taxed on each line",
            {"email": OMAR, "lines": [line("ALP-MUG", 3)], "shipping": GROUND},
        ),
        (
            "many lines with shipping",
            {
                "email": PRIYA,
                "lines": [
                    line("ALP-TENT-2P"),
                    line("ALP-BAG-R", 2),
                    line("ALP-SPORK", 7),
                    line("ALP-BARS", 2),
                ],
                "shipping": GROUND,
            },
        ),
        (
            "10 % by code over lines that do not divide",
            {
                "email": NORA,
                "lines": [line("ALP-MUG", 3), line("ALP-SPORK", 10), line("ALP-SACK-8")],
                "discounts": [{"percent": "10", "code": "WELCOME10"}],
                "shipping": GROUND,
            },
        ),
        (
            "a fixed amount off, spread over three lines",
            {
                "email": OMAR,
                "lines": [line("ALP-SHIRT-S"), line("ALP-SHIRT-M"), line("ALP-SHIRT-L")],
                "discounts": [{"amount": "10.00", "code": "TENOFF"}],
            },
        ),
        (
            "one line reduced, free shipping",
            {
                "email": PRIYA,
                "lines": [
                    line("ALP-STOVE", discount={"percent": "15", "title": "Spring"}),
                    line("ALP-TORCH"),
                ],
                "discounts": [{"percent": "100", "title": "Free shipping", "target": "shipping"}],
                "shipping": GROUND,
            },
        ),
        (
            "paid in Canadian dollars",
            {
                "email": LIAM,
                "lines": [line("ALP-POLES"), line("ALP-SACK-20", 2)],
                "shipping": GROUND,
                "presentment_currency": "CAD",
            },
        ),
        (
            "paid in yen, a currency without cents",
            {
                "email": YUKI,
                "lines": [line("ALP-TORCH", 2), line("ALP-SPORK", 3)],
                "shipping": [{"title": "Air", "price": "29.00", "code": "air"}],
                "presentment_currency": "JPY",
            },
        ),
        (
            "a guest",
            {
                "guest": True,
                "email": None,
                "lines": [line("ALP-BAG-L"), line("ALP-BARS")],
                "shipping_address": {
                    "first_name": "Sam",
                    "last_name": "Reed",
                    "address1": "6 Pine Street",
                    "city": "Denver",
                    "zip": "80202",
                    "country_code": "US",
                    "province_code": "CO",
                },
                "shipping": GROUND,
            },
        ),
        ("a buyer who pays no tax", {"email": GRACE, "lines": [line("ALP-TENT-2P"), line("ALP-STOVE", 2)]}),
        ("a download only", {"email": NORA, "lines": [line("ALP-MAP-DL", 2)]}),
        ("not paid yet", {"email": OMAR, "lines": [line("ALP-POLES", 2)], "financial_state": "pending"}),
    ],
    BETA: [
        ("one line, tax included", {"email": ANNA, "lines": [line("BET-KANNE")]}),
        (
            "two tax rates",
            {"email": JONAS, "lines": [line("BET-PFANNE"), line("BET-BUCH", 2)], "shipping": PAKET},
        ),
        (
            "a hundred tealights",
            {"email": MIA, "lines": [line("BET-LICHT", 100), line("BET-KAFFEE", 3)], "shipping": PAKET},
        ),
        (
            "7 % off by code",
            {
                "email": ANNA,
                "lines": [line("BET-KAESE-250", 3), line("BET-MESSER"), line("BET-LICHT", 11)],
                "discounts": [{"percent": "7", "code": "SIEBEN"}],
                "shipping": PAKET,
            },
        ),
        (
            "a fixed amount off over two rates",
            {
                "email": JONAS,
                "lines": [line("BET-BRETT"), line("BET-KAFFEE", 2), line("BET-KAESE-1000")],
                "discounts": [{"amount": "5.55", "code": "GLUECK"}],
            },
        ),
        (
            "paid in Swiss francs",
            {
                "email": SARA,
                "lines": [line("BET-SCHUERZE-I", 2), line("BET-BUCH")],
                "shipping": [{"title": "Post", "price": "9.90", "code": "post"}],
                "presentment_currency": "CHF",
            },
        ),
        (
            "paid in yen",
            {
                "email": KEN,
                "lines": [line("BET-MESSER"), line("BET-LICHT", 5)],
                "shipping": [{"title": "Luftpost", "price": "24.50", "code": "air"}],
                "presentment_currency": "JPY",
            },
        ),
        (
            "a guest without an address",
            {"guest": True, "email": None, "lines": [line("BET-KURS")], "shipping_address": None},
        ),
        (
            "a company with its own billing address",
            {
                "email": ANNA,
                "lines": [line("BET-SET-4"), line("BET-SET-2", 2)],
                "billing_address": {
                    "first_name": "Anna",
                    "last_name": "Becker",
                    "company": "Becker Büro GmbH",
                    "address1": "Büroweg 9",
                    "city": "Lübeck",
                    "zip": "23552",
                    "country_code": "DE",
                },
                "shipping": PAKET,
                "po_number": "B-2041",
            },
        ),
        (
            "a line at half price",
            {"email": LUC, "lines": [line("BET-PFANNE", 3, discount={"percent": "50"})]},
        ),
        (
            "authorized, not captured",
            {"email": LUC, "lines": [line("BET-KANNE", 2)], "financial_state": "authorized"},
        ),
        (
            "everything at once",
            {
                "email": MIA,
                "lines": [
                    line("BET-KAESE-250", 2, discount={"amount": "0.99"}),
                    line("BET-LICHT", 13),
                    line("BET-KAFFEE"),
                    line("BET-SCHUERZE-N"),
                ],
                "discounts": [{"percent": "3", "code": "DREI"}],
                "shipping": PAKET,
                "note": "Bitte klingeln",
                "attributes": {"gift": "yes"},
            },
        ),
    ],
}
