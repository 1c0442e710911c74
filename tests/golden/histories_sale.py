"""Orders as they are placed: taxes, currencies, discounts, shipping, tips, gift cards, duties, fees, B2B, till."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.seed_data import BETA
from tests.golden.workshop import Document, History

NEW_YORK = {
    "first_name": "Nora",
    "last_name": "Fields",
    "address1": "12 Orchard Lane",
    "city": "Albany",
    "zip": "12207",
    "country_code": "US",
    "province_code": "NY",
}
HAMBURG = {
    "first_name": "Anna",
    "last_name": "Becker",
    "address1": "Lindenstraße 4",
    "city": "Hamburg",
    "zip": "20095",
    "country_code": "DE",
}
TENT: Document = {"sku": "ALP-TENT-2P"}
MUGS: Document = {"sku": "ALP-MUG", "quantity": 3}
STANDARD: Document = {"title": "Standard", "price": "8.90"}
POST: Document = {"title": "DHL Paket", "price": "4.90"}


def alpha(*lines: Document, **more: Any) -> Document:
    """An order of the shop that adds taxes to its prices."""
    return {"lines": list(lines), "email": "nora.fields@example.com", "shipping_address": NEW_YORK, **more}


def beta(*lines: Document, **more: Any) -> Document:
    """An order of the shop whose prices include taxes."""
    return {"lines": list(lines), "email": "anna.becker@example.de", "shipping_address": HAMBURG, **more}


def _odd_allocations(order: Document) -> None:
    """10.00 over four lines as a real shop shared it out: no formula gives these."""
    for line, amount in zip(order["lineItems"], ("2.39", "2.54", "2.54", "2.53"), strict=True):
        bag = line["discountAllocations"][0]["allocatedAmountSet"]
        before = {side: float(bag[side]["amount"]) for side in bag}
        for side in bag:
            bag[side]["amount"] = amount
            paid = line["discountedTotalWithCodesSet"][side]
            paid["amount"] = f"{float(paid['amount']) + before[side] - float(amount):.2f}"
    sales = [sale for sale in order["agreements"][0]["sales"] if sale["lineType"] == "PRODUCT"]
    for sale, line in zip(sales, order["lineItems"], strict=True):
        allocated = line["discountAllocations"][0]["allocatedAmountSet"]
        sale["totalDiscountAmountBeforeTaxes"] = sale["totalDiscountAmountAfterTaxes"] = allocated
        sale["totalAmount"] = line["discountedTotalWithCodesSet"]


def _automatic(order: Document) -> None:
    for application in order["discountApplications"]:
        application["__typename"] = "AutomaticDiscountApplication"


def _channel_pays(order: Document) -> None:
    for line in (*order["lineItems"], *order["shippingLines"]):
        for tax in line["taxLines"]:
            tax["channelLiable"] = True
    for sale in order["agreements"][0]["sales"]:
        for tax in sale["taxes"]:
            tax["taxLine"]["channelLiable"] = True


def _cash(body: Document) -> None:
    down = {"amount": "-0.01", "currency_code": "USD"}
    body["total_cash_rounding_payment_adjustment_set"] = {"shop_money": down, "presentment_money": down}


def _cash_node(node: Document) -> None:
    down = {"amount": "-0.01", "currencyCode": "USD"}
    node["order"]["totalCashRoundingAdjustment"]["paymentSet"] = {"shopMoney": down, "presentmentMoney": down}


JAPAN = {
    "currencyCode": "JPY",
    "sandbox": {"taxes": {"standard": [["消費税", "0.1"]], "none": []}},
    "taxesIncluded": True,
}
KUWAIT = {"currencyCode": "KWD", "sandbox": {"taxes": {"standard": [["VAT", "0.05"]], "none": []}}}

TAXES = (
    History(
        name="001_tax_on_top",
        why="Prices without tax, two taxes per line.",
        spec=alpha(TENT, shipping=[STANDARD]),
    ),
    History(
        name="002_tax_included",
        why="Prices with tax in them.",
        shop=BETA,
        spec=beta({"sku": "BET-KANNE"}, shipping=[POST]),
    ),
    History(
        name="003_two_rates_included",
        why="A book at the reduced rate beside a pan at the standard rate, odd cents in both.",
        shop=BETA,
        spec=beta(
            {"sku": "BET-BUCH", "quantity": 3},
            {"sku": "BET-PFANNE"},
            {"sku": "BET-LICHT", "quantity": 7},
            shipping=[POST],
        ),
    ),
    History(
        name="004_many_pieces",
        why="Quantities above one with taxes that round per line.",
        spec=alpha(
            MUGS,
            {"sku": "ALP-SPORK", "quantity": 17},
            {"sku": "ALP-BARS", "quantity": 2},
            shipping=[STANDARD],
        ),
    ),
    History(
        name="005_no_tax_at_all",
        why="The order is not taxed.",
        spec=alpha(TENT, taxes=False, shipping=[STANDARD]),
    ),
    History(
        name="006_tax_exempt_customer",
        why="A customer who pays no tax.",
        spec=alpha(TENT, email="grace.hall@example.com"),
    ),
    History(
        name="007_marketplace_pays_the_tax",
        why="The channel owes the tax: it is told apart, and still part of what the buyer paid.",
        spec=alpha(MUGS, shipping=[STANDARD], source_name="facebook"),
        placed=_channel_pays,
    ),
    History(
        name="008_tax_included_as_lines",
        why="Discounts as lines of their own, prices with tax.",
        shop=BETA,
        spec=beta(
            {"sku": "BET-BUCH", "quantity": 2},
            {"sku": "BET-KANNE"},
            discounts=[{"percent": 15, "code": "HERBST"}],
            shipping=[POST],
        ),
        rules={"discount_style": "lines"},
    ),
)

CURRENCIES = (
    History(
        name="010_buyer_pays_in_cad",
        why="Two currencies, both to the cent.",
        spec=alpha(
            MUGS,
            TENT,
            shipping=[STANDARD],
            presentment_currency="CAD",
            discounts=[{"percent": 10, "code": "TEN"}],
        ),
    ),
    History(
        name="011_buyer_pays_in_yen",
        why="The buyer's currency has no cents.",
        spec=alpha(MUGS, shipping=[STANDARD], presentment_currency="JPY"),
    ),
    History(
        name="012_posted_in_the_buyers_currency",
        why="The ERP posts what the buyer saw.",
        spec=alpha(MUGS, shipping=[STANDARD], presentment_currency="EUR"),
        rules={"side": "presentment"},
    ),
    History(
        name="013_shop_in_yen",
        why="A shop whose currency has no cents, prices with tax.",
        home=JAPAN,
        spec=alpha(
            {"title": "Kettle", "sku": "ALP-MUG", "price": "3333", "quantity": 3},
            shipping=[{"title": "Standard", "price": "770"}],
        ),
    ),
    History(
        name="014_shop_in_dinar",
        why="A shop whose currency has three decimals.",
        home=KUWAIT,
        spec=alpha(
            {"title": "Kettle", "sku": "ALP-MUG", "price": "10.125", "quantity": 3},
            shipping=[{"title": "Standard", "price": "1.750"}],
        ),
    ),
    History(
        name="015_buyer_pays_in_dinar",
        why="The buyer's currency has three decimals.",
        spec=alpha(MUGS, shipping=[STANDARD], presentment_currency="KWD", rate="0.3071"),
    ),
)

DISCOUNTS = (
    History(
        name="020_code_over_the_order",
        why="A percentage over everything.",
        spec=alpha(MUGS, TENT, discounts=[{"percent": 15, "code": "FALL15"}], shipping=[STANDARD]),
    ),
    History(
        name="021_amount_that_follows_no_formula",
        why="10.00 shared as 2.39, 2.54, 2.54 and 2.53: copied, never recomputed.",
        spec=alpha(
            *({"sku": "ALP-SACK-8"} for _ in range(4)),
            discounts=[{"amount": "10.00", "code": "MINUS10"}],
            taxes=False,
        ),
        placed=_odd_allocations,
        node=lambda node: None,
    ),
    History(
        name="022_discount_on_one_line",
        why="A person took ten percent off one line.",
        spec=alpha({**MUGS, "discount": {"percent": 10, "title": "Scratched"}}, TENT),
    ),
    History(
        name="023_automatic_discount",
        why="A discount without a code.",
        spec=alpha(MUGS, discounts=[{"percent": 20, "title": "Buy three"}]),
        placed=_automatic,
        body=lambda body: body["discount_applications"][0].update(type="automatic"),
    ),
    History(
        name="024_discounts_on_discounts",
        why="Fifteen percent after a fixed line discount.",
        spec=alpha(
            {**MUGS, "discount": {"amount": "7.77", "title": "Dented"}},
            {"sku": "ALP-POLES"},
            discounts=[{"percent": 15, "code": "FALL15"}],
            shipping=[STANDARD],
        ),
    ),
    History(
        name="025_everything_for_nothing",
        why="A hundred percent off.",
        spec=alpha(MUGS, discounts=[{"percent": 100, "code": "PRESS"}]),
    ),
    History(
        name="026_free_shipping",
        why="Shipping discounted to nothing keeps its line.",
        spec=alpha(
            TENT, shipping=[STANDARD], discounts=[{"percent": 100, "code": "FREESHIP", "target": "shipping"}]
        ),
    ),
    History(
        name="027_two_shipping_lines",
        why="Two parcels, one of them cheaper.",
        spec=alpha(
            TENT,
            MUGS,
            shipping=[STANDARD, {"title": "Freight", "price": "49.00", "discount": {"amount": "12.50"}}],
        ),
    ),
    History(
        name="028_discount_lines_on_top",
        why="Discounts as lines of their own, taxes on top.",
        spec=alpha(MUGS, TENT, discounts=[{"percent": 15, "code": "FALL15"}], shipping=[STANDARD]),
        rules={"discount_style": "lines"},
    ),
    History(
        name="029_free_sample",
        why="A line that costs nothing.",
        spec=alpha(TENT, {"title": "Sticker", "sku": "ALP-SPORK", "price": "0.00"}),
    ),
)

EXTRAS = (
    History(
        name="030_gift_card_sold",
        why="A gift card is a liability, not goods.",
        spec=alpha({"sku": "ALP-GIFT-25", "quantity": 2}, MUGS),
    ),
    History(
        name="031_only_a_gift_card",
        why="Nothing but a gift card.",
        shop=BETA,
        spec=beta({"sku": "BET-GUTSCHEIN-50"}),
    ),
    History(
        name="032_paid_partly_with_a_gift_card",
        why="A redeemed gift card is a payment, never a discount.",
        spec=alpha(TENT, gift_card="50.00", shipping=[STANDARD]),
    ),
    History(
        name="033_paid_wholly_with_a_gift_card",
        why="No other payment.",
        spec=alpha({"sku": "ALP-TORCH"}, gift_card="500.00"),
    ),
    History(
        name="034_tip", why="A tip is neither goods nor taxed.", spec=alpha({"sku": "ALP-MUG"}, tip="5.00")
    ),
    History(
        name="035_duties",
        why="Import duties, one per line.",
        spec=alpha(
            {**MUGS, "duty": "11.40", "hs_code": "732393", "origin": "CN"},
            {**TENT, "duty": "17.43"},
            shipping=[STANDARD],
        ),
    ),
    History(
        name="036_additional_fee",
        why="A fee that a state demands.",
        spec=alpha(
            TENT, additional_fee={"name": "Retail delivery fee", "price": "0.29"}, shipping=[STANDARD]
        ),
    ),
    History(
        name="037_cash_rounding",
        why="Paid in cash, rounded down by a cent.",
        spec=alpha({"sku": "ALP-MUG"}, gateway="cash"),
        body=_cash,
        node=_cash_node,
    ),
    History(
        name="038_everything_at_once",
        why="Discount, two shipping lines, tip, duty, fee, gift card, second currency.",
        spec=alpha(
            {**MUGS, "duty": "3.10"},
            {"sku": "ALP-GIFT-25"},
            {"sku": "ALP-BARS", "discount": {"percent": 5}},
            shipping=[STANDARD, {"title": "Freight", "price": "19.00"}],
            discounts=[{"amount": "12.34", "code": "ODD"}],
            tip="4.00",
            additional_fee={"name": "Retail delivery fee", "price": "0.29"},
            gift_card="20.00",
            presentment_currency="CAD",
        ),
    ),
)

HISTORIES = (*TAXES, *CURRENCIES, *DISCOUNTS, *EXTRAS)
