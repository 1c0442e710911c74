"""The trade half of the control API: buyers and merchants act in a shop, as JSON.

It refuses with HTTP 422 and the reason whatever the shop itself would refuse. Paths below `/control/shops/{shop}`:

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
| POST /orders/{number}/return, .../request-return | the spec of `commands.returns.create` | `{"id"}` of the return |
| POST /returns/{number}/{approve, decline, close, reopen, cancel} | `reason`?, `note`? (decline) | `{}` |
| POST /graphql | `query`, `variables`? | the Admin API's answer to the merchant, who may do everything |
| POST /stock | `sku`, `available`, `location_id`? | `{"id"}` of the inventory item |
| POST /products/{number} | changes of `commands.products.update` | `{}` |
| POST /customers | fields of `commands.customers.create` | `{"id"}` |
| POST /customers/{number} | changes of `commands.customers.update` | `{}` |

`{number}` is the number at the end of the record's global id.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.shopify import admin, trade_acts
from sandbox.shopify.commands import customers, orders, products, stock
from sandbox.shopify.documents import gid, number
from sandbox.shopify.door import Call
from sandbox.shopify.schema import data
from sandbox.shopify.settings import SANDBOX_CLIENT
from sandbox.shopify.world import UnknownShop

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
    return JSONResponse(kept[-int(call.query.get("limit", RECORDS_SHOWN)) :])


def create_order(call: Call) -> Response:
    """POST /control/shops/{shop}/orders"""
    wish = call.json()

    def create() -> Any:
        made = [orders.create(call.world.store, call.shop, spec) for spec in _as_list(wish)]
        answers = [{"id": order_id, "number": number(order_id)} for order_id in made]
        return answers if isinstance(wish, list) else answers[0]

    return _answered(create)


def change_order(call: Call) -> Response:
    """POST /control/shops/{shop}/orders/{id}/{act}"""
    shop, found = call.shop, call.parameters

    def change() -> Any:
        made = trade_acts.perform(call.world.store, shop, found["id"], act=found["act"], wish=call.json())
        return {"id": made} if made else {}

    return _answered(change)


def change_return(call: Call) -> Response:
    """POST /control/shops/{shop}/returns/{id}/{act}"""
    shop, found = call.shop, call.parameters

    def change() -> dict[str, Any]:
        trade_acts.perform_on_return(call.world.store, shop, found["id"], act=found["act"], wish=call.json())
        return {}

    return _answered(change)


def ask(call: Call) -> Response:
    """POST /control/shops/{shop}/graphql"""
    answer = admin.answer(
        call.world.store,
        shop=call.shop,
        scopes=EVERY_SCOPE,
        client_id=SANDBOX_CLIENT,
        payload=call.json(),
        version=call.world.app.webhook_api_version,
    )
    return JSONResponse(answer.body, status_code=answer.status)


def set_stock(call: Call) -> Response:
    """POST /control/shops/{shop}/stock"""
    wish, shop = call.json(), call.shop
    return _answered(
        lambda: {
            "id": stock.set(
                call.world.store,
                shop,
                wish["sku"],
                available=int(wish["available"]),
                location_id=wish.get("location_id"),
            )
        }
    )


def change_product(call: Call) -> Response:
    """POST /control/shops/{shop}/products/{id}"""
    shop, product_id = call.shop, gid("Product", call.parameters["id"])

    def change() -> dict[str, Any]:
        products.update(call.world.store, shop, product_id, call.json())
        return {}

    return _answered(change)


def create_customer(call: Call) -> Response:
    """POST /control/shops/{shop}/customers"""
    shop = call.shop
    return _answered(lambda: {"id": customers.create(call.world.store, shop, call.json())})


def change_customer(call: Call) -> Response:
    """POST /control/shops/{shop}/customers/{id}"""
    shop, customer_id = call.shop, gid("Customer", call.parameters["id"])

    def change() -> dict[str, Any]:
        customers.update(call.world.store, shop, customer_id, call.json())
        return {}

    return _answered(change)


def _as_list(wish: Any) -> list[Any]:
    return wish if isinstance(wish, list) else [wish]


def _answered(act: Callable[[], Any]) -> Response:
    try:
        return JSONResponse(act())
    except (UnknownShop, json.JSONDecodeError):
        raise  # the door answers these
    except trade_acts.NOT_POSSIBLE as refused:
        return JSONResponse({"errors": trade_acts.reason(refused)}, status_code=422)
