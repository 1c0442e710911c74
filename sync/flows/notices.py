"""Deliveries about the shop itself, not about a record: uninstalled, scopes changed, shop renamed, privacy requests.

They act in the transaction that marks the delivery as done, and ask for a job where there is more to do.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.orm import Session

from oauth import install
from oauth.models import Shop
from sync.flows import arrivals, shipment_pull
from sync.flows.intake import Body, Handler
from sync.state import jobs
from sync.state.models import Delivery, Job, JobState, Lane

ROUTING_TOPICS = (
    "fulfillment_orders/hold_released",
    "fulfillment_orders/moved",
    "fulfillment_orders/split",
    "fulfillment_orders/order_routing_complete",
)
PRIVACY_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")


def _uninstalled(session: Session, shop: Shop, _body: Body, delivery: Delivery) -> None:
    if install.uninstalled(session, shop.id, at=delivery.triggered_at):
        # Accepted work is kept until the shop comes back or asks to be forgotten. What is held for something else or
        # failed stays as it is: it is no less owed, and its own fix still applies after a return.
        session.execute(
            update(Job)
            .where(Job.state == JobState.READY, Job.flow != "privacy")
            .values(
                state=JobState.HELD,
                misses="grant",
                reason="Concord was uninstalled from this shop. This goes on once it is installed again.",
            )
        )


def _scopes_updated(session: Session, shop: Shop, body: Body, delivery: Delivery) -> None:
    current = body.get("current")
    if not isinstance(current, list):
        return
    at = delivery.triggered_at or delivery.received_at
    change = install.scopes_updated(session, shop.id, [str(scope) for scope in current], at=at)
    arrivals.rescoped(session, change, shop_id=shop.id, at=at)


def _shop_updated(session: Session, shop: Shop, body: Body, _delivery: Delivery) -> None:
    install.described(
        session,
        shop.id,
        name=str(body.get("name") or ""),
        currency=str(body.get("currency") or ""),
        timezone=str(body.get("iana_timezone") or "UTC"),
    )


def _privacy(session: Session, shop: Shop, _body: Body, delivery: Delivery) -> None:
    jobs.ask(
        session,
        shop_id=shop.id,
        flow="privacy",
        record=f"{delivery.topic}:{delivery.webhook_id}",
        lane=Lane.ORDERS,
        hint={"delivery": delivery.id, "topic": delivery.topic},
    )


HANDLERS: Mapping[str, Handler] = {
    "app/uninstalled": _uninstalled,
    "app/scopes_update": _scopes_updated,
    "shop/update": _shop_updated,
    **dict.fromkeys(PRIVACY_TOPICS, _privacy),
    **dict.fromkeys(ROUTING_TOPICS, shipment_pull.routing_changed),
}
