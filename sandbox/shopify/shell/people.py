"""Customers in the admin, with the two requests that privacy law lets them make."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.shopify.commands import customers as customer_commands
from sandbox.shopify.documents import gid, number
from sandbox.shopify.door import Call
from sandbox.shopify.shell import render
from sandbox.shopify.store import Document
from sandbox.shopify.trade_acts import NOT_POSSIBLE, reason


def customers(call: Call) -> Response:
    """GET /store/{shop}/customers"""
    store, shop = call.world.store, call.shop
    counts: dict[str, int] = {}
    for order in store.views(shop, "order"):
        counts[order["customerId"]] = counts.get(order["customerId"], 0) + 1
    return render.page(
        call,
        "customers.html",
        section="customers",
        rows=store.views(shop, "customer"),
        counts=counts,
    )


def customer(call: Call) -> Response:
    """GET /store/{shop}/customers/{id}"""
    found = _found(call)
    if found is None:
        return render.back(call, "/customers", failure="There is no such customer in this shop.")
    orders = [one for one in call.world.store.views(call.shop, "order") if one["customerId"] == found["id"]]
    return render.page(call, "customer.html", section="customers", customer=found, orders=orders)


def act(call: Call) -> Response:
    """POST /store/{shop}/customers/{id}/{act}: `save`, `data-request` or `erase`."""
    found = _found(call)
    if found is None:
        return render.back(call, "/customers", failure="There is no such customer in this shop.")
    path = f"/customers/{number(found['id'])}"
    person = {"id": number(found["id"]), "email": found["email"], "phone": found["phone"]}
    orders = [
        number(one["id"])
        for one in call.world.store.views(call.shop, "order")
        if one["customerId"] == found["id"]
    ]
    match call.parameters["act"]:
        case "save":
            return _save(call, found, path)
        case "data-request":
            call.world.ask_for_data(call.shop, person, orders=orders)
            return render.back(call, path, notice="The app was asked what it knows about this customer.")
        case "erase":
            call.world.redact_customer(call.shop, person, orders=orders, at_once="at_once" in call.form())
            return render.back(call, path, notice="The request to forget this customer is on its way.")
        case _:
            return render.back(call, path, failure="This cannot be done to a customer.")


def _save(call: Call, found: Document, path: str) -> Response:
    form = call.form()
    names = ("first_name", "last_name", "email", "phone", "note")
    changes: Document = {name: form[name] or None for name in names if name in form}
    try:
        customer_commands.update(call.world.store, call.shop, found["id"], changes)
    except NOT_POSSIBLE as refused:
        return render.back(call, path, failure=f"Not saved: {reason(refused)}")
    return render.back(call, path, notice="Customer saved.")


def _found(call: Call) -> Document | None:
    return call.world.store.view(call.shop, "customer", gid("Customer", call.parameters["id"]))
