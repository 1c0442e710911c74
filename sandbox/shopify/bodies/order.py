"""An order in its REST form."""

from __future__ import annotations

from sandbox.shopify.bodies import people
from sandbox.shopify.bodies.lines import line_item, shipping_line
from sandbox.shopify.bodies.moneys import refund
from sandbox.shopify.bodies.parcels import inside_order
from sandbox.shopify.bodies.parts import (
    Clock,
    address,
    both,
    discount_applications,
    id_of,
    money_set,
    shop_amount,
    tax_lines,
)
from sandbox.shopify.money import Bag, Currencies, bag_of, fixed, total
from sandbox.shopify.store import Document, Store

TOTALS = {
    "current_subtotal_price": "currentSubtotalPriceSet",
    "current_total_discounts": "currentTotalDiscountsSet",
    "current_total_price": "currentTotalPriceSet",
    "current_total_tax": "currentTotalTaxSet",
    "subtotal_price": "subtotalPriceSet",
    "total_discounts": "totalDiscountsSet",
    "total_line_items_price": "totalLineItemsPriceSet",
    "total_price": "totalPriceSet",
    "total_tax": "totalTaxSet",
}
SETS = {
    "current_shipping_price_set": "currentShippingPriceSet",
    "current_total_additional_fees_set": "currentTotalAdditionalFeesSet",
    "current_total_duties_set": "currentTotalDutiesSet",
    "original_total_additional_fees_set": "originalTotalAdditionalFeesSet",
    "original_total_duties_set": "originalTotalDutiesSet",
    "total_shipping_price_set": "totalShippingPriceSet",
}
UNUSED = (
    *(
        "app_id",
        "browser_ip",
        "cart_token",
        "checkout_token",
        "device_id",
        "landing_site",
        "landing_site_ref",
    ),
    *("merchant_of_record_app_id", "reference", "referring_site", "source_url", "user_id", "client_details"),
)


def order(store: Store, shop: str, document: Document) -> Document:
    """orders/create, orders/updated, orders/paid, orders/cancelled"""
    return {
        **_identity(store, shop, document),
        **_money(document),
        **_state(document),
        "customer": people.of_order(store, shop, document),
        "billing_address": address(document["billingAddress"]),
        "shipping_address": address(document["shippingAddress"]),
        "discount_applications": discount_applications(document["discountApplications"]),
        "discount_codes": _codes(document),
        "line_items": [line_item(line) for line in document["lineItems"]],
        "line_item_groups": [],
        "shipping_lines": [shipping_line(line) for line in document["shippingLines"]],
        "tax_lines": tax_lines(document["taxLines"]),
        "fulfillments": [inside_order(store, shop, one, document) for one in document["fulfillments"]],
        "refunds": [refund(store, shop, one, document) for one in document["refunds"]],
        "returns": [{"id": id_of(one["id"]), "status": one["status"].lower()} for one in document["returns"]],
        "payment_terms": _terms(document, Clock(store, shop)),
    }


def _identity(store: Store, shop: str, document: Document) -> Document:
    clock, order_id = Clock(store, shop), id_of(document["id"])
    company = None
    if document["companyId"]:
        company = {"id": id_of(document["companyId"]), "location_id": id_of(document["companyLocationId"])}
    return {
        **dict.fromkeys(UNUSED),
        "id": order_id,
        "admin_graphql_api_id": document["id"],
        "name": document["name"],
        "number": document["number"] - 1000,
        "order_number": document["number"],
        "token": document["token"],
        "confirmation_number": document["confirmationNumber"],
        "order_status_url": f"https://{shop}/{order_id}/orders/{document['token']}/authenticate",
        "created_at": clock(document["createdAt"]),
        "processed_at": clock(document["processedAt"]),
        "updated_at": clock(document["updatedAt"]),
        "closed_at": clock(document["closedAt"]),
        "cancelled_at": clock(document["cancelledAt"]),
        "cancel_reason": document["cancelReason"].lower() if document["cancelReason"] else None,
        "email": document["email"] or "",
        "contact_email": document["email"],
        "phone": document["phone"],
        "buyer_accepts_marketing": document["customerAcceptsMarketing"],
        "customer_locale": document["customerLocale"],
        "note": document["note"],
        "note_attributes": [
            {"name": one["key"], "value": one["value"]} for one in document["customAttributes"]
        ],
        "tags": ", ".join(document["tags"]),
        "po_number": document["poNumber"],
        "source_name": document["sourceName"],
        "source_identifier": document["sourceIdentifier"],
        "location_id": id_of(document["retailLocationId"]),
        "test": document["test"],
        "company": company,
        "merchant_business_entity_id": f"MTY{order_id}",
    }


