"""Customers, and companies with their contacts and locations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.connections import SortKey, connection, count, sort_by
from sandbox.shopify.context import Context
from sandbox.shopify.documents import number
from sandbox.shopify.money import money
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

CUSTOMER_FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "email": Field(lambda row: [row["email"]]),
    "phone": Field(lambda row: [row["phone"]]),
    "first_name": Field(lambda row: [row["firstName"]]),
    "last_name": Field(lambda row: [row["lastName"]]),
    "tag": Field(lambda row: row["tags"]),
    "state": Field(lambda row: [row["state"]]),
    "country": Field(lambda row: [address["country"] for address in row["addresses"]]),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
    "customer_date": Field(lambda row: [row["createdAt"]], "time"),
}
TIMED_FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "name": Field(lambda row: [row["name"]]),
    "external_id": Field(lambda row: [row["externalId"]]),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
    "updated_at": Field(lambda row: [row["updatedAt"]], "time"),
}
LOCATION_FIELDS = {
    **TIMED_FIELDS,
    "company_id": Field(lambda row: [row["companyId"].rsplit("/", 1)[-1]], "id"),
}
SORTS: dict[str, SortKey] = {
    "ID": lambda row: number(row["id"]),
    "CREATED_AT": lambda row: str(row["createdAt"]),
    "UPDATED_AT": lambda row: str(row["updatedAt"]),
    "NAME": lambda row: str(row.get("name") or f"{row.get('lastName')} {row.get('firstName')}").lower(),
}


def sort_of(arguments: dict[str, Any]) -> SortKey:
    """The order asked for; by id when none is."""
    return sort_by(SORTS, arguments, "ID")


@resolves("QueryRoot.customer")
def customer(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "Customer")


@resolves("QueryRoot.customers", "Shop.customers")
def customers(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    default = ("email", "first_name", "last_name")
    rows = context.views("customer")
    return context.search(rows, arguments, CUSTOMER_FIELDS, default=default, sort=sort_of(arguments))


@resolves("QueryRoot.customersCount")
def customers_count(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    known = {key: CUSTOMER_FIELDS[key] for key in ("id", "created_at", "updated_at", "customer_date", "tag")}
    rows = context.matching(context.views("customer"), arguments.get("query"), known)
    return count(len(rows), arguments.get("limit"))


@resolves("QueryRoot.customerByIdentifier")
def customer_by_identifier(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    identifier = arguments["identifier"]
    if "id" in identifier:
        return context.wanted(identifier["id"], "Customer")
    key, wanted = ("email", identifier["emailAddress"]) if "emailAddress" in identifier else ("phone", None)
    wanted = wanted or identifier.get("phoneNumber")
    return next((row for row in context.views("customer") if row[key] == wanted), None)


@resolves("Customer.displayName")
def display_name(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    named = " ".join(part for part in (source["firstName"], source["lastName"]) if part)
    return named or source["email"] or source["phone"] or ""


@resolves("Customer.addressesV2")
def addresses(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return connection(source["addresses"], arguments)


@resolves("Customer.defaultAddress")
def default_address(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    wanted = source["defaultAddressId"]
    return next((address for address in source["addresses"] if address["id"] == wanted), None)


@resolves("Customer.defaultEmailAddress")
def default_email(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    if not source["email"]:
        return None
    return {
        "emailAddress": source["email"],
        "marketingState": "SUBSCRIBED" if source["acceptsMarketing"] else "NOT_SUBSCRIBED",
        "marketingOptInLevel": "SINGLE_OPT_IN" if source["acceptsMarketing"] else None,
        "marketingUpdatedAt": None,
        "validFormat": True,
    }


@resolves("Customer.defaultPhoneNumber")
def default_phone(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    if not source["phone"]:
        return None
    return {
        "phoneNumber": source["phone"],
        "marketingState": "NOT_SUBSCRIBED",
        "marketingOptInLevel": None,
        "marketingUpdatedAt": None,
        "marketingCollectedFrom": None,
        "sourceLocation": None,
    }


def _orders(context: Context, source: Document) -> list[Document]:
    return [row for row in context.views("order") if row["customerId"] == source["id"]]


@resolves("Customer.orders")
def customer_orders(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    from sandbox.shopify.resolvers.orders import page_of

    return page_of(context, _orders(context, source), arguments)


@resolves("Customer.numberOfOrders")
def number_of_orders(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return len(_orders(context, source))


@resolves("Customer.amountSpent")
def amount_spent(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    shop = context.store.view(context.shop, "shop", context.shop) or {}
    spent = sum(
        (Decimal(row["netPaymentSet"]["shopMoney"]["amount"]) for row in _orders(context, source)), Decimal(0)
    )
    return money(spent, shop["currencyCode"])


@resolves("Customer.lastOrder")
def last_order(context: Context, source: Document, arguments: dict[str, Any]) -> Document | None:
    rows = _orders(context, source)
    return rows[-1] if rows else None


@resolves("Customer.canDelete")
def can_delete(context: Context, source: Document, arguments: dict[str, Any]) -> bool:
    return not _orders(context, source)


@resolves("Customer.companyContactProfiles")
def company_contact_profiles(context: Context, source: Document, arguments: dict[str, Any]) -> list[Document]:
    return [row for row in context.views("company_contact") if row["customerId"] == source["id"]]


@resolves("QueryRoot.company")
def company(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "Company")


@resolves("QueryRoot.companies")
def companies(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = context.views("company")
    return context.search(rows, arguments, TIMED_FIELDS, default=("name",), sort=sort_of(arguments))


@resolves("QueryRoot.companyLocation")
def company_location(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "CompanyLocation")


@resolves("QueryRoot.companyContact")
def company_contact(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "CompanyContact")


@resolves("QueryRoot.companyLocations")
def company_locations(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = context.views("company_location")
    return context.search(rows, arguments, LOCATION_FIELDS, default=("name",), sort=sort_of(arguments))


@resolves("Company.locations")
def locations_of_company(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = [found for one in source["locationIds"] if (found := context.load(one)) is not None]
    return context.search(rows, arguments, LOCATION_FIELDS, default=("name",), sort=sort_of(arguments))


@resolves("Company.contacts")
def contacts_of_company(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = [found for one in source["contactIds"] if (found := context.load(one)) is not None]
    return connection(rows, arguments)


@resolves("CompanyLocation.catalogs")
def catalogs_of_location(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = [found for one in source["catalogIds"] if (found := context.load(one)) is not None]
    return connection(rows, arguments)


@resolves("Company.orders", "CompanyLocation.orders")
def orders_of_company(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    from sandbox.shopify.resolvers.orders import page_of

    rows = [
        row for row in context.views("order") if source["id"] in (row["companyId"], row["companyLocationId"])
    ]
    return page_of(context, rows, arguments)
