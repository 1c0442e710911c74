"""Orders in the admin: the list, the form for a new one, and the page of one order with everything that happened."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.shopify.commands import orders as order_commands
from sandbox.shopify.door import Call
from sandbox.shopify.shell import order_form, render
from sandbox.shopify.shell.formats import tail
from sandbox.shopify.store import Document
from sandbox.shopify.trade_acts import NOT_POSSIBLE, order_gid, reason

ROWS = 50
TONES = {
    "PAID": "good",
    "FULFILLED": "good",
    "PENDING": "warn",
    "AUTHORIZED": "info",
    "PARTIALLY_PAID": "warn",
    "PARTIALLY_REFUNDED": "info",
    "PARTIALLY_FULFILLED": "info",
    "REFUNDED": "",
    "VOIDED": "",
    "UNFULFILLED": "warn",
    "ON_HOLD": "warn",
}


def list_page(call: Call) -> Response:
    """GET /store/{shop}/orders"""
    rows = list(reversed(call.world.store.views(call.shop, "order")))
    return render.page(
        call,
        "orders.html",
        section="orders",
        rows=rows[:ROWS],
        total=len(rows),
        tones=TONES,
        buyers=_names(call),
    )


def new(call: Call) -> Response:
    """GET /store/{shop}/orders/new"""
    store, shop = call.world.store, call.shop
    home = store.view(shop, "shop", shop) or {}
    return render.page(
        call,
        "order_new.html",
        section="orders",
        goods=_goods(call),
        customers=store.views(shop, "customer"),
        companies=store.views(shop, "company_location"),
        locations=store.views(shop, "location"),
        currency=home["currencyCode"],
        currencies=home["enabledPresentmentCurrencies"],
    )


def create(call: Call) -> Response:
    """POST /store/{shop}/orders"""
    try:
        order_id = order_commands.create(call.world.store, call.shop, order_form.spec(call.form_items()))
    except NOT_POSSIBLE as refused:
        return render.back(call, "/orders/new", failure=f"The order was not created: {reason(refused)}")
    return render.back(call, f"/orders/{tail(order_id)}", notice="Order created.")


def order(call: Call) -> Response:
    """GET /store/{shop}/orders/{id}"""
    store, shop = call.world.store, call.shop
    found = store.get(shop, "order", order_gid(call.parameters["id"]))
    if found is None:
        return render.back(
            call, "/orders", failure=f"There is no order {call.parameters['id']} in this shop."
        )
    places = {one["id"]: one["name"] for one in store.views(shop, "location")}
    customer = store.view(shop, "customer", found["customerId"]) if found.get("customerId") else None
    return render.page(
        call,
        "order.html",
        section="orders",
        order=found,
        customer=customer,
        places=places,
        tones=TONES,
        goods=_goods(call),
        open_parts=[
            one for one in found["fulfillmentOrders"] if one["status"] in ("OPEN", "IN_PROGRESS", "ON_HOLD")
        ],
        money=found["totalPriceSet"],
    )


def _goods(call: Call) -> list[Document]:
    store, shop = call.world.store, call.shop
    titles = {one["id"]: one["title"] for one in store.views(shop, "product")}
    return [
        {"sku": one["sku"], "price": one["price"], "title": _title(titles[one["productId"]], one["title"])}
        for one in store.views(shop, "product_variant")
        if one["sku"]
    ]


def _title(product: str, variant: str) -> str:
    return product if variant == "Default Title" else f"{product} · {variant}"


def _names(call: Call) -> dict[str, str]:
    return {
        one["id"]: f"{one['firstName'] or ''} {one['lastName'] or ''}".strip() or one["email"] or "–"
        for one in call.world.store.views(call.shop, "customer")
    }
