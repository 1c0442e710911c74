"""The shop itself, its locations, and the versions of the API."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sandbox.shopify.connections import SortKey, count, sort_by
from sandbox.shopify.context import Context
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.search import Field
from sandbox.shopify.store import Document

VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
QUARTERS = {"01": "January", "04": "April", "07": "July", "10": "October"}
LOCATION_FIELDS = {
    "id": Field(lambda row: [row["id"].rsplit("/", 1)[-1]], "id"),
    "name": Field(lambda row: [row["name"]]),
    "address1": Field(lambda row: [row["address"]["address1"]]),
    "city": Field(lambda row: [row["address"]["city"]]),
    "country": Field(lambda row: [row["address"]["country"]]),
    "zip": Field(lambda row: [row["address"]["zip"]]),
    "active": Field(lambda row: [row["isActive"]]),
    "created_at": Field(lambda row: [row["createdAt"]], "time"),
}


@resolves("QueryRoot.shop")
def shop(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.store.view(context.shop, "shop", context.shop)


@resolves("Shop.timezoneAbbreviation")
def timezone_abbreviation(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    return context.store.now().astimezone(ZoneInfo(source["ianaTimezone"])).strftime("%Z")


@resolves("Shop.timezoneOffset")
def timezone_offset(context: Context, source: Document, arguments: dict[str, Any]) -> str:
    return context.store.now().astimezone(ZoneInfo(source["ianaTimezone"])).strftime("%z")


@resolves("Shop.timezoneOffsetMinutes")
def timezone_offset_minutes(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    offset = context.store.now().astimezone(ZoneInfo(source["ianaTimezone"])).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


@resolves("Shop.billingAddress")
def billing_address(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    address: Document = source["shopAddress"]
    return address


@resolves("QueryRoot.publicApiVersions")
def public_api_versions(context: Context, source: Any, arguments: dict[str, Any]) -> list[Document]:
    newest = VERSIONS[-1]
    return [
        {
            "handle": handle,
            "displayName": f"{handle} (Latest)" if handle == newest else handle,
            "supported": True,
        }
        for handle in VERSIONS
    ] + [{"handle": "unstable", "displayName": "unstable", "supported": False}]


@resolves("QueryRoot.locations", "Shop.locations")
def locations(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = [row for row in context.views("location") if row["isActive"] or arguments.get("includeInactive")]
    keys: dict[str, SortKey] = {
        "ID": lambda row: int(row["id"].rsplit("/", 1)[-1]),
        "NAME": lambda row: str(row["name"]).lower(),
        "CREATED_AT": lambda row: str(row["createdAt"]),
    }
    sort = sort_by(keys, arguments, "NAME")
    return context.search(rows, arguments, LOCATION_FIELDS, default=("name",), sort=sort)


@resolves("Shop.domains")
def domains(context: Context, source: Document, arguments: dict[str, Any]) -> list[Document]:
    return [source["primaryDomain"]]


@resolves("QueryRoot.location")
def location(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    if arguments.get("id") is None:
        return next((row for row in context.views("location") if row["isPrimary"]), None)
    return context.wanted(arguments["id"], "Location")


@resolves("QueryRoot.locationsCount")
def locations_count(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    rows = [row for row in context.views("location") if row["isActive"]]
    return count(len(context.matching(rows, arguments.get("query"), LOCATION_FIELDS, default=("name",))))


@resolves("Location.hasActiveInventory")
def has_active_inventory(context: Context, source: Document, arguments: dict[str, Any]) -> bool:
    levels = [row for row in context.views("inventory_level") if row["locationId"] == source["id"]]
    return any(level["isActive"] and any(level["stock"].values()) for level in levels)


@resolves("Location.hasUnfulfilledOrders")
def has_unfulfilled_orders(context: Context, source: Document, arguments: dict[str, Any]) -> bool:
    return any(
        part["assignedLocationId"] == source["id"] and part["status"] in ("OPEN", "IN_PROGRESS", "ON_HOLD")
        for order in context.views("order")
        for part in order["fulfillmentOrders"]
    )
