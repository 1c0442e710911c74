"""Fulfilments to the ERP: goods that left by Shopify's word leave in the ERP's books too, once each.

It is a leg of the order's own job, after its documents, so that both never run beside each other. A fulfilment that
the ERP made itself is known by its link; while such a one is being made, this leg waits for it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit.faults import Transient
from sync.connectors.base import Connector
from sync.domain.documents import ShipmentDocument
from sync.domain.exported import Exported
from sync.domain.filters import Skip
from sync.domain.mapper import Catalogue
from sync.domain.records import Order
from sync.domain.rules import Rules
from sync.domain.shipments import exported_name, plan_shipments
from sync.flows import road
from sync.flows.road import Work
from sync.state import links
from sync.state.models import Intent, IntentState
from sync.state.settings_models import Connection

KIND = "shipment"
WAIT_SECONDS = 3.0


class ShipmentInFlight(Transient):
    """The ERP's own shipment is on its way to Shopify; what it made there must not come back as news."""

    counts = False


def carry_out(
    work: Work,
    connection: Connection,
    connector: Connector,
    order: Order,
    rules: Rules,
    *,
    already: Exported,
    catalogue: Catalogue,
) -> list[str]:
    """Tells the ERP of every fulfilment it does not know yet. Returns their names for people."""
    shipments = plan_shipments(order, rules, already=already, catalogue=catalogue)
    if isinstance(shipments, Skip):
        return []
    with work.reading() as session:
        if _is_in_flight(session, order):
            raise ShipmentInFlight(
                "shipment_in_flight",
                "A shipment of the ERP is just being told to Shopify.",
                after_seconds=WAIT_SECONDS,
            )
    for shipment in shipments:
        _write(work, connection, connector, shipment)
    return [exported_name(shipment) for shipment in shipments]


def _write(work: Work, connection: Connection, connector: Connector, shipment: ShipmentDocument) -> None:
    name = exported_name(shipment)
    written = road.write(
        work,
        purpose=f"shipment:{name}"[:64],
        variables=repr(shipment),
        call=lambda key: connector.ship(shipment, key=key),
        ask=lambda: None,  # shipping looks for its reference first
    )
    work.later(
        lambda session: links.record(
            session,
            connection_id=connection.id,
            kind=KIND,
            shopify_gid=name,
            record=shipment.record,
            written=written,
            facts={"written": road.written_values(written)},
        )
    )


def _is_in_flight(session: Session, order: Order) -> bool:
    found = session.execute(
        select(Intent.key)
        .where(
            Intent.flow == "shipment_pull",
            Intent.record.startswith(f"{order.gid}#", autoescape=True),
            Intent.state.in_([IntentState.INTENDED, IntentState.UNKNOWN]),
        )
        .limit(1)
    )
    return found.first() is not None
