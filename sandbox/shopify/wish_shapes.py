"""What each wish of the control API may say: one table of keys per kind of wish.

It owns the keys and their kinds. What they mean is written where they are carried out, in `commands`.
"""

from __future__ import annotations

from sandbox.shopify.commands import disputes
from sandbox.shopify.wishes import (
    LARGEST_ID,
    Check,
    Shape,
    amount,
    either,
    flag,
    moment,
    named,
    one_of,
    plain,
    record,
    rows,
    text,
    whole,
)


def _any_case(*words: str) -> Check:
    return one_of(*words, *(word.lower() for word in words))


ADDRESS: Shape = dict.fromkeys(
    (
        *("first_name", "last_name", "company", "address1", "address2", "city", "zip", "phone"),
        *("country", "country_code", "province", "province_code"),
    ),
    text,
)
DISCOUNT: Shape = {
    "amount": amount,
    "percent": amount,
    **dict.fromkeys(("title", "code", "description"), text),
    "target": one_of("lines", "shipping"),
}
LINE: Shape = {
    **dict.fromkeys(("sku", "variant_id", "title", "tax_class", "hs_code", "origin"), text),
    "price": amount,
    "duty": amount,
    "quantity": whole(1),
    "taxable": flag,
    "requires_shipping": flag,
    "discount": record(DISCOUNT),
    "properties": named(plain),
}
SHIPPING: Shape = {
    **dict.fromkeys(("title", "code", "source", "tax_class"), text),
    "price": amount,
    "discount": record(DISCOUNT),
}
TERMS: Shape = {
    "name": text,
    "type": one_of("RECEIPT", "NET", "FIXED", "FULFILLMENT", "UNKNOWN"),
    "days": whole(0),
}
TAGS = rows(text)
ORDER: Shape = {
    "lines": rows(record(LINE), least=1),
    **dict.fromkeys(
        (
            *("customer_id", "email", "note", "source_name", "source_identifier", "po_number", "phone"),
            *("locale", "location_id", "company_location_id", "presentment_currency", "gateway"),
        ),
        text,
    ),
    "guest": flag,
    "taxes": flag,
    "test": flag,
    "shipping_address": record(ADDRESS),
    "billing_address": record(ADDRESS),
    "discounts": rows(record(DISCOUNT)),
    "shipping": rows(record(SHIPPING, needed=("price",))),
    "rate": amount,
    "tip": amount,
    "gift_card": amount,
    "financial_state": one_of("paid", "pending", "authorized"),
    "additional_fee": record({"name": text, "price": amount}, needed=("price",)),
    "attributes": named(plain),
    "tags": TAGS,
    "at": moment,
    "payment_terms": record(TERMS),
}
TRACKING: Shape = {
    **dict.fromkeys(("company", "number", "url"), text),
    **{key: rows(text) for key in ("numbers", "urls")},
}
COUNT_OF_LINE: Shape = {"line_id": text, "sku": text, "quantity": whole(0)}
REFUNDED_LINE: Shape = {
    "line_id": text,
    "sku": text,
    "location_id": text,
    "quantity": whole(1),
    "restock_type": _any_case("RETURN", "CANCEL", "NO_RESTOCK"),
}
RETURNED_LINE: Shape = {
    **dict.fromkeys(("sku", "fulfillment_line_id", "note"), text),
    "quantity": whole(1),
    "reason": _any_case(
        *("COLOR", "DEFECTIVE", "NOT_AS_DESCRIBED", "OTHER", "SIZE_TOO_LARGE", "SIZE_TOO_SMALL"),
        *("STYLE", "UNKNOWN", "UNWANTED", "WRONG_ITEM"),
    ),
}
RETURN: Shape = {"lines": rows(record(RETURNED_LINE), least=1), "shipping_fee": amount}
ACTS: dict[str, Shape] = {
    "pay": {"amount": amount, "gateway": text},
    "cancel": {
        "reason": one_of("CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"),
        "refund": flag,
        "restock": flag,
        "staff_note": text,
    },
    "edit": {
        "add": rows(record(LINE)),
        "set_quantity": rows(record(COUNT_OF_LINE, needed=("quantity",))),
        "staff_note": text,
        "notify": flag,
    },
    "refund": {
        "lines": rows(record(REFUNDED_LINE)),
        "shipping": either(flag, amount),
        "amount": amount,
        "note": text,
        "reason": text,
    },
    "fulfil": {
        "lines": named(whole(1)),
        "tracking": record(TRACKING),
        "fulfillment_order_id": text,
    },
    "update": {
        **dict.fromkeys(("note", "email", "phone", "po_number"), text),
        "tags": TAGS,
        "attributes": named(plain),
        "shipping_address": record(ADDRESS),
    },
    "dispute": {"reason": one_of(*disputes.REASONS), "outcome": one_of(*disputes.OUTCOMES)},
    "return": RETURN,
    "request-return": RETURN,
}
RETURN_ACTS: dict[str, Shape] = {
    "approve": {},
    "close": {},
    "reopen": {},
    "cancel": {},
    "decline": {"reason": one_of("FINAL_SALE", "OTHER", "RETURN_PERIOD_ENDED"), "note": text},
}
STOCK: Shape = {"sku": text, "available": whole(-(10**9)), "location_id": text}
VARIANT: Shape = {
    **dict.fromkeys(("id", "sku", "new_sku", "barcode"), text),
    "price": amount,
    "compare_at_price": amount,
    "cost": amount,
    "taxable": flag,
}
PRODUCT: Shape = {
    **dict.fromkeys(("title", "vendor", "product_type", "body_html", "handle"), text),
    "status": _any_case("ACTIVE", "DRAFT", "ARCHIVED"),
    "tags": TAGS,
    "variants": rows(record(VARIANT)),
}
_PERSON: dict[str, Check] = {
    **dict.fromkeys(("first_name", "last_name", "email", "phone", "note"), text),
    "tags": TAGS,
    "tax_exempt": flag,
}
NEW_CUSTOMER: Shape = {**_PERSON, "addresses": rows(record(ADDRESS)), "accepts_marketing": flag}
CUSTOMER: Shape = {**_PERSON, "address": record(ADDRESS)}
number = whole(1, LARGEST_ID)
NEWS: Shape = {"topic": text, "number": number, "merged": number}
PRIVACY: Shape = {
    "customer": record({"id": number, "email": text, "phone": text}),
    "orders": rows(number),
    "at_once": flag,
}
