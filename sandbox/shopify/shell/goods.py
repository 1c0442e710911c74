"""Products and stock in the admin: what is sold, at which price, and how much of it lies where."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.shopify.commands import products as product_commands
from sandbox.shopify.commands import stock
from sandbox.shopify.documents import gid
from sandbox.shopify.door import Call
from sandbox.shopify.shell import render
from sandbox.shopify.store import Document
from sandbox.shopify.trade_acts import NOT_POSSIBLE, reason


def products(call: Call) -> Response:
    """GET /store/{shop}/products"""
    store, shop = call.world.store, call.shop
    rows = [_row(call, one) for one in store.views(shop, "product")]
    return render.page(call, "products.html", section="products", rows=rows)


def product(call: Call) -> Response:
    """GET /store/{shop}/products/{id}"""
    store, shop = call.world.store, call.shop
    found = store.view(shop, "product", gid("Product", call.parameters["id"]))
    if found is None:
        return render.back(call, "/products", failure="There is no such product in this shop.")
    return render.page(
        call,
        "product.html",
        section="products",
        product=found,
        variants=_variants(call, found),
        places=[{"id": one["id"], "name": one["name"]} for one in store.views(shop, "location")],
    )


def change_product(call: Call) -> Response:
    """POST /store/{shop}/products/{id}"""
    number, form = call.parameters["id"], call.form()
    changes: Document = {key: form[key] for key in ("title", "status", "vendor") if form.get(key)}
    prices = [
        {"id": key[6:], "price": value} for key, value in form.items() if key.startswith("price:") and value
    ]
    if prices:
        changes["variants"] = prices
    try:
        product_commands.update(call.world.store, call.shop, gid("Product", number), changes)
    except NOT_POSSIBLE as refused:
        return render.back(call, f"/products/{number}", failure=f"Not saved: {reason(refused)}")
    return render.back(call, f"/products/{number}", notice="Product saved.")


def set_stock(call: Call) -> Response:
    """POST /store/{shop}/stock"""
    form = call.form()
    try:
        stock.set(
            call.world.store,
            call.shop,
            form["sku"],
            available=int(form["available"]),
            location_id=form.get("location_id") or None,
        )
    except NOT_POSSIBLE as refused:
        return render.back(call, "/products", failure=f"Stock not set: {reason(refused)}")
    target = f"/products/{form['product']}" if form.get("product") else "/products"
    return render.back(call, target, notice=f"{form['sku']} is now {form['available']}.")


def _row(call: Call, product: Document) -> Document:
    variants = _variants(call, product)
    return {
        "product": product,
        "variants": len(variants),
        "skus": [one["variant"]["sku"] for one in variants if one["variant"]["sku"]],
        "tracked": any(one["tracked"] for one in variants),
        "available": sum(level["available"] for one in variants for level in one["levels"]),
    }


def _variants(call: Call, product: Document) -> list[Document]:
    store, shop = call.world.store, call.shop
    names = {one["id"]: one["name"] for one in store.views(shop, "location")}
    levels = store.views(shop, "inventory_level")
    found = []
    for variant_id in product["variantIds"]:
        variant = store.view(shop, "product_variant", variant_id) or {}
        item = store.view(shop, "inventory_item", variant["inventoryItemId"]) or {}
        here = [
            {
                "place": names.get(level["locationId"], "–"),
                "location_id": level["locationId"],
                "available": level["stock"]["available"],
                "committed": level["stock"]["committed"],
            }
            for level in levels
            if level["itemId"] == item["id"] and level["isActive"]
        ]
        found.append({"variant": variant, "tracked": item["tracked"], "levels": here})
    return found
