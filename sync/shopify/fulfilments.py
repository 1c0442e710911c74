"""Fulfilment orders and fulfilments at Shopify: the state of an order's goods, and telling that some have left.

`fulfillmentCreate` takes no key. So the state is read before the write, and read again when its outcome is unknown;
a fulfilment of ours is known by its lines and tracking numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.shopify import writer
from sync.shopify.client import Client

PAGES_LIMIT = 25


@dataclass(frozen=True)
class Package:
    """One parcel."""

    number: str = ""
    carrier: str = ""
    url: str = ""


@dataclass(frozen=True)
class OpenLine:
    """What is left to ship of an order line, as one fulfilment order sees it."""

    gid: str
    line: str  # the order's line
    remaining: int
    sku: str
    variant: str


@dataclass(frozen=True, kw_only=True)
class FulfilmentOrder:
    """Goods of an order that one location is to ship."""

    gid: str
    status: str
    location: str
    actions: frozenset[str]
    holds: tuple[str, ...]  # reasons
    lines: tuple[OpenLine, ...]

    @property
    def is_shippable(self) -> bool:
        """Whether a fulfilment may be made of it now."""
        return "CREATE_FULFILLMENT" in self.actions and not self.holds

    @property
    def is_held(self) -> bool:
        """Somebody put it on hold."""
        return bool(self.holds) or self.status == "ON_HOLD"

    @property
    def is_open(self) -> bool:
        """There is something left to ship."""
        return self.status not in ("CLOSED", "CANCELLED") and any(line.remaining for line in self.lines)


@dataclass(frozen=True)
class MadeLine:
    """What a fulfilment has of an order line."""

    line: str
    quantity: int
    sku: str
    variant: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """A fulfilment that is there."""

    gid: str
    status: str
    location: str
    lines: tuple[MadeLine, ...]
    packages: tuple[Package, ...]


@dataclass(frozen=True, kw_only=True)
class Routing:
    """Everything about an order's goods."""

    order: str
    is_cancelled: bool
    orders: tuple[FulfilmentOrder, ...]
    made: tuple[Made, ...]


def routing(client: Client, order: str, *, lane: int) -> Routing | None:
    """The state of an order's goods; none when Shopify does not know the order."""
    after: str | None = None
    orders: list[FulfilmentOrder] = []
    for _ in range(PAGES_LIMIT):
        found = client.run("fulfillment_orders", {"id": order, "after": after}, lane=lane)["order"]
        if found is None:
            return None
        page = found["fulfillmentOrders"]
        orders += [_fulfilment_order(node, _all_lines(client, node, lane=lane)) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return Routing(
        order=order,
        is_cancelled=found["cancelledAt"] is not None,
        orders=tuple(orders),
        made=tuple(_made(node) for node in found["fulfillments"]),
    )


def create(
    client: Client,
    parts: Mapping[str, Sequence[tuple[str, int]]],
    packages: Sequence[Package],
    *,
    is_notified: bool,
    lane: int,
) -> str:
    """Tells that goods have left: (fulfilment order line, quantity) by fulfilment order, all of one location.
    Returns the fulfilment's id. Raises Refused; after OutcomeUnknown read the routing."""
    fulfilment = {
        "lineItemsByFulfillmentOrder": [
            {
                "fulfillmentOrderId": order,
                "fulfillmentOrderLineItems": [{"id": line, "quantity": quantity} for line, quantity in lines],
            }
            for order, lines in parts.items()
        ],
        "notifyCustomer": is_notified,
    }
    if tracking := _tracking(packages):
        fulfilment["trackingInfo"] = tracking
    payload = writer.done(client, "fulfillment_create", {"fulfillment": fulfilment}, lane=lane)
    gid: str = payload["fulfillment"]["id"]
    return gid


def move(
    client: Client,
    fulfilment_order: str,
    location: str,
    *,
    lines: Sequence[tuple[str, int]] | None = None,
    lane: int,
) -> str:
    """Moves a fulfilment order, or some of its lines, to another location; returns the moved one's id."""
    wished = None if lines is None else [{"id": line, "quantity": quantity} for line, quantity in lines]
    payload = writer.done(
        client,
        "fulfillment_order_move",
        {"id": fulfilment_order, "location": location, "lines": wished},
        lane=lane,
    )
    gid: str = payload["movedFulfillmentOrder"]["id"]
    return gid


def update_tracking(
    client: Client, fulfilment: str, packages: Sequence[Package], *, is_notified: bool, lane: int
) -> None:
    """Replaces the tracking of a fulfilment. Doing it twice changes nothing."""
    writer.done(
        client,
        "fulfillment_tracking_info_update",
        {"id": fulfilment, "tracking": _tracking(packages), "notify": is_notified},
        lane=lane,
    )


def cancel(client: Client, fulfilment: str, *, lane: int) -> None:
    """Takes a fulfilment back. Doing it twice changes nothing."""
    writer.done(client, "fulfillment_cancel", {"id": fulfilment}, lane=lane)


def _tracking(packages: Sequence[Package]) -> dict[str, Any]:
    """A fulfilment has one carrier for all its numbers: where they differ it has none, and each parcel its address.
    Numbers and addresses belong together by their place in the lists."""
    told: dict[str, Any] = {}
    numbered = sorted((each for each in packages if each.number), key=lambda each: not each.url)
    if numbered:
        told["numbers"] = [each.number for each in numbered]
    if urls := [each.url for each in numbered if each.url]:
        told["urls"] = urls
    carriers = {each.carrier for each in numbered or packages if each.carrier}
    if len(carriers) == 1:
        told["company"] = carriers.pop()
    return told


def _all_lines(client: Client, node: Mapping[str, Any], *, lane: int) -> list[Mapping[str, Any]]:
    page = node["lineItems"]
    lines = list(page["nodes"])
    for _ in range(PAGES_LIMIT):
        if not page["pageInfo"]["hasNextPage"]:
            break
        variables = {"id": node["id"], "after": page["pageInfo"]["endCursor"]}
        page = client.run("fulfillment_order_lines", variables, lane=lane)["fulfillmentOrder"]["lineItems"]
        lines += page["nodes"]
    return lines


def _fulfilment_order(node: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> FulfilmentOrder:
    return FulfilmentOrder(
        gid=node["id"],
        status=node["status"],
        location=(node["assignedLocation"].get("location") or {}).get("id") or "",
        actions=frozenset(each["action"] for each in node["supportedActions"]),
        holds=tuple(each["reasonNotes"] or each["reason"] for each in node["fulfillmentHolds"]),
        lines=tuple(
            OpenLine(
                gid=line["id"],
                line=line["lineItem"]["id"],
                remaining=line["remainingQuantity"],
                sku=line.get("sku") or "",
                variant=(line.get("variant") or {}).get("id") or "",
            )
            for line in lines
        ),
    )


def _made(node: Mapping[str, Any]) -> Made:
    return Made(
        gid=node["id"],
        status=node["status"],
        location=(node.get("location") or {}).get("id") or "",
        lines=tuple(
            MadeLine(
                line["lineItem"]["id"],
                line["quantity"] or 0,
                line["lineItem"].get("sku") or "",
                (line["lineItem"].get("variant") or {}).get("id") or "",
            )
            for line in node["fulfillmentLineItems"]["nodes"]
        ),
        packages=tuple(
            Package(each.get("number") or "", each.get("company") or "", each.get("url") or "")
            for each in node["trackingInfo"]
        ),
    )