def _money(document: Document) -> Document:
    currencies = Currencies(document["currencyCode"], document["presentmentCurrencyCode"])
    nothing = currencies.document(Bag())
    body: Document = {
        "currency": document["currencyCode"],
        "presentment_currency": document["presentmentCurrencyCode"],
        "taxes_included": document["taxesIncluded"],
        "tax_exempt": document["taxExempt"],
        "duties_included": document["dutiesIncluded"],
        "estimated_taxes": document["estimatedTaxes"],
        "payment_gateway_names": document["paymentGatewayNames"],
        "total_outstanding": shop_amount(document["totalOutstandingSet"]),
        "total_tip_received": shop_amount(document["totalTipReceivedSet"]),
        "total_weight": document["totalWeight"],
        "total_cash_rounding_payment_adjustment_set": money_set(nothing),
        "total_cash_rounding_refund_adjustment_set": money_set(nothing),
    }
    for name, field in TOTALS.items():
        body |= both(name, document[field])
    return {**body, **{name: money_set(document[field]) for name, field in SETS.items()}}


def _state(document: Document) -> Document:
    fulfilled = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial", "RESTOCKED": "restocked"}
    return {
        "confirmed": document["confirmed"],
        "financial_status": document["displayFinancialStatus"].lower(),
        "fulfillment_status": fulfilled.get(document["displayFulfillmentStatus"]),
    }


def _codes(document: Document) -> list[Document]:
    found = []
    for application in document["discountApplications"]:
        if "code" not in application:
            continue
        lines = (*document["lineItems"], *document["shippingLines"])
        used = [one for line in lines for one in line["discountAllocations"]]
        mine = [
            bag_of(one["allocatedAmountSet"]) for one in used if one["discountApplication"] == application
        ]
        is_percentage = application["value"]["__typename"] == "PricingPercentageValue"
        found.append(
            {
                "code": application["code"],
                "amount": fixed(total(mine).shop, document["currencyCode"]),
                "type": "percentage" if is_percentage else "fixed_amount",
            }
        )
    return found


def _terms(document: Document, clock: Clock) -> Document | None:
    terms = document["paymentTerms"]
    if terms is None:
        return None
    return {
        "id": id_of(terms["id"]),
        "payment_terms_name": terms["paymentTermsName"],
        "payment_terms_type": terms["paymentTermsType"].lower(),
        "due_in_days": terms["dueInDays"],
        "payment_schedules": [
            {
                "id": id_of(one["id"]),
                "amount": one["amount"]["amount"],
                "currency": one["amount"]["currencyCode"],
                "issued_at": clock(one["issuedAt"]),
                "due_at": clock(one["dueAt"]),
                "completed_at": clock(one["completedAt"]),
            }
            for one in terms["paymentSchedules"]
        ],
    }


def edited(store: Store, shop: str, document: Document) -> Document:
    """orders/edited"""
    clock = Clock(store, shop)
    changes = [{"id": id_of(line_id), "delta": delta} for line_id, delta in document["deltas"]]
    return {
        "order_edit": {
            "id": id_of(document["id"]),
            "app_id": None,
            "created_at": clock(document["createdAt"]),
            "notify_customer": document["notify"],
            "order_id": id_of(document["orderId"]),
            "staff_note": document["staffNote"],
            "user_id": None,
            "line_items": {
                "additions": [one for one in changes if one["delta"] > 0],
                "removals": [{**one, "delta": -one["delta"]} for one in changes if one["delta"] < 0],
            },
            "discounts": {"line_item": {"additions": [], "removals": []}},
            "shipping_lines": {"additions": [], "removals": []},
            "committed_at": clock(document["committedAt"]),
        }
    }
