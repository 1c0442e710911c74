"""productSet, productVariantsBulkUpdate, productCreate, productUpdate and productDelete."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import catalogue, products, stock
from sandbox.shopify.commands.catalogue import NewProduct, NewVariant
from sandbox.shopify.commands.happenings import Action, action
from sandbox.shopify.context import Context
from sandbox.shopify.documents import now
from sandbox.shopify.errors import Fault, unsupported, user
from sandbox.shopify.resolvers.inventory_writes import STALE
from sandbox.shopify.resolvers.metafield_writes import set_all
from sandbox.shopify.resolvers.registry import resolves
from sandbox.shopify.store import Document

LONGEST = 255
DEAREST = Decimal(10) ** 18
GONE = "Product does not exist"
TEXTS = {
    "title": "title",
    "vendor": "vendor",
    "productType": "productType",
    "descriptionHtml": "descriptionHtml",
}
PLAIN = {**TEXTS, "status": "status", "handle": "handle"}
ITEM_FIELDS = ("sku", "tracked", "requiresShipping", "harmonizedSystemCode", "countryCodeOfOrigin")


def _home(context: Context) -> Document:
    return context.store.view(context.shop, "shop", context.shop) or {}


@resolves("Mutation.productCreate")
def product_create(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments.get("product") or arguments.get("input")
    if wish is None or (arguments.get("product") and arguments.get("input")):
        message = "productCreate must include exactly one of the following arguments: input, product."
        raise Fault(message, "INVALID_FIELD_ARGUMENTS")
    if faults := _text_faults(wish):
        return {"product": None, "userErrors": faults}
    with action(context.store, context.shop) as happening:
        product_id, faults = _made(happening, context, wish, [NewVariant(tracked=False)])
    return {"productId": product_id, "userErrors": faults}


def _made(
    happening: Action, context: Context, wish: Document, variants: list[NewVariant]
) -> tuple[str, list[Document]]:
    """A new product, and what is wrong with its metafields."""
    store, shop = context.store, context.shop
    product_id = catalogue.add(store, shop, _new(context, wish, variants))
    made = store.get(shop, "product", product_id)
    assert made is not None
    kept = store.put(shop, "product", product_id, made | _shown_in_shop(wish))
    faults = set_all(context, product_id, wish.get("metafields"))
    happening.tell("products/create", kept)
    return product_id, faults


def _shown_in_shop(wish: Document) -> Document:
    """How search engines and the theme show a product, as far as the wish says."""
    found: Document = {}
    if wish.get("seo") is not None:
        found["seo"] = {key: wish["seo"].get(key) for key in ("title", "description")}
    if wish.get("templateSuffix") is not None:
        found["templateSuffix"] = wish["templateSuffix"]
    return found


def _new(context: Context, wish: Document, variants: list[NewVariant]) -> NewProduct:
    return NewProduct(
        title=wish["title"],
        variants=tuple(variants),
        vendor=(wish.get("vendor") or "").strip() or _home(context)["name"],
        type=wish.get("productType") or "",
        status=wish.get("status") or "ACTIVE",
        handle=catalogue.handle_of(wish["handle"]) if wish.get("handle") else None,
        tags=tuple(wish.get("tags") or ()),
        description_html=wish.get("descriptionHtml") or "",
        is_gift_card=bool(wish.get("giftCard")),
    )


def _text_faults(wish: Document, *prefix: str, needs_title: bool = True) -> list[Document]:
    faults = []
    if (needs_title or "title" in wish) and not (wish.get("title") or "").strip():
        faults.append(user("Title can't be blank", *prefix, "title", code="INVALID_INPUT"))
    for key, label in (("title", "Title"), ("vendor", "Vendor"), ("productType", "Product type")):
        if len(wish.get(key) or "") > LONGEST:
            message = f"{label} is too long (maximum is {LONGEST} characters)"
            faults.append(user(message, *prefix, key, code="INVALID_INPUT"))
    return faults


@resolves("Mutation.productUpdate")
def product_update(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wish = arguments.get("product") or arguments.get("input") or {}
    wanted = wish.get("id") or (arguments.get("identifier") or {}).get("id")
    product = context.store.get(context.shop, "product", wanted or "")
    if product is None:
        return {"product": None, "userErrors": [user(GONE, "id")]}
    if faults := _text_faults(wish, needs_title=False):
        return {"productId": product["id"], "userErrors": faults}
    with action(context.store, context.shop) as happening:
        faults = _write(context, product, wish)
        products.touch(happening, product)
    return {"productId": product["id"], "userErrors": faults}


def _write(context: Context, product: Document, wish: Document) -> list[Document]:
    """Changes a product; gives what is wrong with its metafields."""
    product |= {field: wish[key] for key, field in PLAIN.items() if wish.get(key) is not None}
    if wish.get("tags") is not None:
        product["tags"] = catalogue.clean_tags(wish["tags"])
    product |= _shown_in_shop(wish)
    return set_all(context, product["id"], wish.get("metafields"))


@resolves("Mutation.productDelete")
def product_delete(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    wanted = arguments["input"]["id"]
    if context.wanted(wanted, "Product") is None:
        return {"deletedProductId": None, "productDeleteOperation": None, "userErrors": [user(GONE, "id")]}
    products.delete(context.store, context.shop, wanted)
    return {"deletedProductId": wanted, "productDeleteOperation": None, "userErrors": []}


@resolves("Mutation.productSet")
def product_set(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    if arguments.get("synchronous") is False:
        raise unsupported("a productSet that is not synchronous")
    wish, identifier = arguments["input"], arguments.get("identifier") or {}
    product = None
    faults = []
    if wish.get("id") and identifier:
        message = "The id field is not allowed if identifier is provided."
        faults.append(user(message, "input", code="ID_NOT_ALLOWED"))
    elif wish.get("id") or identifier.get("id"):
        product = context.store.get(context.shop, "product", wish.get("id") or identifier["id"])
        if product is None and wish.get("id"):
            faults.append(user(GONE, "input", "id", code="PRODUCT_DOES_NOT_EXIST"))
    elif identifier.get("handle"):
        wish = {"handle": identifier["handle"], **wish}
        product = next(
            (row for row in context.store.all(context.shop, "product") if row["handle"] == wish["handle"]),
            None,
        )
    faults += _text_faults(wish, "input", needs_title=product is None)
    faults += _set_faults(context, product, wish)
    if faults:
        return {
            "productId": product["id"] if product else None,
            "productSetOperation": None,
            "userErrors": faults,
        }
    with action(context.store, context.shop) as happening:
        product_id, faults = _set(happening, context, product, wish)
    return {"productId": product_id, "productSetOperation": None, "userErrors": faults}


def _set_faults(context: Context, product: Document | None, wish: Document) -> list[Document]:
    faults = []
    if wish.get("productOptions") is not None and wish.get("variants") is None:
        message = "Variants input is required when updating product options"
        faults.append(user(message, "input", "variants", code="VARIANTS_INPUT_MISSING"))
    if wish.get("handle"):
        taken = [
            row["id"]
            for row in context.views("product")
            if row["handle"] == catalogue.handle_of(wish["handle"])
        ]
        if any(one != (product or {}).get("id") for one in taken):
            message = f"Handle '{wish['handle']}' already in use. Please provide a new handle."
            faults.append(user(message, "input", "handle", code="HANDLE_NOT_UNIQUE"))
    seen: list[tuple[str | None, ...]] = []
    for index, variant in enumerate(wish.get("variants") or ()):
        path = ("input", "variants", index)
        cost = (variant.get("inventoryItem") or {}).get("cost")
        if cost is not None and Decimal(str(cost)) < 0:
            message = "Cost per item must be greater than or equal to 0"
            faults.append(user(message, *path, "inventoryItem", "cost", code="INVALID_VARIANT"))
        values = tuple(one.get("name") for one in variant["optionValues"])
        if values in seen:
            named = " / ".join(str(one) for one in values)
            message = f"The variant '{named}' already exists. Please change at least one option value."
            faults.append(user(message, *path, code="INVALID_VARIANT"))
        seen.append(values)
    return faults


def _set(
    happening: Action, context: Context, product: Document | None, wish: Document
) -> tuple[str, list[Document]]:
    _check_options(wish)
    if product is None:
        variants = [new_variant(one) for one in wish.get("variants") or ()] or [NewVariant(tracked=False)]
        return _made(happening, context, wish, variants)
    faults = _write(context, product, wish)
    if wish.get("variants") is not None:
        _replace_variants(happening, context, product, wish["variants"])
    products.touch(happening, product)
    return str(product["id"]), faults


def _check_options(wish: Document) -> None:
    """The options of a product here are what its variants make of them; others cannot be kept."""
    made: dict[str, set[str]] = {}
    for name, value in [pair for one in wish.get("variants") or () for pair in values_of(one)]:
        made.setdefault(name, set()).add(value)
    for option in wish.get("productOptions") or ():
        named = {value["name"] for value in option.get("values") or ()}
        if option.get("name") not in made or not named <= made[option["name"]]:
            raise unsupported("productOptions with values that no variant has")


def values_of(variant: Document) -> tuple[tuple[str, str], ...]:
    """The choices of a wish: pairs of option and value."""
    return tuple((one.get("optionName") or "Title", one.get("name") or "") for one in variant["optionValues"])


def new_variant(wish: Document) -> NewVariant:
    """A variant as a wish describes it."""
    item = wish.get("inventoryItem") or {}
    stocked: dict[str, int] = {}
    for row in wish.get("inventoryQuantities") or ():
        if row["name"] != "available":
            raise unsupported(f"inventoryQuantities of name {row['name']}")
        stocked[row["locationId"]] = row["quantity"]
    return NewVariant(
        option_values=values_of(wish),
        sku=wish.get("sku") or item.get("sku"),
        price=products.price_of(wish.get("price") or "0") or "0.00",
        compare_at_price=products.price_of(wish.get("compareAtPrice")),
        barcode=wish.get("barcode"),
        cost=None if item.get("cost") is None else str(item["cost"]),
        tracked=bool(item.get("tracked", False)),
        requires_shipping=bool(item.get("requiresShipping", True)),
        taxable=bool(wish.get("taxable", True)),
        stock=stocked,
    )


def _replace_variants(happening: Action, context: Context, product: Document, wishes: list[Document]) -> None:
    """The list given is the whole list: variants left out disappear."""
    store, shop = context.store, context.shop
    known = [found for one in product["variantIds"] if (found := store.get(shop, "product_variant", one))]
    kept: list[str] = []
    for place, wish in enumerate(wishes, start=1):
        named = [{"name": name, "value": value} for name, value in values_of(wish)]
        found = next(
            (one for one in known if one["id"] == wish.get("id") or one["selectedOptions"] == named), None
        )
        if found is None:
            kept.append(
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
            continue
        for row in wish.get("inventoryQuantities") or ():
            level = stock.level_of(store, shop, found["inventoryItemId"], row["locationId"])
            if level is None or level["stock"]["available"] != row["quantity"]:
                raise unsupported("another inventoryQuantities for a variant that is there")
        found["position"] = place
        found["selectedOptions"] = named
        _change_variant(happening, found, wish)
        kept.append(found["id"])
    for one in known:
        if one["id"] not in kept:
            store.delete(shop, "product_variant", one["id"])
    product["variantIds"] = kept
    product["options"] = catalogue.options_of([new_variant(wish) for wish in wishes], store.next_id)


def _change_variant(happening: Action, variant: Document, wish: Document) -> None:
    for key in ("price", "compareAtPrice"):
        if wish.get(key) is not None:
            variant[key] = products.price_of(wish[key])
    for key in ("barcode", "taxable", "inventoryPolicy"):
        if wish.get(key) is not None:
            variant[key] = wish[key]
    given = wish.get("inventoryItem") or {}
    item = {key: given[key] for key in (*ITEM_FIELDS, "cost") if key in given}
    weight = (given.get("measurement") or {}).get("weight")
    if weight:
        item["weight"] = {"unit": weight["unit"], "value": float(weight["value"])}
    if wish.get("sku") is not None:
        item["sku"] = wish["sku"]
    if "sku" in item:
        variant["sku"] = item["sku"]
    variant["updatedAt"] = now(happening.store)
    happening.store.put(happening.shop, "product_variant", variant["id"], variant)
    if item:
        products.change_item(happening, variant["inventoryItemId"], item)


@resolves("Mutation.productVariantsBulkUpdate")
def variants_bulk_update(context: Context, source: Any, arguments: dict[str, Any]) -> Document:
    product = context.store.get(context.shop, "product", arguments["productId"])
    if product is None:
        error = user(GONE, "productId", code="PRODUCT_DOES_NOT_EXIST")
        return {"product": None, "productVariants": None, "userErrors": [error]}
    wishes = arguments["variants"]
    by_row = {index: _bulk_faults(context, product, wish, index) for index, wish in enumerate(wishes)}
    faults = [fault for rows in by_row.values() for fault in rows]
    if not arguments.get("allowPartialUpdates") and faults:
        return {"productId": product["id"], "productVariants": None, "userErrors": faults}
    good = [wish for index, wish in enumerate(wishes) if not by_row[index]]
    with action(context.store, context.shop) as happening:
        for wish in good:
            variant = context.store.get(context.shop, "product_variant", wish["id"])
            assert variant is not None
            _change_variant(happening, variant, wish)
            for row in wish.get("quantityAdjustments") or ():
                deltas = {"available": row.get("adjustment") or 0}
                stock.shift(happening, variant["inventoryItemId"], row["locationId"], deltas)
        if good:
            products.touch(happening, product)
    return {
        "productId": product["id"],
        "productVariantsIds": [wish["id"] for wish in good],
        "userErrors": faults,
    }


def _bulk_faults(context: Context, product: Document, wish: Document, index: int) -> list[Document]:
    path = ("variants", index)
    if not wish.get("id"):
        return [
            user("Product variant is missing ID attribute", *path, "id", code="PRODUCT_VARIANT_ID_MISSING")
        ]
    if wish["id"] not in product["variantIds"]:
        return [user("Product variant does not exist", *path, "id", code="PRODUCT_VARIANT_DOES_NOT_EXIST")]
    faults = []
    if wish.get("inventoryQuantities") is not None:
        message = (
            "Inventory quantities can only be provided during create. To update inventory for existing variants, use"
            " inventoryAdjustQuantities."
        )
        code = "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
        faults.append(user(message, *path, "inventoryQuantities", code=code))
    compare, price = wish.get("compareAtPrice"), wish.get("price")
    if compare is not None and Decimal(str(compare)) >= DEAREST:
        faults.append(user(f"must be less than {DEAREST}", *path, "compareAtPrice", code="INVALID_INPUT"))
    if price is not None and Decimal(str(price)) < 0:
        message = "Price must be greater than or equal to 0"
        faults.append(user(message, *path, "price", code="GREATER_THAN_OR_EQUAL_TO"))
    cost = (wish.get("inventoryItem") or {}).get("cost")
    if cost is not None and Decimal(str(cost)) < 0:
        message = "Cost per item must be greater than or equal to 0"
        faults.append(user(message, *path, "inventoryItem", "cost", code="GREATER_THAN_OR_EQUAL_TO"))
    for place, row in enumerate(wish.get("quantityAdjustments") or ()):
        faults += _adjustment_faults(context, wish["id"], row, (*path, "quantityAdjustments", place))
    return faults


def _adjustment_faults(
    context: Context, variant_id: str, row: Document, path: tuple[str | int, ...]
) -> list[Document]:
    variant = context.load(variant_id) or {}
    level = stock.level_of(context.store, context.shop, variant["inventoryItemId"], row["locationId"])
    expected = row.get("changeFromQuantity")
    if expected is not None and level is not None and level["stock"]["available"] != expected:
        return [user(STALE[0], *path, "changeFromQuantity", code="INVALID_VALUE")]
    return []
