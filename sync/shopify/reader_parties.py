"""Customers and companies out of GraphQL nodes."""

from __future__ import annotations

from typing import Any

from sync.domain.documents import Address
from sync.domain.parties import Company, CompanyLocation, Customer, OrderCompany
from sync.shopify.bodies_values import Json, child, contract, flag, moment_or_none, text, texts
from sync.shopify.reader_values import identity, nodes, postal_address, reference


def customer_record(node: Any) -> Customer:
    """The customer of the `customer` document. Raises Rejected `schema_drift`."""
    with contract("a customer"):
        return customer(node)


def company_record(node: Any) -> Company:
    """The company of the `company` document, with its branches. Raises Rejected `schema_drift`."""
    with contract("a company"):
        return Company(
            gid=identity(node),
            name=text(node, "name"),
            external_id=text(node, "externalId"),
            note=text(node, "note"),
            updated_at=moment_or_none(node, "updatedAt"),
            locations=nodes(node, "locations", company_location),
        )


def company_location_record(node: Any) -> CompanyLocation:
    """The branch of the `company_location` document. Raises Rejected `schema_drift`."""
    with contract("a company location"):
        return company_location(node)


def customer(node: Json) -> Customer:
    """A Customer, alone or inside an order. What the shop does not let us see is empty."""
    return Customer(
        gid=identity(node),
        first_name=text(node, "firstName"),
        last_name=text(node, "lastName"),
        email=child(node, "defaultEmailAddress", lambda one: text(one, "emailAddress")) or "",
        phone=child(node, "defaultPhoneNumber", lambda one: text(one, "phoneNumber")) or "",
        note=text(node, "note"),
        is_tax_exempt=flag(node, "taxExempt"),
        default_address=child(node, "defaultAddress", postal_address),
        addresses=nodes(node, "addressesV2", postal_address),
        tags=tuple(sorted(set(texts(node, "tags")))),
        updated_at=moment_or_none(node, "updatedAt"),
    )


def company_location(node: Json) -> CompanyLocation:
    """A CompanyLocation."""
    settings = child(node, "taxSettings", _same) or {}
    return CompanyLocation(
        gid=identity(node),
        name=text(node, "name"),
        external_id=text(node, "externalId"),
        vat_number=text(settings, "taxRegistrationId"),
        phone=text(node, "phone"),
        is_tax_exempt=flag(settings, "taxExempt"),
        billing=child(node, "billingAddress", _branch_address),
        shipping=child(node, "shippingAddress", _branch_address),
    )


def order_company(node: Json) -> OrderCompany | None:
    """The company of an order's purchasing entity; None when a person buys."""
    company = child(node, "company", _same)
    if company is None:
        return None
    location = child(node, "location", _same) or {}
    settings = child(location, "taxSettings", _same) or {}
    return OrderCompany(
        gid=reference(node, "company"),
        location_gid=reference(node, "location"),
        name=text(company, "name"),
        external_id=text(company, "externalId"),
        location_name=text(location, "name"),
        location_external_id=text(location, "externalId"),
        vat_number=text(settings, "taxRegistrationId"),
    )


def _same(node: Json) -> Json:
    return node


def _branch_address(node: Json) -> Address:
    own = f"{text(node, 'firstName')} {text(node, 'lastName')}".strip()
    return Address(
        name=text(node, "recipient") or own,
        company=text(node, "companyName"),
        street=text(node, "address1"),
        street2=text(node, "address2"),
        city=text(node, "city"),
        postal_code=text(node, "zip"),
        province_code=text(node, "zoneCode"),
        country_code=text(node, "countryCode"),
        phone=text(node, "phone"),
    )
