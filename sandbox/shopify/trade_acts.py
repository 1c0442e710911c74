"""What can be done to an order or a return, by name: one table for the control API and for the admin's buttons.

It owns the translation of a plain JSON wish into the arguments of a command. It refuses an unknown act.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.shopify.commands import disputes, fulfilments, orders, refunds, returns
from sandbox.shopify.documents import gid
from sandbox.shopify.store import Document, Store

Act = Callable[[Store, str, str, Document], object]
# What a wish can break: a rule of the shop (Refused is a ValueError), or its own form.
NOT_POSSIBLE = (LookupError, TypeError, ValueError, ArithmeticError)


class UnknownAct(LookupError):
    """Nothing of this name can be done here."""


def order_gid(number: int | str) -> str:
    """The global id of an order by its number."""
    return gid("Order", number)


def perform(store: Store, shop: str, number: int | str, *, act: str, wish: Document) -> object:
    """Does the act to the order and gives what the command gives (an id, mostly). Raises UnknownAct."""
    if act not in ACTS:
        raise UnknownAct(f"{act} is not one of {', '.join(sorted(ACTS))}")
    return ACTS[act](store, shop, order_gid(number), wish)


def perform_on_return(store: Store, shop: str, number: int | str, *, act: str, wish: Document) -> None:
    """Does the act to the return. Raises UnknownAct."""
    return_id = gid("Return", number)
    match act:
        case "approve":
            returns.approve(store, shop, return_id)
        case "decline":
            returns.decline(store, shop, return_id, reason=wish.get("reason", "OTHER"), note=wish.get("note"))
        case "close":
            returns.close(store, shop, return_id)
        case "reopen":
            returns.reopen(store, shop, return_id)
        case "cancel":
            returns.cancel(store, shop, return_id)
        case _:
            raise UnknownAct(f"{act} is not one of approve, decline, close, reopen, cancel")


def reason(error: Exception) -> str:
    """Why something was not possible, for a person."""
    return f"{error.args[0]} is missing or not known" if isinstance(error, KeyError) else str(error)


def _pay(store: Store, shop: str, order_id: str, wish: Document) -> str:
    return orders.pay(store, shop, order_id, amount=wish.get("amount"), gateway=wish.get("gateway"))


def _cancel(store: Store, shop: str, order_id: str, wish: Document) -> None:
    orders.cancel(
        store,
        shop,
        order_id,
        reason=wish.get("reason", "OTHER"),
        refund=bool(wish.get("refund", True)),
        restock=bool(wish.get("restock", True)),
        staff_note=wish.get("staff_note"),
    )


def _fulfil(store: Store, shop: str, order_id: str, wish: Document) -> str:
    return fulfilments.create(
        store,
        shop,
        order_id,
        lines=wish.get("lines"),
        tracking=wish.get("tracking"),
        fulfillment_order_id=wish.get("fulfillment_order_id"),
    )


ACTS: dict[str, Act] = {
    "pay": _pay,
    "cancel": _cancel,
    "edit": orders.edit,
    "refund": refunds.create,
    "fulfil": _fulfil,
    "update": orders.update,
    "dispute": disputes.dispute,
    "return": returns.create,
    "request-return": returns.request,
}
