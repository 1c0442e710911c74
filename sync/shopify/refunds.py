"""Refunds at Shopify: what it suggests, what is there, and making one by its key.

Money goes back the way it came: every transaction names its parent. Shopify answers refunds without error codes, so
an unknown outcome is settled by reading the order's refunds and finding our mark in the note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sync.domain.money import Both, Money, decimal
from sync.shopify import writer
from sync.shopify.client import Client


class Restock(StrEnum):
    """What Shopify does with the goods."""

    NO_RESTOCK = "NO_RESTOCK"
    CANCEL = "CANCEL"
    RETURN = "RETURN"


@dataclass(frozen=True)
class Line:
    """Quantity of an order line that is refunded; `location` says where it is put back."""

    line: str
    quantity: int
    restock: Restock = Restock.NO_RESTOCK
    location: str = ""


@dataclass(frozen=True)
class Tender:
    """Money that goes back to one payment."""

    gateway: str
    parent: str
    amount: Money  # in the order's presentment currency


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What Shopify would refund for these lines, and all payments that money of the order can go back to."""

    amount: Both
    maximum: Both
    shipping_maximum: Both
    tenders: tuple[SuggestedTender, ...]
    is_cancelled: bool


@dataclass(frozen=True)
class SuggestedTender:
    """One payment that money can go back to, and how much at most."""

    gateway: str
    parent: str
    amount: Both
    maximum: Both


@dataclass(frozen=True)
class ReturnedLine:
    """Pieces of a return's line that came back, by the lines of reverse fulfilment orders that they came back on."""

    line: str
    quantity: int
    back: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Returned:
    """What came back by a return that was opened at Shopify; `location` says where it is put back, if it is."""

    gid: str
    lines: tuple[ReturnedLine, ...]
    location: str = ""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A refund to make. `mark` is part of the note and finds it again. With `returned` it is made by processing that
    return. `discrepancy` is Shopify's word for why the money differs from what it suggests."""

    order: str
    mark: str
    note: str
    currency: str  # presentment
    lines: tuple[Line, ...] = ()
    shipping: Money | None = None
    tenders: tuple[Tender, ...] = ()
    is_notified: bool = False
    returned: Returned | None = None
    discrepancy: str = ""


@dataclass(frozen=True)
class Made:
    """A refund as Shopify has it."""

    gid: str
    note: str
    amount: Both
    made_at: datetime | None


def suggested(
    client: Client, order: str, *, lines: Sequence[Line] = (), shipping: Money | None = None, lane: int
) -> Suggestion | None:
    """Shopify's suggestion; none when the order is gone."""
    variables = {
        "id": order,
        "lines": [_line(each) for each in lines],
        "shippingAmount": None if shipping is None else str(shipping.amount),
    }
    found = client.run("suggested_refund", variables, lane=lane)["order"]
    if found is None or found["suggestedRefund"] is None:
        return None
    told = found["suggestedRefund"]
    return Suggestion(
        amount=_both(told["amountSet"]),
        maximum=_both(told["maximumRefundableSet"]),
        shipping_maximum=_both(told["shipping"]["maximumRefundableSet"]),
        tenders=tuple(_suggested_tender(each) for each in found["everything"]["suggestedTransactions"]),
        is_cancelled=found["cancelledAt"] is not None,
    )


def of_order(client: Client, order: str, *, lane: int) -> list[Made]:
    """All refunds of an order."""
    found = client.run("order_refunds", {"id": order}, lane=lane)["order"]
    return [made(node) for node in found["refunds"]] if found else []


def find(client: Client, order: str, mark: str, *, lane: int) -> Made | None:
    """The refund that carries our mark."""
    return next((each for each in of_order(client, order, lane=lane) if mark in each.note), None)


def create(client: Client, wish: Wish, *, key: str, lane: int) -> Made:
    """Makes the refund once. Raises Refused with Shopify's words."""
    if wish.mark not in wish.note:
        raise ValueError("the note must carry the mark, or the refund could not be found again")
    payload = writer.done(client, "refund_create", {"input": _input(wish)}, key=key, lane=lane)
    return made(payload["refund"])


def _input(wish: Wish) -> dict[str, Any]:
    reason = {"discrepancyReason": wish.discrepancy} if wish.discrepancy else {}
    return {
        **reason,
        "orderId": wish.order,
        "note": wish.note,
        "notify": wish.is_notified,
        "currency": wish.currency,
        "refundLineItems": [_line(each) for each in wish.lines],
        "shipping": None if wish.shipping is None else {"amount": str(wish.shipping.amount)},
        "transactions": [
            {
                "orderId": wish.order,
                "gateway": each.gateway,
                "kind": "REFUND",
                "amount": str(each.amount.amount),
                "parentId": each.parent,
            }
            for each in wish.tenders
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = {
        "lineItemId": line.line,
        "quantity": line.quantity,
        "restockType": line.restock.value,
    }
    if line.location:
        told["locationId"] = line.location
    return told


def _suggested_tender(node: Mapping[str, Any]) -> SuggestedTender:
    amount = _both(node["amountSet"])
    most = node.get("maximumRefundableSet")
    return SuggestedTender(
        gateway=node["gateway"] or "",
        parent=(node.get("parentTransaction") or {}).get("id") or "",
        amount=amount,
        maximum=_both(most) if most else amount,
    )


def made(node: Mapping[str, Any]) -> Made:
    """A refund from its node."""
    made_at = node.get("createdAt")
    return Made(
        gid=node["id"],
        note=node.get("note") or "",
        amount=_both(node["totalRefundedSet"]),
        made_at=datetime.fromisoformat(made_at) if made_at else None,
    )


def _both(bag: Mapping[str, Any]) -> Both:
    return Both(_money(bag["shopMoney"]), _money(bag["presentmentMoney"]))


def _money(node: Mapping[str, Any]) -> Money:
    amount: Decimal = decimal(node["amount"])
    return Money(amount, node["currencyCode"])
