"""What was sold at Shopify and is not in the ERP yet: pieces that the ERP still counts as free.

Telling Shopify the ERP's free stock without taking these off would sell them twice. They are read from the signed
bodies of orders whose first export is still owed; beyond a limit nothing is known, and stock may only fall.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from sync.state.models import Delivery, Job, JobState, Link

ORDERS_LIMIT = 300
OWED = (JobState.READY, JobState.RUNNING, JobState.HELD, JobState.DEAD)


@dataclass(frozen=True)
class Sold:
    """Pieces by variant that the ERP has not heard of. Not complete: there are more orders than were read."""

    pieces: Mapping[str, int]
    is_complete: bool


def waiting(session: Session) -> Sold:
    """The pieces in orders of the session's shop that are owed to the ERP and not there yet."""
    records = session.scalars(
        select(Job.record)
        .where(
            Job.flow == "order_push",
            Job.state.in_(OWED),
            ~exists().where(
                Link.shop_id == Job.shop_id, Link.kind == "order", Link.shopify_gid == Job.record
            ),
        )
        .distinct()
        .limit(ORDERS_LIMIT + 1)
    ).all()
    later = aliased(Delivery)
    bodies = session.execute(
        select(Delivery.record, Delivery.body).where(
            Delivery.record.in_(records[:ORDERS_LIMIT]),
            Delivery.topic.like("orders/%"),
            Delivery.topic != "orders/edited",
            Delivery.body.is_not(None),
            ~exists().where(
                later.shop_id == Delivery.shop_id,
                later.record == Delivery.record,
                later.topic.like("orders/%"),
                later.topic != "orders/edited",
                later.body.is_not(None),
                later.id > Delivery.id,
            ),
        )
    ).all()
    pieces: Counter[str] = Counter()
    for _, body in bodies:
        pieces.update(_pieces(json.loads(body or b"{}")))
    unread = set(records) - {record for record, _ in bodies}
    return Sold(pieces, is_complete=len(records) <= ORDERS_LIMIT and not unread)


def _pieces(body: Mapping[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    if body.get("cancelled_at"):
        return found
    for line in body.get("line_items") or ():
        variant, quantity = line.get("variant_id"), line.get("current_quantity", line.get("quantity"))
        if variant and isinstance(quantity, int):
            found[f"gid://shopify/ProductVariant/{variant}"] += quantity
    return found
