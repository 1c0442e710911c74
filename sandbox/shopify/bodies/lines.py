"""Lines and shipping lines of an order in their REST form."""

from __future__ import annotations

from decimal import Decimal

from sandbox.shopify.bodies.parts import (
    both,
    discount_allocations,
    duties,
    id_of,
    money_set,
    shop_amount,
    tax_lines,
)
from sandbox.shopify.money import fixed
from sandbox.shopify.store import Document


def fulfillment_status(line: Document) -> str | None:
    """`fulfilled`, `partial` or nothing yet."""
    if line["isTip"] or line["unfulfilledQuantity"] >= line["currentQuantity"]:
        return None
    return "fulfilled" if line["unfulfilledQuantity"] == 0 else "partial"


def line_item(line: Document, *, quantity: int | None = None) -> Document:
    """A line; `quantity` shows it as a part of a parcel or refund."""
    tax = sum((Decimal(one["priceSet"]["shopMoney"]["amount"]) for one in line["taxLines"]), Decimal(0))
    currency = line["originalTotalSet"]["shopMoney"]["currencyCode"]
    body = {
        "id": id_of(line["id"]),
        "admin_graphql_api_id": line["id"],
        "attributed_staffs": [],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": line["fulfillableQuantity"],
        "fulfillment_service": "gift_card" if line["isGiftCard"] else "manual",
        "fulfillment_status": fulfillment_status(line),
        "gift_card": line["isGiftCard"],
        "grams": round(line["weight"]["value"] * 1000),
        "name": line["name"],
        "pre_tax_price": shop_amount(line["priceAfterAllDiscountsBeforeTaxesSet"]),
        "pre_tax_price_set": money_set(line["priceAfterAllDiscountsBeforeTaxesSet"]),
        **both("price", line["originalUnitPriceSet"]),
        "product_exists": line["productId"] is not None,
        "product_id": id_of(line["productId"]),
        "properties": [{"name": one["key"], "value": one["value"]} for one in line["customAttributes"]],
        "quantity": line["quantity"] if quantity is None else quantity,
        "requires_shipping": line["requiresShipping"],
        "sales_line_item_group_id": None,
        "sku": line["sku"] or "",
        "taxable": line["taxable"],
        "title": line["title"],
        **both("total_discount", line["totalDiscountSet"]),
        "total_tax": fixed(tax, currency),
        "variant_id": id_of(line["variantId"]),
        "variant_inventory_management": "shopify" if line["isTracked"] else None,
        "variant_title": line["variantTitle"],
        "vendor": line["vendor"],
        "tax_lines": tax_lines(line["taxLines"]),
        "duties": duties(line["duties"]),
        "discount_allocations": discount_allocations(line["discountAllocations"]),
    }
    if line["isTip"]:
        body["tip"] = {"payment_gateway": None, "payment_method": None}
    return body


def shipping_line(line: Document) -> Document:
    """A shipping line."""
    return {
        "id": id_of(line["id"]),
        "carrier_identifier": line["carrierIdentifier"],
        "code": line["code"],
        "current_discounted_price_set": money_set(line["currentDiscountedPriceSet"]),
        **both("discounted_price", line["discountedPriceSet"]),
        "is_removed": line["isRemoved"],
        "phone": line["phone"],
        **both("price", line["originalPriceSet"]),
        "requested_fulfillment_service_id": None,
        "source": line["source"],
        "title": line["title"],
        "tax_lines": tax_lines(line["taxLines"]),
        "discount_allocations": discount_allocations(line["discountAllocations"]),
    }
