"""Returns at Shopify: what of them is still to be processed, and processing some with the money that goes back.

`returnProcess` takes no key. So the order's refunds are read before each try; the mark in the note finds ours again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.faults import OutcomeUnknown
from sync.domain.money import Money
from sync.shopify import writer
from sync.shopify.client import Client
from sync.shopify.refunds import Made, Returned, Wish, made

OPEN = "OPEN"


@dataclass(frozen=True)
class OpenLine:
    """A line of a return with pieces that nobody has processed. `back` are the lines of reverse fulfilment orders that
    its pieces come back on, with the pieces of which nobody said what became of them."""

    gid: str
    line: str  # the order's line
    left: int
    back: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class OpenReturn:
    """A return that is under way."""

    gid: str
    name: str
    lines: tuple[OpenLine, ...]


def open_ones(client: Client, order: str, *, lane: int) -> list[OpenReturn]:
    """The returns of an order that are under way."""
    found = client.run("order_returns", {"id": order}, lane=lane)["order"]
    return [_open(node) for node in found["returns"]["nodes"] if node["status"] == OPEN] if found else []


def process(client: Client, wish: Wish, returned: Returned, *, lane: int) -> Made:
    """Processes the wished lines of a return and gives the money back, as one step. Raises Refused; after
    OutcomeUnknown read the order's refunds."""
    nodes = writer.done(client, "return_process", {"input": _input(wish, returned)}, lane=lane)["return"][
        "refunds"
    ]["nodes"]
    ours = next((each for each in map(made, nodes) if wish.mark in each.note), None)
    if ours is None:
        raise OutcomeUnknown("no_verdict", "Shopify processed the return, but does not show its refund.")
    return ours


def _input(wish: Wish, returned: Returned) -> dict[str, Any]:
    told: dict[str, Any] = {
        "returnId": returned.gid,
        "note": wish.note,
        "notifyCustomer": wish.is_notified,
        "returnLineItems": [
            {
                "id": each.line,
                "quantity": each.quantity,
                "dispositions": [
                    {
                        "reverseFulfillmentOrderLineItemId": line,
                        "quantity": pieces,
                        "dispositionType": "RESTOCKED" if returned.location else "NOT_RESTOCKED",
                        **({"locationId": returned.location} if returned.location else {}),
                    }
                    for line, pieces in each.back
                ],
            }
            for each in returned.lines
        ],
        "financialTransfer": {
            "issueRefund": {
                "orderTransactions": [
                    {"parentId": each.parent, "transactionAmount": _money(each.amount)}
                    for each in wish.tenders
                ]
            }
        },
    }
    if wish.shipping is not None:
        told["refundShipping"] = {"shippingRefundAmount": _money(wish.shipping)}
    return told


def _money(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "currencyCode": money.currency}


def _open(node: Mapping[str, Any]) -> OpenReturn:
    back: dict[str, list[tuple[str, int]]] = {}
    for part in node["reverseFulfillmentOrders"]["nodes"]:
        for line in part["lineItems"]["nodes"]:
            left = line["totalQuantity"] - sum(each["quantity"] for each in line["dispositions"])
            if left > 0 and line["fulfillmentLineItem"]:
                back.setdefault(line["fulfillmentLineItem"]["id"], []).append((line["id"], left))
    return OpenReturn(
        gid=node["id"],
        name=node["name"],
        lines=tuple(
            OpenLine(
                gid=line["id"],
                line=line["fulfillmentLineItem"]["lineItem"]["id"],
                left=line["unprocessedQuantity"],
                back=tuple(back.get(line["fulfillmentLineItem"]["id"], ())),
            )
            for line in node["returnLineItems"]["nodes"]
            if line.get("fulfillmentLineItem")
        ),
    )
