"""productVariantsBulkCreate: variants that a product gets besides those it has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import catalogue, products
from sandbox.shopify.commands.happenings import action
from sandbox.shopify.context import Context
from sandbox.shopify.documents import gid
from sandbox.shopify.errors import user
from sandbox.shopify.resolvers.product_writes import GONE, new_variant, values_of
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document


@resolves("Mutation.productVariantsBulkCreate")
def variants_bulk_create(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    store, shop = context.store, context.shop
    product = store.get(shop, "product", arguments["productId"])
    if product is None:
        error = user(GONE, "productId", code="PRODUCT_DOES_NOT_EXIST")
        return {"product": None, "productVariantsIds": [], "userErrors": [error]}
    wishes = arguments["variants"]
    if faults := _create_faults(context, product, wishes):
        return {"productId": product["id"], "productVariantsIds": [], "userErrors": faults}
    made: list[str] = []
    with action(store, shop) as happening:
        for place, wish in enumerate(wishes, start=len(product["variantIds"]) + 1):
            made.append(
                catalogue.add_variant(
                    store,
                    shop,
                    new_variant(wish),
                    product_id=product["id"],
                    title=product["title"],
                    position=place,
                    make_id=store.next_id,
                )
            )
            _add_choices(context, product, dict(values_of(wish)))
        product["variantIds"] += made
        products.touch(happening, product)
    return {"productId": product["id"], "productVariantsIds": made, "userErrors": []}


def _add_choices(context: Context, product: Document, chosen: dict[str, str]) -> None:
    for option in product["options"]:
        value = chosen[option["name"]]
        if value not in option["values"]:
            option["values"].append(value)
            value_id = gid("ProductOptionValue", context.store.next_id())
            option["optionValues"].append({"id": value_id, "name": value, "hasVariants": True})


def _create_faults(context: Context, product: Document, wishes: list[Document]) -> list[Document]:
    names = [option["name"] for option in product["options"]]
    rows = [context.store.get(context.shop, "product_variant", one) for one in product["variantIds"]]
    taken = [tuple(one["value"] for one in row["selectedOptions"]) for row in rows if row]
    faults = []
    for index, wish in enumerate(wishes):
        path, given = ("variants", index), dict(values_of(wish)) if wish.get("optionValues") else {}
        for place, name in enumerate(given):
            if name not in names:
                where = (*path, "optionValues", place)
                faults.append(user("Option does not exist", *where, code="INVALID_INPUT"))
        for name in names:
            if name not in given:
                message = f"You need to add option values for {name}"
                faults.append(user(message, *path, code="NEED_TO_ADD_OPTION_VALUES"))
        values = tuple(given.get(name, "") for name in names)
        if values in taken:
            named = " / ".join(values)
            message = f"The variant '{named}' already exists. Please change at least one option value."
            faults.append(user(message, *path, code="VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE"))
        taken.append(values)
        if wish.get("price") is not None and Decimal(str(wish["price"])) < 0:
            message = "Price must be greater than or equal to 0"
            faults.append(user(message, *path, "price", code="GREATER_THAN_OR_EQUAL_TO"))
    return faults
