"""Customers and companies in their REST form."""

from __future__ import annotations

from sandbox.shopify.bodies.parts import Clock, id_of
from sandbox.shopify.documents import load
from sandbox.shopify.store import Document, Store


def _address(document: Document, customer: Document) -> Document:
    return {
        "id": id_of(document["id"]),
        "customer_id": id_of(customer["id"]),
        "first_name": document["firstName"],
        "last_name": document["lastName"],
        "company": document["company"],
        "address1": document["address1"],
        "address2": document["address2"] or "",
        "city": document["city"],
        "province": document["province"],
        "country": document["country"],
        "zip": document["zip"],
        "phone": document["phone"],
        "name": document["name"],
        "province_code": document["provinceCode"],
        "country_code": document["countryCodeV2"],
        "country_name": document["country"],
        "default": document["id"] == customer["defaultAddressId"],
    }


def _default_address(customer: Document) -> Document | None:
    for one in customer["addresses"]:
        if one["id"] == customer["defaultAddressId"]:
            return _address(one, customer)
    return None


def customer(store: Store, shop: str, document: Document) -> Document:
    """customers/create, customers/update"""
    clock, home = Clock(store, shop), store.view(shop, "shop", shop) or {}
    return {
        "id": id_of(document["id"]),
        "admin_graphql_api_id": document["id"],
        "created_at": clock(document["createdAt"]),
        "updated_at": clock(document["updatedAt"]),
        "first_name": document["firstName"],
        "last_name": document["lastName"],
        "state": document["state"].lower(),
        "note": document["note"] or "",
        "verified_email": document["verifiedEmail"],
        "multipass_identifier": None,
        "tax_exempt": document["taxExempt"],
        "email": document["email"],
        "phone": document["phone"],
        "currency": home["currencyCode"],
        "tags": ", ".join(document["tags"]),
        "addresses": [_address(one, document) for one in document["addresses"]],
        "tax_exemptions": document["taxExemptions"],
        "default_address": _default_address(document),
    }


def of_order(store: Store, shop: str, order: Document) -> Document | None:
    """The customer inside an order's body."""
    found = load(store, shop, order["customerId"]) if order["customerId"] else None
    if found is None:
        return None
    body = customer(store, shop, found)
    body.pop("addresses")
    return {**body, "note": found["note"], "tags": ", ".join(found["tags"])}


def customer_delete(store: Store, shop: str, document: Document) -> Document:
    """customers/delete"""
    return {
        "id": id_of(document["id"]),
        "phone": document["phone"],
        "addresses": [],
        "tax_exemptions": [],
        "admin_graphql_api_id": document["id"],
    }


def customers_merge(store: Store, shop: str, document: Document) -> Document:
    """customers/merge; the document is {keptId, deletedId, jobId?}."""
    return {
        "admin_graphql_api_customer_kept_id": document["keptId"],
        "admin_graphql_api_customer_deleted_id": document["deletedId"],
        "admin_graphql_api_job_id": document.get("jobId"),
        "status": "completed",
        "errors": [],
    }


def company(store: Store, shop: str, document: Document) -> Document:
    """companies/create, companies/update"""
    clock = Clock(store, shop)
    return {
        "name": document["name"],
        "note": document["note"] or "",
        "external_id": document["externalId"],
        "main_contact_admin_graphql_api_id": document["mainContactId"],
        "created_at": clock(document["createdAt"]),
        "updated_at": clock(document["updatedAt"]),
        "customer_since": clock(document["customerSince"]),
        "admin_graphql_api_id": document["id"],
    }


def company_location(store: Store, shop: str, document: Document) -> Document:
    """company_locations/create, company_locations/update"""
    clock = Clock(store, shop)
    holder = load(store, shop, document["companyId"])
    assert holder is not None

    def address(one: Document) -> Document:
        return {
            "address1": one["address1"],
            "address2": one["address2"],
            "city": one["city"],
            "zip": one["zip"],
            "recipient": one["recipient"],
            "first_name": one["firstName"],
            "last_name": one["lastName"],
            "phone": one["phone"],
            "zone_code": one["zoneCode"],
            "country_code": one["countryCode"],
            "province": one["province"],
            "country": one["country"],
            "admin_graphql_api_id": one["id"],
            "company_admin_graphql_api_id": document["companyId"],
            "created_at": clock(one["createdAt"]),
            "updated_at": clock(one["updatedAt"]),
        }

    return {
        "name": document["name"],
        "external_id": document["externalId"],
        "phone": document["phone"],
        "locale": document["locale"],
        "note": document["note"] or "",
        "buyer_experience_configuration": None,
        "admin_graphql_api_id": document["id"],
        "tax_exemptions": document["taxExemptions"],
        "tax_registration": None,
        "company": company(store, shop, holder),
        "billing_address": address(document["billingAddress"]),
        "shipping_address": address(document["shippingAddress"]),
        "tax_settings": {"tax_exempt": False, "tax_exemptions": [], "tax_registration_id": ""},
        "created_at": clock(document["createdAt"]),
        "updated_at": clock(document["updatedAt"]),
    }
