"""Stock as rows: what the ERP said, which values at Shopify it feeds, and which of them are due.

A value is due from the moment in which the ERP said something else until Shopify has it. Newest wins: what was said
in between is never sent. Nothing here calls anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, case, delete, or_, select, update
from sqlalchemy.orm import Session

from kit import clock, rows
from kit.db import insert
from sync.domain.feeds import StockTold
from sync.domain.stock import Level
from sync.state.models import Link, Moment
from sync.state.settings_models import Connection
from sync.state.stock_models import ErpLevel, StockTarget

BATCH, ALONE, SETTLED = "batch", "alone", ""
PRODUCT = "product"  # kind of link and model of the ERP's side


@dataclass(frozen=True)
class Place:
    """One variant that a product feeds, at one location."""

    variant: str
    item: str
    location: str
    erp_item: str
    warehouse: str
    sku: str


def tell(
    session: Session, told: Sequence[StockTold], *, shop_id: int, connection_id: int, at: datetime
) -> set[str]:
    """Keeps what the ERP said, the last word per product and warehouse. Returns the products that changed."""
    newest = {(each.product, each.warehouse): each for each in told}
    if not newest:
        return set()
    given = [
        {
            "shop_id": shop_id,
            "connection_id": connection_id,
            "erp_item": each.product,
            "warehouse": each.warehouse,
            "on_hand": each.on_hand,
            "reserved": each.reserved,
            "sold": each.sold,
            "told_at": at,
        }
        for each in newest.values()
    ]
    statement = insert(ErpLevel)
    new = statement.excluded
    changed = session.execute(
        statement.on_conflict_do_update(
            index_elements=[ErpLevel.connection_id, ErpLevel.erp_item, ErpLevel.warehouse],
            set_={name: new[name] for name in ("on_hand", "reserved", "sold", "told_at")},
            where=or_(
                ErpLevel.on_hand != new.on_hand,
                ErpLevel.reserved != new.reserved,
                ErpLevel.sold.is_distinct_from(new.sold),
            ),
        ).returning(ErpLevel.erp_item),
        given,
    )
    return set(changed.scalars())


def levels(session: Session, *, connection_id: int, items: Iterable[str]) -> dict[tuple[str, str], Level]:
    """What the ERP has of these products, by product and warehouse."""
    rows = session.scalars(
        select(ErpLevel).where(ErpLevel.connection_id == connection_id, ErpLevel.erp_item.in_(set(items)))
    )
    return {
        (row.erp_item, row.warehouse): Level(
            erp_item=row.erp_item,
            warehouse=row.warehouse,
            on_hand=row.on_hand,
            reserved=row.reserved,
            sold=row.sold,
        )
        for row in rows
    }


def places(
    session: Session, *, connection_id: int, items: Iterable[str], warehouses: Mapping[str, str]
) -> list[Place]:
    """Where the products are sold: their linked variants, at each location that one of our warehouses feeds."""
    rows = session.scalars(
        select(Link)
        .where(Link.connection_id == connection_id, Link.kind == PRODUCT, Link.erp_id.in_(set(items)))
        .order_by(Link.id)
    )
    return [
        Place(
            variant=link.shopify_gid,
            item=link.facts["item"],
            location=location,
            erp_item=link.erp_id,
            warehouse=warehouse,
            sku=link.facts.get("sku", ""),
        )
        for link in rows
        for location, warehouse in warehouses.items()
        if link.facts.get("item")
    ]


def keep_targets(
    session: Session, wanted: Iterable[Place], *, shop_id: int, connection_id: int
) -> list[StockTarget]:
    """The rows of these places, made where they are missing. The last place of an item at a location wins."""
    by_key = {(place.item, place.location): place for place in wanted}
    if not by_key:
        return []
    given = [
        {
            "shop_id": shop_id,
            "connection_id": connection_id,
            "item_gid": place.item,
            "location_gid": place.location,
            "variant_gid": place.variant,
            "erp_item": place.erp_item,
            "warehouse": place.warehouse,
            "sku": place.sku,
        }
        for place in by_key.values()
    ]
    statement = insert(StockTarget)
    new = statement.excluded
    names = ("variant_gid", "erp_item", "warehouse", "sku")
    ids = session.scalars(
        statement.on_conflict_do_update(
            index_elements=[StockTarget.connection_id, StockTarget.item_gid, StockTarget.location_gid],
            set_={name: new[name] for name in names},
        ).returning(StockTarget.id),
        given,
    ).all()
    return list(
        session.scalars(
            select(StockTarget)
            .where(StockTarget.id.in_(ids))
            .order_by(StockTarget.id)
            .execution_options(populate_existing=True)
        )
    )


def mark(session: Session, ids: Sequence[int], *, due: str) -> None:
    """Says that these values are due now, in a batch or alone. What was due alone stays so."""
    if ids:
        stays = case((StockTarget.due == ALONE, ALONE), else_=due)
        session.execute(
            update(StockTarget).where(StockTarget.id.in_(ids)).values(due=stays, due_at=clock.now())
        )


def due_at_location(session: Session, location: str, *, limit: int) -> list[StockTarget]:
    """The next values of a location that wait for a batch, the oldest first."""
    return list(
        session.scalars(
            select(StockTarget)
            .where(StockTarget.location_gid == location, StockTarget.due == BATCH)
            .order_by(StockTarget.due_at, StockTarget.id)
            .limit(limit)
        )
    )


def of_item(session: Session, item: str) -> list[StockTarget]:
    """All values of one inventory item. The connection is named because the index begins with it."""
    return list(
        session.scalars(
            select(StockTarget)
            .where(StockTarget.connection_id.in_(select(Connection.id)), StockTarget.item_gid == item)
            .order_by(StockTarget.location_gid, StockTarget.id)
        )
    )


def page(session: Session, *, location: str, after: int, limit: int) -> list[StockTarget]:
    """The next values of a location by id, for a whole compare."""
    return list(
        session.scalars(
            select(StockTarget)
            .where(StockTarget.location_gid == location, StockTarget.id > after)
            .order_by(StockTarget.id)
            .limit(limit)
        )
    )


def is_more_than(session: Session, limit: int) -> bool:
    """Whether more values than this are kept in the shop."""
    return len(session.scalars(select(StockTarget.id).limit(limit + 1)).all()) > limit


def settle(session: Session, quantities: Sequence[tuple[StockTarget, int]], *, was_sent: bool) -> None:
    """Shopify has these quantities now. A value that became due again meanwhile stays due."""
    if not quantities:
        return
    now = clock.now()
    had = rows.table(
        "had",
        id=(BigInteger, [target.id for target, _ in quantities]),
        quantity=(Integer, [quantity for _, quantity in quantities]),
        due_at=(Moment, [target.due_at for target, _ in quantities]),
    )
    is_as_it_was = StockTarget.due_at.is_not_distinct_from(had.c.due_at)
    values: dict[str, Any] = {
        "seen": had.c.quantity,
        "seen_at": now,
        "refusal": "",
        "due": case((is_as_it_was, SETTLED), else_=StockTarget.due),
        "due_at": case((is_as_it_was, None), else_=StockTarget.due_at),
    }
    if was_sent:
        values |= {"sent": had.c.quantity, "sent_at": now}
    session.execute(update(StockTarget).where(StockTarget.id == had.c.id).values(values))


def begin(session: Session, quantities: Mapping[int, int]) -> None:
    """These quantities, by value, are about to be sent: what Shopify tells of them is known as ours, however early it
    comes. They stay due until they are settled."""
    going = rows.table(
        "going", id=(BigInteger, list(quantities)), quantity=(Integer, list(quantities.values()))
    )
    session.execute(
        update(StockTarget)
        .where(StockTarget.id == going.c.id)
        .values(sent=going.c.quantity, sent_at=clock.now())
    )


def refuse(session: Session, target: StockTarget, *, why: str) -> None:
    """Takes a value out of its batch: it goes alone from now on, and its page says why."""
    session.execute(
        update(StockTarget)
        .where(StockTarget.id == target.id)
        .values(due=ALONE, due_at=clock.now(), refusal=why)
    )


def see(session: Session, target: StockTarget, quantity: int) -> None:
    """Notes what Shopify has, without any judgement. The time is that of the first sight of this quantity."""
    session.execute(
        update(StockTarget)
        .where(StockTarget.id == target.id, StockTarget.seen.is_distinct_from(quantity))
        .values(seen=quantity, seen_at=clock.now())
    )


def forget(session: Session, target: StockTarget) -> None:
    """The item is not in Shopify any more: neither it nor its link is kept."""
    session.execute(delete(StockTarget).where(StockTarget.item_gid == target.item_gid))
    session.execute(
        delete(Link).where(
            Link.connection_id == target.connection_id,
            Link.kind == PRODUCT,
            Link.shopify_gid == target.variant_gid,
        )
    )


def repair(session: Session, target: StockTarget, *, in_a_row: int) -> None:
    """Notes that drift of this value was repaired, so that a fight with somebody else is noticed."""
    session.execute(
        update(StockTarget)
        .where(StockTarget.id == target.id)
        .values(repairs=in_a_row, repaired_at=clock.now())
    )


def begin_split(session: Session, connection_id: int) -> None:
    """Forgets up to where Shopify was told, because who owns stock changes: it begins from what is there then."""
    session.execute(
        update(ErpLevel)
        .where(ErpLevel.connection_id == connection_id, ErpLevel.sold.is_not(None))
        .values(sold=None)
    )
    session.execute(
        update(StockTarget)
        .where(
            StockTarget.connection_id == connection_id,
            or_(StockTarget.base.is_not(None), StockTarget.change.is_not(None)),
        )
        .values(base=None, change=None)
    )


def start_at(session: Session, target: StockTarget, figure: int) -> None:
    """Takes what Shopify has as right for this figure of the ERP: only what changes from here on is told."""
    session.execute(
        update(StockTarget).where(StockTarget.id == target.id).values(base=figure, due=SETTLED, due_at=None)
    )


def begin_changes(session: Session, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Keeps, by value, the change that is about to be sent: a try without an answer is repeated to the letter."""
    for target_id, change in changes.items():
        session.execute(update(StockTarget).where(StockTarget.id == target_id).values(change=dict(change)))


def begun_changes(session: Session, key: str) -> list[StockTarget]:
    """The values whose change was begun under a key, in the order of their rows."""
    query = select(StockTarget).where(
        StockTarget.change.is_not(None), StockTarget.change["key"].astext == key
    )
    return list(session.scalars(query.order_by(StockTarget.id)))


def end_change(
    session: Session, target: StockTarget, *, base: int | None = None, seen: int | None = None
) -> None:
    """The change was made, with the figure it led to and what Shopify has now; or, without these, it was not."""
    values: dict[str, object] = {"change": None}
    if base is not None:
        values |= {"base": base, "refusal": ""}
    if seen is not None:
        values |= {"seen": seen, "seen_at": clock.now()}
    session.execute(update(StockTarget).where(StockTarget.id == target.id).values(values))
