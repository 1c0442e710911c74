"""Own writes of stock that come back as deliveries: a full push makes as many of them as it has values.

They are recognised by what was told last, all of a batch with one look, and no job is asked for. Whatever else a
delivery of stock says is left to its job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kit.sql import Sql, planned_anew

TOPIC = "inventory_levels/update"
REASON = "Concord set this quantity itself."
# Each place is looked up by its whole key, whatever the planner knows: on the day of an installation it knows nothing
# of a table that has just been filled, and would walk through all of it for each delivery.
_TOLD_LAST = Sql(
    """
    select t.item_gid, t.location_gid, t.sent
    from connection c
    cross join unnest(%(items)s::text[], %(locations)s::text[]) as told (item, location)
    cross join lateral (
        select item_gid, location_gid, sent, due, seen from stock_target
        where connection_id = c.id and item_gid = told.item and location_gid = told.location
        offset 0
    ) t
    where c.shop_id = %(shop_id)s and (t.due <> '' or t.seen = t.sent)
    """
)
Told = tuple[str, str, int]  # item, location, what can be sold there


def own(session: Session, bodies: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    """Of these bodies, by delivery, those that say nothing but what we set; with the item that each is about."""
    told = {delivery: found for delivery, body in bodies.items() if (found := _told(body))}
    if not told:
        return {}
    known = _last(session, {(item, location) for item, location, _ in told.values()})
    return {delivery: each[0] for delivery, each in told.items() if each in known}


def _told(body: Mapping[str, Any]) -> Told | None:
    item, location, available = (body.get(name) for name in ("inventory_item_id", "location_id", "available"))
    if not (isinstance(item, int) and isinstance(location, int) and isinstance(available, int)):
        return None
    return f"gid://shopify/InventoryItem/{item}", f"gid://shopify/Location/{location}", available


def _last(session: Session, places: set[tuple[str, str]]) -> set[Told]:
    """What was told last of each place. While it is due the write is still under way, or about to be looked at again;
    when it is settled, something else was seen since if that is not what we told."""
    with planned_anew(session):
        found = _TOLD_LAST.run(
            session,
            items=[item for item, _ in places],
            locations=[location for _, location in places],
        ).all()
    return {(row.item_gid, row.location_gid, row.sent) for row in found if row.sent is not None}
