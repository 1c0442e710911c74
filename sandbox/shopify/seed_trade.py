"""What a seeded shop has beside goods and customers: a company with its price list, and past payouts.

It owns these documents only at their birth; `orders` and the price list mutations change them later.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.shopify.documents import gid, now, stamp
from sandbox.shopify.money import money
from sandbox.shopify.store import Document, Store

PAYOUTS = (("PAID", "412.80", "12.27"), ("PAID", "96.15", "3.09"), ("SCHEDULED", "57.40", "1.96"))


def companies(store: Store, shop: str, customer_id: str, ids: count[int]) -> None:
    """One company with a contact, a location, a catalog and a price list 10 % below the shop's prices."""
    customer = store.get(shop, "customer", customer_id)
    home = store.get(shop, "shop", shop)
    assert customer is not None
    assert home is not None
    at, code = now(store), shop[:3].upper()
    company_id, contact_id = gid("Company", next(ids)), gid("CompanyContact", next(ids))
    location_id, catalog_id = gid("CompanyLocation", next(ids)), gid("CompanyLocationCatalog", next(ids))
    list_id, address_id = gid("PriceList", next(ids)), gid("CompanyAddress", next(ids))
    name = f"{customer['lastName']} Trading"
    times = {"createdAt": at, "updatedAt": at}
    company = {
        "id": company_id,
        "name": name,
        "externalId": f"{code}-C-1",
        "note": None,
        "customerSince": at,
        "mainContactId": contact_id,
        "contactIds": [contact_id],
        "locationIds": [location_id],
        **times,
    }
    store.put(shop, "company", company_id, company)
    contact = {
        "id": contact_id,
        "companyId": company_id,
        "customerId": customer_id,
        "isMainContact": True,
        "title": "Buyer",
        "locale": customer["locale"],
        **times,
    }
    store.put(shop, "company_contact", contact_id, contact)
    address = _company_address(customer, name, address_id, at)
    location = _company_location(customer, home, company, address)
    store.put(
        shop, "company_location", location_id, {"id": location_id, "catalogIds": [catalog_id], **location}
    )
    _catalog(
        store, shop, home["currencyCode"], catalog_id=catalog_id, list_id=list_id, location_id=location_id
    )


def _company_location(customer: Document, home: Document, company: Document, address: Document) -> Document:
    return {
        "companyId": company["id"],
        "name": f"{company['name']}, main branch",
        "externalId": company["externalId"].replace("-C-", "-CL-"),
        "currency": home["currencyCode"],
        "locale": customer["locale"],
        "note": None,
        "phone": address["phone"],
        "billingAddress": address,
        "shippingAddress": address,
        "taxExemptions": [],
        "taxRegistrationId": None,
        "taxSettings": {"taxExempt": False, "taxExemptions": [], "taxRegistrationId": None},
        "createdAt": company["createdAt"],
        "updatedAt": company["updatedAt"],
    }


def _catalog(
    store: Store, shop: str, currency: str, *, catalog_id: str, list_id: str, location_id: str
) -> None:
    catalog = {
        "id": catalog_id,
        "title": "Trade prices",
        "status": "ACTIVE",
        "priceListId": list_id,
        "companyLocationIds": [location_id],
    }
    store.put(shop, "company_location_catalog", catalog_id, catalog)
    price_list = {
        "id": list_id,
        "name": "Trade prices",
        "currency": currency,
        "catalogId": catalog_id,
        "parent": {
            "adjustment": {"type": "PERCENTAGE_DECREASE", "value": 10.0},
            "settings": {"compareAtMode": "ADJUSTED"},
        },
        "fixed": {},
        "rules": {},
    }
    store.put(shop, "price_list", list_id, price_list)


def _company_address(customer: Document, name: str, address_id: str, at: str) -> Document:
    first = customer["addresses"][0]
    kept: dict[str, Any] = {
        key: first[key]
        for key in (
            "firstName",
            "lastName",
            "address1",
            "address2",
            "city",
            "zip",
            "phone",
            "province",
            "country",
        )
    }
    return {
        **kept,
        "id": address_id,
        "companyName": name,
        "recipient": first["name"],
        "countryCode": first["countryCodeV2"],
        "zoneCode": first["provinceCode"],
        "formattedArea": first["formattedArea"],
        "formattedAddress": first["formatted"],
        "createdAt": at,
        "updatedAt": at,
    }


def payouts(store: Store, shop: str, ids: count[int]) -> None:
    """Three payouts of Shopify Payments, each of one charge."""
    home = store.get(shop, "shop", shop)
    assert home is not None
    currency = home["currencyCode"]
    account_id = gid("ShopifyPaymentsAccount", next(ids))
    account = {
        "id": account_id,
        "activated": True,
        "onboardable": False,
        "country": home["shopAddress"]["countryCodeV2"],
        "defaultCurrency": currency,
        "accountOpenerName": home["shopOwnerName"],
        "balance": [money(Decimal("57.40"), currency)],
    }
    store.put(shop, "shopify_payments_account", account_id, account)
    for place, (status, gross, fee) in enumerate(PAYOUTS):
        issued_at = stamp(store.now() - timedelta(days=7 * (len(PAYOUTS) - place) - 7))
        _payout(store, shop, currency, ids, status, Decimal(gross), Decimal(fee), issued_at)


def _payout(
    store: Store,
    shop: str,
    currency: str,
    ids: count[int],
    status: str,
    gross: Decimal,
    fee: Decimal,
    issued_at: str,
) -> None:
    payout_id, transaction_id = (
        gid("ShopifyPaymentsPayout", next(ids)),
        gid("ShopifyPaymentsBalanceTransaction", next(ids)),
    )
    nothing = money(Decimal(0), currency)
    summary = {
        **dict.fromkeys(SUMMARY_FIELDS, nothing),
        "chargesGross": money(gross, currency),
        "chargesFee": money(fee, currency),
    }
    payout = {
        "id": payout_id,
        "status": status,
        "issuedAt": issued_at,
        "net": money(gross - fee, currency),
        "gross": money(gross, currency),
        "summary": summary,
        "transactionType": "DEPOSIT",
        "externalTraceId": f"TRACE{next(ids)}" if status == "PAID" else None,
    }
    store.put(shop, "shopify_payments_payout", payout_id, payout)
    transaction: Document = {
        "id": transaction_id,
        "type": "CHARGE",
        "sourceType": "CHARGE",
        "sourceId": str(next(ids)),
        "sourceOrderTransactionId": None,
        "amount": money(gross, currency),
        "fee": money(fee, currency),
        "net": money(gross - fee, currency),
        "test": False,
        "transactionDate": issued_at,
        "adjustmentReason": None,
        "adjustmentsOrders": [],
        "associatedOrder": None,
        "associatedPayout": {"id": payout_id, "status": status},
    }
    store.put(shop, "shopify_payments_balance_transaction", transaction_id, transaction)


SUMMARY_FIELDS = (
    *("adjustmentsFee", "adjustmentsGross", "advanceFees", "advanceGross", "chargesFee", "chargesGross"),
    *("refundsFee", "refundsFeeGross", "reservedFundsFee", "reservedFundsGross", "retriedPayoutsFee"),
    *("retriedPayoutsGross", "usdcRebateCreditAmount"),
)
