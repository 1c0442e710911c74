"""The trade half of the control API: buyers and merchants act in a shop, as JSON.

It refuses with HTTP 422 and the reason a wish that `wish_shapes` does not know, and whatever the shop itself would
refuse; nothing is done then. Paths below `/control/shops/{shop}`:

| method and path | body | answer |
|---|---|---|
| GET /records/{kind} | query: `limit` | the kept documents of a kind (order, product, product_variant, customer, ...) |
| POST /orders | the spec of `commands.order_document`; or a list of specs | `{"id", "number"}`, or a list of them |
| POST /orders/{number}/pay | `amount`?, `gateway`? | `{"id"}` of the transaction |
| POST /orders/{number}/cancel | `reason`?, `refund`?, `restock`?, `staff_note`? | `{}` |
| POST /orders/{number}/edit | `add`?, `set_quantity`?, `staff_note`? | `{"id"}` of the agreement |
| POST /orders/{number}/refund | `lines`?, `shipping`?, `amount`?, `note`? | `{"id"}` of the refund |
| POST /orders/{number}/fulfil | `lines`? {line id or SKU: quantity}, `tracking`? | `{"id"}` of the fulfilment |
| POST /orders/{number}/update | changes of `commands.orders.update` | `{}` |
| POST /orders/{number}/dispute | `reason`? to open one, `outcome`? to move it on | `{"id"}` of the dispute |
| POST /orders/{number}/return, .../request-return | the spec of `commands.returns.create` | `{"id"}` of the return |
| POST /returns/{number}/{approve, decline, close, reopen, cancel} | `reason`?, `note`? (decline) | `{}` |
| POST /graphql | `query`, `variables`? | the Admin API's answer to the merchant, who may do everything |
| POST /stock | `sku`, `available`, `location_id`? | `{"id"}` of the inventory item |
| POST /products/{number} | changes of `commands.products.update` | `{}` |
| POST /customers | fields of `commands.customers.create` | `{"id"}` |
| POST /customers/{number} | changes of `commands.customers.update` | `{}` |
| POST /tell | `topic`, `number`, `merged`? (the other customer) | `{"id"}`: news of `announcements` |

`{number}` is the number at the end of the record's global id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.shopify import admin, announcements, trade_acts, wishes
from sandbox.shopify import wish_shapes as shapes
from sandbox.shopify.commands import customers, orders, products, stock
from sandbox.shopify.documents import gid, number
from sandbox.shopify.door import Call
from sandbox.shopify.schema import data
from sandbox.shopify.settings import SANDBOX_CLIENT
from sandbox.shopify.store import Document

RECORDS_SHOWN = 250
EVERY_SCOPE = frozenset(
    scope
    for part in ("types", "fields")
    for entry in data("offline-scopes.json")[part].values()
    for scope in entry["scopes"]
) | {"read_all_orders", "read_shopify_payments_payouts"}


def records(call: Call) -> Response:
    """GET /control/shops/{shop}/records/{kind}"""
    kept = call.world.store.views(call.shop, call.parameters["kind"])
    return JSONResponse(kept[-wishes.limit(call.query, RECORDS_SHOWN) :])


def create_order(call: Call) -> Response:
    """POST /control/shops/{shop}/orders"""
    store, shop, wish = call.world.store, call.shop, call.json()
    is_list = isinstance(wish, list)
    specs = [
        wishes.read(one, shapes.ORDER, needed=("lines",), where=f"[{place}]" if is_list else "")
        for place, one in enumerate(wish if is_list else [wish])
    ]

    def create() -> Any:
        with store.batch():  # all of a list, or none
            made = [orders.create(store, shop, spec) for spec in specs]
        answers = [{"id": order_id, "number": number(order_id)} for order_id in made]
        return answers if is_list else answers[0]

    return _answered(create)


def change_order(call: Call) -> Response:
    """POST /control/shops/{shop}/orders/{id}/{act}"""
    store, shop, at, act = call.world.store, call.shop, call.parameters["id"], call.parameters["act"]
    wish = _wish_of_act(call, shapes.ACTS, act)

    def change() -> Any:
        made = trade_acts.perform(store, shop, at, act=act, wish=wish)
        return {"id": made} if made else {}

    return _answered(change)


def change_return(call: Call) -> Response:
    """POST /control/shops/{shop}/returns/{id}/{act}"""
    store, shop, at, act = call.world.store, call.shop, call.parameters["id"], call.parameters["act"]
    wish = _wish_of_act(call, shapes.RETURN_ACTS, act)

    def change() -> dict[str, Any]:
        trade_acts.perform_on_return(store, shop, at, act=act, wish=wish)
        return {}

    return _answered(change)


def ask(call: Call) -> Response:
    """POST /control/shops/{shop}/graphql"""
    answer = admin.answer(
        call.world.store,
        shop=call.shop,
        scopes=EVERY_SCOPE,
        client_id=SANDBOX_CLIENT,
        payload=call.object(),
        version=call.world.app.webhook_api_version,
    )
    return JSONResponse(answer.body, status_code=answer.status)


def set_stock(call: Call) -> Response:
    """POST /control/shops/{shop}/stock"""
    store, shop = call.world.store, call.shop
    wish = wishes.read(call.json(), shapes.STOCK, needed=("sku", "available"))
    place = wish.get("location_id")
    return _answered(
        lambda: {"id": stock.set(store, shop, wish["sku"], available=wish["available"], location_id=place)}
    )


def change_product(call: Call) -> Response:
    """POST /control/shops/{shop}/products/{id}"""
    store, shop, product_id = call.world.store, call.shop, gid("Product", call.parameters["id"])
    wish = wishes.read(call.json(), shapes.PRODUCT)

    def change() -> dict[str, Any]:
        products.update(store, shop, product_id, wish)
        return {}

    return _answered(change)


def create_customer(call: Call) -> Response:
    """POST /control/shops/{shop}/customers"""
    store, shop = call.world.store, call.shop
    wish = wishes.read(call.json(), shapes.NEW_CUSTOMER)
    return _answered(lambda: {"id": customers.create(store, shop, wish)})


def change_customer(call: Call) -> Response:
    """POST /control/shops/{shop}/customers/{id}"""
    store, shop, customer_id = call.world.store, call.shop, gid("Customer", call.parameters["id"])
    wish = wishes.read(call.json(), shapes.CUSTOMER)

    def change() -> dict[str, Any]:
        customers.update(store, shop, customer_id, wish)
        return {}

    return _answered(change)


def tell(call: Call) -> Response:
    """POST /control/shops/{shop}/tell"""
    store, shop = call.world.store, call.shop
    wish = wishes.read(call.json(), shapes.NEWS, needed=("topic", "number"))
    told = {"number": wish["number"], "merged": wish.get("merged")}
    return _answered(lambda: {"id": announcements.tell(store, shop, wish["topic"], **told)})


def _wish_of_act(call: Call, table: Mapping[str, wishes.Shape], act: str) -> Document:
    if act not in table:
        raise wishes.NotUnderstood(f"{act} is not one of {', '.join(sorted(table))}")
    return wishes.read(call.json(), table[act])


def _answered(act: Callable[[], Any]) -> Response:
    try:
        return JSONResponse(act())
    except trade_acts.NOT_POSSIBLE as refused:
        return JSONResponse({"errors": trade_acts.reason(refused)}, status_code=422)
