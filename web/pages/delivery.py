"""One delivery: its headers, its body for those who may see it, what became of it, and Replay."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from oauth.staff import Permission
from sync.flows import replay
from sync.insight import deliveries
from sync.insight.deliveries import DeliveryPage, Row
from web.errors import NotThere
from web.screens import Asked


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page shows."""

    delivery: DeliveryPage
    sentence: str
    may_replay: bool
    may_read: bool


def show(asked: Asked) -> Response:
    """The page of a delivery."""
    delivery_id = asked.number("delivery")
    may_read = asked.may(Permission.READ_PERSONAL_DATA)
    with asked.transaction() as session:
        found = deliveries.one(session, delivery_id)
        if found is None:
            raise NotThere(str(delivery_id))
    return asked.page(
        "delivery",
        Shown(
            delivery=found,
            sentence=_sentence(found.row),
            may_replay=asked.may(Permission.REPLAY),
            may_read=may_read,
        ),
        is_personal=may_read and found.size_bytes is not None,
    )


def replay_one(asked: Asked) -> Response:
    """Runs the delivery again."""
    delivery_id = asked.number("delivery")
    with asked.transaction() as session:
        count = replay.replay(
            session,
            shop_id=asked.visit.shop_id,
            delivery_ids=[delivery_id],
            by=asked.actor,
            address=asked.visit.address,
        )
    if count == 0:
        raise NotThere(str(delivery_id))
    asked.state["engine"].nudge_deliveries(delivery_id)
    return asked.done(go=f"/deliveries/{delivery_id}", say="Replay started.")


def _sentence(row: Row) -> str:
    match row.state:
        case "waiting":
            return "It is stored and waits to be read. " + row.reason
        case "done":
            return row.reason or "Concord read it and asked for the work it calls for."
        case "ignored":
            return row.reason or "Concord does not need it."
        case _:
            return row.reason or "It could not be read."
