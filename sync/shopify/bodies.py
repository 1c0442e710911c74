"""Reader 1: a webhook body (REST shape) becomes an Order. It trusts gids only and refuses a broken contract.

Parse bodies with `parse` so that no number ever becomes a float. What a body cannot tell is named in `Order.unknown`.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kit.faults import Rejected
from sync.domain.money import Both, Money
from sync.domain.parties import Customer, OrderCompany
from sync.domain.records import (
    Discount,
    DiscountAllocation,
    Duty,
    Fee,
    Order,
    OrderLine,
    PaymentTerms,
    ShippingLine,
    Totals,
)
from sync.shopify.bodies_history import fulfilment, refund, tax_line
from sync.shopify.bodies_parties import customer, postal_address
from sync.shopify.bodies_sets import both, both_or, duty_amount
from sync.shopify.bodies_values import (
    GID,
    Drift,
    Json,
    child,
    contract,
    count,
    currency,
    each,
    flag,
    gid,
    lower,
    moment,
    moment_or_none,
    money,
    need,
    pairs,
    text,
    texts,
    tip_lines,
    whole,
)

ALWAYS_UNKNOWN = frozenset({"transactions", "metafields", "barcodes", "returns"})
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Figures that the proof compares with their parts, when the body has them.
FIGURES = (
    ("subtotal", "subtotal_price_set"),
    ("discounts", "total_discounts_set"),
    ("tax", "total_tax_set"),
    ("shipping", "total_shipping_price_set"),
    ("duties", "original_total_duties_set"),
    ("fees", "original_total_additional_fees_set"),
)
CURRENT = (
    ("subtotal", "current_subtotal_price_set"),
    ("tax", "current_total_tax_set"),
    ("shipping", "current_shipping_price_set"),
    ("duties", "current_total_duties_set"),
    ("fees", "current_total_additional_fees_set"),
)
DISCOUNT_KINDS = {"discount_code": "code"}


def parse(raw: bytes | str) -> Any:
    """JSON with exact numbers and storable text. Raises Rejected when it is not JSON."""
    try:
        parsed = json.loads(raw, parse_float=Decimal)
        return storable(parsed) if _may_be_unstorable(raw) else parsed
    except ValueError as error:
        problem = str(error)
    except RecursionError:
        problem = "nested too deeply"
    raise Rejected("schema_drift", "Shopify sent something that is not JSON.", detail=problem, field="$")


def storable(value: Any) -> Any:
    """The value with U+FFFD for every character that no database and no ERP takes: NUL, and half a surrogate pair."""
    match value:
        case str():
            return UNSTORABLE.sub("\ufffd", value)
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case list():
            return [storable(item) for item in value]
        case _:
            return value


def _may_be_unstorable(raw: bytes | str) -> bool:
    """Whether it is worth looking: only an escape, or what is no UTF-8, can give such a character."""
    if isinstance(raw, str):
        return "\\u" in raw or UNSTORABLE.search(raw) is not None
    return b"\\u" in raw or b"\xed" in raw


def order(body: Any) -> Order:
    """The order of an `orders/*` body. Raises Rejected `schema_drift` with the JSON path of what is broken."""
    with contract("an order"):
        return _order(body)


def _order(body: Json) -> Order:
    identity = gid(body, of="Order")
    zero = Both.nothing(currency(body, "currency"), currency(body, "presentment_currency"))
    lines = each(body, "line_items", order_line)
    tip = _tip(body, zero)
    lines = mark_tips(lines, tip)
    totals, unknown = _totals(body, lines, tip, zero)
    fees = (Fee(gid=f"{identity}/fees", name="Additional fees", amount=totals.fees),) if totals.fees else ()
    company = child(body, "company", _company)
    unknown |= ({"fees"} if fees else set()) | ({"company"} if company else set())
    return Order(
        gid=identity,
        name=text(body, "name"),
        number=whole(body, "order_number"),
        created_at=moment(body, "created_at"),
        processed_at=moment(body, "processed_at"),
        updated_at=moment(body, "updated_at"),
        currency=zero.shop.currency,
        presentment_currency=zero.presentment.currency,
        taxes_included=flag(body, "taxes_included"),
        totals=totals,
        lines=lines,
        shipping_lines=each(body, "shipping_lines", _shipping_line),
        discounts=_discounts(body),
        fees=fees,
        tax_lines=each(body, "tax_lines", tax_line),
        duties_included=flag(body, "duties_included"),
        is_tax_exempt=flag(body, "tax_exempt"),
        is_test=flag(body, "test"),
        cancelled_at=moment_or_none(body, "cancelled_at"),
        cancel_reason=lower(body, "cancel_reason"),
        closed_at=moment_or_none(body, "closed_at"),
        financial_status=lower(body, "financial_status"),
        source_name=text(body, "source_name"),
        location_gid=_numbered(body, "location_id", "Location"),
        customer=child(body, "customer", customer),
        company=company,
        email=text(body, "email"),
        phone=text(body, "phone"),
        billing=child(body, "billing_address", postal_address),
        shipping=child(body, "shipping_address", postal_address),
        payment_terms=_payment_terms(body),
        purchase_order=text(body, "po_number"),
        note=text(body, "note"),
        attributes=pairs(body, "note_attributes", name="name"),
        tags=split_tags(body),
        gateways=texts(body, "payment_gateway_names"),
        refunds=each(body, "refunds", lambda node: refund(node, zero=zero)),
        fulfilments=each(body, "fulfillments", fulfilment),
        unknown=ALWAYS_UNKNOWN | unknown,
    )


def order_line(node: Json) -> OrderLine:
    """One line item."""
    exists = flag(node, "product_exists", default=True)
    quantity = count(node, "quantity")
    return OrderLine(
        gid=gid(node),
        title=text(node, "title"),
        variant_title=text(node, "variant_title"),
        quantity=quantity,
        current_quantity=count(node, "current_quantity") if "current_quantity" in node else quantity,
        unit_price=both(node, "price_set"),
        sku=text(node, "sku"),
        vendor=text(node, "vendor"),
        variant_gid=_numbered(node, "variant_id", "ProductVariant") if exists else None,
        product_gid=_numbered(node, "product_id", "Product") if exists else None,
        discounts=each(node, "discount_allocations", _allocation),
        taxes=each(node, "tax_lines", tax_line),
        duties=each(node, "duties", _duty),
        attributes=pairs(node, "properties", name="name"),
        is_gift_card=flag(node, "gift_card"),
        is_tip=node.get("tip") is not None or node.get("tip_payment_gateway") is not None,
        is_taxable=flag(node, "taxable", default=True),
        requires_shipping=flag(node, "requires_shipping", default=True),
    )


def mark_tips(lines: tuple[OrderLine, ...], tip: Money) -> tuple[OrderLine, ...]:
    """The lines, with those that are the tip marked as such."""
    if not tip or any(line.is_tip for line in lines):
        return lines
    chosen = tip_lines(
        (
            (index, line.title, line.unit_price.shop.amount * line.quantity)
            for index, line in enumerate(lines)
            if line.variant_gid is None and not (line.requires_shipping or line.is_gift_card or line.sku)
        ),
        tip.amount,
    )
    return tuple(replace(line, is_tip=True) if index in chosen else line for index, line in enumerate(lines))


def split_tags(node: Json) -> tuple[str, ...]:
    """The comma list, sorted and without repeats."""
    return tuple(sorted({tag.strip() for tag in text(node, "tags").split(",")} - {""}))


def _tip(body: Json, zero: Both) -> Money:
    value = body.get("total_tip_received")
    if value is None:
        return zero.shop
    try:
        return money(value, zero.shop.currency)
    except (TypeError, ValueError):
        raise Drift("total_tip_received", "is not an amount") from None


def _totals(body: Json, lines: tuple[OrderLine, ...], tip: Money, zero: Both) -> tuple[Totals, set[str]]:
    unknown: set[str] = set()
    tips = zero
    for line in lines:
        if line.is_tip:
            tips = tips + line.unit_price.times(line.quantity)
    if tip != tips.shop:
        if zero.shop.currency == zero.presentment.currency:
            tips = Both(tip, tip)
        else:
            unknown.add("tip")
    return (
        Totals(
            total=both(body, "total_price_set"),
            current_total=both(body, "current_total_price_set"),
            subtotal=both(body, "subtotal_price_set"),
            discounts=both(body, "total_discounts_set"),
            tax=both(body, "total_tax_set"),
            shipping=both(body, "total_shipping_price_set"),
            duties=both_or(body, "original_total_duties_set", zero),
            fees=both_or(body, "original_total_additional_fees_set", zero),
            tip=tips,
            rounding_paid=both_or(body, "total_cash_rounding_payment_adjustment_set", zero),
            rounding_refunded=both_or(body, "total_cash_rounding_refund_adjustment_set", zero),
            told=frozenset(name for name, key in FIGURES if body.get(key) is not None),
            current={name: both(body, key) for name, key in CURRENT if body.get(key) is not None},
        ),
        unknown,
    )


def _numbered(node: Json, key: str, kind: str) -> str | None:
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Drift(key, "is not a whole number")
    return f"{GID}{kind}/{value}"


def _discounts(body: Json) -> tuple[Discount, ...]:
    return tuple(
        Discount(index=index, kind=kind, title=title)
        for index, (kind, title) in enumerate(each(body, "discount_applications", _discount))
    )


def _discount(node: Json) -> tuple[str, str]:
    kind = lower(node, "type")
    return DISCOUNT_KINDS.get(kind, kind), text(node, "code") or text(node, "title")


def _allocation(node: Json) -> DiscountAllocation:
    return DiscountAllocation(
        discount_index=count(node, "discount_application_index"), amount=both(node, "amount_set")
    )


def _duty(node: Json) -> Duty:
    return Duty(
        gid=text(node, "admin_graphql_api_id") or f"{GID}Duty/{need(node, 'id')}",
        amount=duty_amount(node),
        taxes=each(node, "tax_lines", tax_line),
        hs_code=text(node, "harmonized_system_code"),
        origin_country_code=text(node, "country_code_of_origin"),
    )


def _shipping_line(node: Json) -> ShippingLine:
    return ShippingLine(
        gid=f"{GID}ShippingLine/{whole(node, 'id')}",
        title=text(node, "title"),
        code=text(node, "code"),
        source=text(node, "source"),
        carrier=text(node, "carrier_identifier"),
        price=both(node, "price_set"),
        discounts=each(node, "discount_allocations", _allocation),
        taxes=each(node, "tax_lines", tax_line),
        is_removed=flag(node, "is_removed"),
    )


def _company(node: Json) -> OrderCompany:
    return OrderCompany(
        gid=f"{GID}Company/{whole(node, 'id')}",
        location_gid=f"{GID}CompanyLocation/{whole(node, 'location_id')}",
    )


def _payment_terms(body: Json) -> PaymentTerms | None:
    terms = body.get("payment_terms")
    if not terms:
        return None
    if isinstance(terms, str):
        return PaymentTerms(name=terms)
    if not isinstance(terms, dict):
        raise Drift("payment_terms", "is neither a name nor an object")
    days = terms.get("due_in_days")
    return PaymentTerms(
        name=text(terms, "payment_terms_name"),
        kind=lower(terms, "payment_terms_type"),
        due_in_days=days if isinstance(days, int) else None,
    )


__all__ = ["Customer", "order", "order_line", "parse"]
