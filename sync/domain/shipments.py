"""Fulfilments of Shopify that the ERP should know: one shipment document per fulfilment, never twice.

Part deliveries, splits and several parcels are fulfilments of their own at Shopify, so nothing is divided here. A
cancelled fulfilment is told only when the ERP knows it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from sync.domain.documents import PackageDocument, ShipmentDocument
from sync.domain.exported import NOTHING_EXPORTED, Exported
from sync.domain.filters import Skip
from sync.domain.history import Fulfilment
from sync.domain.mapper import Catalogue, Mapper
from sync.domain.records import Order
from sync.domain.rules import Rules

CANCELLED: Final = "/cancelled"


def plan_shipments(
    order: Order,
    rules: Rules,
    *,
    already: Exported = NOTHING_EXPORTED,
    catalogue: Catalogue | None = None,
) -> tuple[ShipmentDocument, ...] | Skip:
    """The shipments to write now, oldest first. Raises Misconfigured for an unmapped product or location."""
    if already.sale is None:
        return Skip(
            code="order_first",
            sentence=f"Order {order.name} is not in the ERP yet; its shipments follow it.",
            is_waiting=True,
        )
    mapper = Mapper(rules, order, catalogue=catalogue)
    found = []
    for fulfilment in sorted(order.fulfilments, key=lambda each: (each.created_at, each.gid)):
        reference = shipment_reference(order, fulfilment)
        told = reference in already.shipments
        is_news = fulfilment.has_left and not told
        was_called_off = (
            fulfilment.is_cancelled and told and f"{reference}{CANCELLED}" not in already.shipments
        )
        if is_news or was_called_off:
            found.append(_shipment(order, fulfilment, mapper, reference))
    if not found:
        return Skip(
            code="nothing_new", sentence=f"All shipments of order {order.name} are in the ERP already."
        )
    return tuple(found)


def shipment_reference(order: Order, fulfilment: Fulfilment) -> str:
    """The name of the fulfilment's shipment, for ever."""
    return f"{order.legacy_id}/F{fulfilment.gid.rpartition('/')[2]}"


def exported_name(shipment: ShipmentDocument) -> str:
    """What to remember once the shipment is written, so that neither it nor its cancelling is told again."""
    return f"{shipment.reference}{CANCELLED}" if shipment.is_cancelled else shipment.reference


def _shipment(order: Order, fulfilment: Fulfilment, mapper: Mapper, reference: str) -> ShipmentDocument:
    lines = {line.gid: line for line in order.lines}
    quantities: dict[str, Decimal] = {}
    for gid, quantity in fulfilment.lines:
        line = lines.get(gid)
        if line is None or line.is_tip or line.is_gift_card or not quantity:
            continue
        item = mapper.item(line)
        quantities[item] = quantities.get(item, Decimal(0)) + quantity
    return ShipmentDocument(
        reference=reference,
        record=order.gid,
        origin=order.legacy_id,
        shipped_at=fulfilment.created_at,
        warehouse=mapper.warehouse(fulfilment.location_gid),
        lines=tuple(quantities.items()),
        packages=tuple(
            PackageDocument(tracking_number=each.number, carrier=each.carrier, url=each.url)
            for each in fulfilment.packages
        ),
        is_cancelled=fulfilment.is_cancelled,
    )
