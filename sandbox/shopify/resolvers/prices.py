"""Price lists, catalogs and quantity rules: what a company pays, and how many it must take."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.connections import connection
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user
from sandbox.shopify.money import money
from sandbox.shopify.resolvers.customers import sort_of
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

NO_LIST = ("Price list does not exist.", "PRICE_LIST_NOT_FOUND")
NO_VARIANT = ("Product variant ID does not exist.", "VARIANT_NOT_FOUND")
MISMATCH = (
    "The specified currency does not match the price list's currency.",
    "PRICE_LIST_CURRENCY_MISMATCH",
)
KEPT_PARTS = ("price", "compareAtPrice")


@resolves("QueryRoot.priceList")
def price_list(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.wanted(arguments["id"], "PriceList")


@resolves("QueryRoot.priceLists")
def price_lists(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return connection(context.views("price_list"), arguments, sort=sort_of(arguments))


@resolves("QueryRoot.catalogs")
def catalogs(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    return connection(context.views("company_location_catalog"), arguments)


@resolves("QueryRoot.catalog")
def catalog(context: Context, source: Any, arguments: dict[str, Any]) -> Document | None:
    return context.load(arguments["id"])


@resolves("CompanyLocationCatalog.companyLocations")
def locations_of_catalog(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return connection(
        [found for one in source["companyLocationIds"] if (found := context.load(one))], arguments
    )


@resolves("PriceList.fixedPricesCount")
def fixed_prices_count(context: Context, source: Document, arguments: dict[str, Any]) -> int:
    return len(source["fixed"])


def _price(source: Document, variant: Document) -> Document:
    fixed = source["fixed"].get(variant["id"])
    if fixed:
        return {"variantId": variant["id"], "originType": "FIXED", **fixed}
    adjustment = source["parent"]["adjustment"]
    sign = -1 if adjustment["type"] == "PERCENTAGE_DECREASE" else 1
    factor = 1 + sign * Decimal(str(adjustment["value"])) / 100
    price = money(Decimal(variant["price"]) * factor, source["currency"])
    return {"variantId": variant["id"], "originType": "RELATIVE", "price": price, "compareAtPrice": None}


@resolves("PriceList.prices")
def prices(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    rows = [_price(source, variant) for variant in context.views("product_variant")]
    if arguments.get("originType"):
        rows = [row for row in rows if row["originType"] == arguments["originType"]]
    return connection(rows, arguments)


@resolves("PriceList.quantityRules")
def quantity_rules(context: Context, source: Document, arguments: dict[str, Any]) -> Document:
    return connection([_rule(variant_id, rule) for variant_id, rule in source["rules"].items()], arguments)


def _rule(variant_id: str, rule: Document) -> Document:
    return {"productVariantId": variant_id, "originType": "FIXED", "isDefault": False, **rule}


@resolves("Mutation.priceListFixedPricesAdd")
def fixed_prices_add(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    kept = _list(context, arguments["priceListId"])
    if kept is None:
        return {"prices": None, "userErrors": [user(NO_LIST[0], "priceListId", code=NO_LIST[1])]}
    faults = _price_faults(context, kept, arguments["prices"], "prices")
    if faults:
        return {"prices": [], "userErrors": faults}
    return {"prices": _add(context, kept, arguments["prices"]), "userErrors": []}


@resolves("Mutation.priceListFixedPricesUpdate")
def fixed_prices_update(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    kept = _list(context, arguments["priceListId"])
    if kept is None:
        empty = dict.fromkeys(("priceList", "pricesAdded", "deletedFixedPriceVariantIds"))
        return {**empty, "userErrors": [user(NO_LIST[0], "priceListId", code=NO_LIST[1])]}
    faults = _price_faults(context, kept, arguments["pricesToAdd"], "pricesToAdd")
    faults += _unfixed(kept, arguments["variantIdsToDelete"], "variantIdsToDelete")
    if faults:
        empty_lists: Document = {"pricesAdded": [], "deletedFixedPriceVariantIds": []}
        return {"priceListId": kept["id"], **empty_lists, "userErrors": faults}
    for one in arguments["variantIdsToDelete"]:
        del kept["fixed"][one]
    added = _add(context, kept, arguments["pricesToAdd"])
    gone = arguments["variantIdsToDelete"]
    return {
        "priceListId": kept["id"],
        "pricesAdded": added,
        "deletedFixedPriceVariantIds": gone,
        "userErrors": [],
    }


@resolves("Mutation.priceListFixedPricesDelete")
def fixed_prices_delete(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    kept = _list(context, arguments["priceListId"])
    if kept is None:
        error = user(NO_LIST[0], "priceListId", code=NO_LIST[1])
        return {"deletedFixedPriceVariantIds": None, "userErrors": [error]}
    if faults := _unfixed(kept, arguments["variantIds"], "variantIds"):
        return {"deletedFixedPriceVariantIds": [], "userErrors": faults}
    for one in arguments["variantIds"]:
        del kept["fixed"][one]
    context.store.put(context.shop, "price_list", kept["id"], kept)
    return {"deletedFixedPriceVariantIds": arguments["variantIds"], "userErrors": []}


def _list(context: Context, list_id: str) -> Document | None:
    context.wanted(list_id, "PriceList")
    return context.store.get(context.shop, "price_list", list_id)


def _unfixed(kept: Document, ids: list[str], name: str) -> list[Document]:
    return [
        user("Only fixed prices can be deleted.", name, index, code="PRICE_NOT_FIXED")
        for index, one in enumerate(ids)
        if one not in kept["fixed"]
    ]


def _price_faults(context: Context, kept: Document, wishes: list[Document], name: str) -> list[Document]:
    faults = []
    for index, wish in enumerate(wishes):
        if context.load(wish["variantId"]) is None:
            faults.append(user(NO_VARIANT[0], name, index, "variantId", code=NO_VARIANT[1]))
            continue
        for part in KEPT_PARTS:
            if wish.get(part) and wish[part]["currencyCode"] != kept["currency"]:
                faults.append(user(MISMATCH[0], name, index, part, "currencyCode", code=MISMATCH[1]))
    return faults


def _add(context: Context, kept: Document, wishes: list[Document]) -> list[Document]:
    for wish in wishes:
        kept["fixed"][wish["variantId"]] = {
            part: money(Decimal(str(wish[part]["amount"])), kept["currency"]) if wish.get(part) else None
            for part in KEPT_PARTS
        }
    context.store.put(context.shop, "price_list", kept["id"], kept)
    variants = [found for wish in wishes if (found := context.load(wish["variantId"])) is not None]
    return [_price(kept, variant) for variant in variants]


@resolves("Mutation.quantityRulesAdd")
def quantity_rules_add(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    kept = _list(context, arguments["priceListId"])
    if kept is None:
        error = user("Price list does not exist.", "priceListId", code="PRICE_LIST_DOES_NOT_EXIST")
        return {"quantityRules": None, "userErrors": [error]}
    wishes = arguments["quantityRules"]
    faults = [
        fault for index, wish in enumerate(wishes) for fault in _rule_faults(context, wishes, wish, index)
    ]
    if faults:
        return {"quantityRules": [], "userErrors": faults}
    for wish in wishes:
        kept["rules"][wish["variantId"]] = {
            "minimum": wish["minimum"],
            "maximum": wish.get("maximum"),
            "increment": wish["increment"],
        }
    context.store.put(context.shop, "price_list", kept["id"], kept)
    rules = [_rule(wish["variantId"], kept["rules"][wish["variantId"]]) for wish in wishes]
    return {"quantityRules": rules, "userErrors": []}


RULE_FAULTS = {
    "PRODUCT_VARIANT_DOES_NOT_EXIST": ("variantId", "Product variant ID does not exist."),
    "DUPLICATE_INPUT_FOR_VARIANT": ("variantId", "Quantity rule inputs must be unique."),
    "GREATER_THAN_OR_EQUAL_TO": ("minimum", "Minimum and increment must be greater than or equal to one."),
    "INCREMENT_IS_GREATER_THAN_MINIMUM": (
        "increment",
        "Increment must be lower than or equal to the minimum.",
    ),
    "MINIMUM_NOT_MULTIPLE_OF_INCREMENT": ("minimum", "Minimum must be a multiple of the increment."),
    "MINIMUM_IS_GREATER_THAN_MAXIMUM": ("minimum", "Minimum must be lower than or equal to the maximum."),
    "MAXIMUM_NOT_MULTIPLE_OF_INCREMENT": ("maximum", "Maximum must be a multiple of the increment."),
}


def _rule_faults(context: Context, wishes: list[Document], wish: Document, index: int) -> list[Document]:
    low, high, step = wish["minimum"], wish.get("maximum"), wish["increment"]
    codes = []
    if context.load(wish["variantId"]) is None:
        codes.append("PRODUCT_VARIANT_DOES_NOT_EXIST")
    if sum(1 for one in wishes if one["variantId"] == wish["variantId"]) > 1:
        codes.append("DUPLICATE_INPUT_FOR_VARIANT")
    if low < 1 or step < 1:
        codes.append("GREATER_THAN_OR_EQUAL_TO")
    else:
        if step > low:
            codes.append("INCREMENT_IS_GREATER_THAN_MINIMUM")
        elif low % step:
            codes.append("MINIMUM_NOT_MULTIPLE_OF_INCREMENT")
        if high is not None and high < low:
            codes.append("MINIMUM_IS_GREATER_THAN_MAXIMUM")
        elif high is not None and high % step:
            codes.append("MAXIMUM_NOT_MULTIPLE_OF_INCREMENT")
    return [user(RULE_FAULTS[one][1], "quantityRules", index, RULE_FAULTS[one][0], code=one) for one in codes]
