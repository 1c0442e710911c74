"""Customers, companies and addresses out of webhook bodies."""

from __future__ import annotations

from typing import Any

from sync.domain.documents import Address
from sync.domain.parties import Company, CompanyLocation, Customer
from sync.shopify.bodies_values import (
    Json,
    address,
    child,
    contract,
    each,
    flag,
    gid,
    moment_or_none,
    text,
)

CODES = ("province_code", "country_code")


def customer_record(body: Any) -> Customer:
    """The customer of a `customers/*` body. Raises Rejected `schema_drift`."""
    with contract("a customer"):
        return customer(body)


def company_record(body: Any) -> Company:
    """The company of a `companies/*` body, without its branches. Raises Rejected `schema_drift`."""
    with contract("a company"):
        return Company(
            gid=gid(body),
            name=text(body, "name"),
            external_id=text(body, "external_id"),
            note=text(body, "note"),
            updated_at=moment_or_none(body, "updated_at"),
        )


def company_location_record(body: Any) -> CompanyLocation:
    """The branch of a `company_locations/*` body. Raises Rejected `schema_drift`."""
    with contract("a company location"):
        return CompanyLocation(
            gid=gid(body),
            name=text(body, "name"),
            external_id=text(body, "external_id"),
            vat_number=text(body, "tax_registration"),
            phone=text(body, "phone"),
            billing=child(body, "billing_address", postal_address),
            shipping=child(body, "shipping_address", postal_address),
        )


def customer(node: Json) -> Customer:
    """A customer, alone or inside an order."""
    return Customer(
        gid=gid(node),
        first_name=text(node, "first_name"),
        last_name=text(node, "last_name"),
        email=text(node, "email"),
        phone=text(node, "phone"),
        note=text(node, "note"),
        is_tax_exempt=flag(node, "tax_exempt"),
        default_address=child(node, "default_address", postal_address),
        addresses=each(node, "addresses", postal_address),
        tags=tuple(sorted({tag.strip() for tag in text(node, "tags").split(",")} - {""})),
        updated_at=moment_or_none(node, "updated_at"),
    )


def postal_address(node: Json) -> Address:
    """A postal address."""
    return address(text(node, "first_name"), text(node, "last_name"), text(node, "name"), node, CODES)
