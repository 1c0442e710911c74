"""One batch of stock for one location: read, decide, activate where needed, set by compare-and-set, settle the rows.

It owns what is done with each row of an answer: stale ones stay due and are decided again, bad ones are split off,
and the rest of the batch goes on without them under a new key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from sync.connectors.base import Written
from sync.domain.policies import BackPolicies
from sync.domain.rules import Rules
from sync.domain.stock import Target, available
from sync.flows import back
from sync.flows.road import Work
from sync.shopify import stock as shopify
from sync.shopify.stock import Level, Row, RowsRefused
from sync.shopify.writer import Refused
from sync.state import sold, stock
from sync.state.claims import STOCK_BATCH
from sync.state.models import Lane
from sync.state.settings_models import Connection
from sync.state.stock_models import StockTarget

PURPOSE = "stock"
REFERENCE = "gid://concord/StockBatch"


@dataclass(frozen=True)
class Sent:
    """What came of one or several batches."""

    set: int = 0
    same: int = 0
    stale: int = 0
    split_off: tuple[str, ...] = ()  # items that go alone now
    refusals: tuple[str, ...] = ()

    def __add__(self, other: Sent) -> Sent:
        return Sent(
            self.set + other.set,
            self.same + other.same,
            self.stale + other.stale,
            self.split_off + other.split_off,
            self.refusals + other.refusals,
        )

    def sentence(self) -> str:
        """For the attempt's line."""
        said = [f"{self.set} set"] if self.set else []
        said += [f"{self.same} in step already"] if self.same else []
        said += [f"{len(self.split_off)} split off"] if self.split_off else []
        return f"Stock: {', '.join(said)}." if said else ""


@dataclass(frozen=True)
class Step:
    """One row: what Shopify has, and what it shall have."""

    target: StockTarget
    level: Level
    quantity: int

    @property
    def differs(self) -> bool:
        """Something must be set. An item that Shopify does not track has no stock to set."""
        return self.level.is_tracked and self.level.available != self.quantity


def wanted(
    session: Session,
    connection: Connection,
    targets: Sequence[StockTarget],
    policies: BackPolicies,
    *,
    there: Mapping[str, int] | None = None,
) -> dict[int, int]:
    """The quantity that each value should have, by what the ERP said last and what it has not heard of yet. A value of
    which the ERP never said anything is not in it: silence is not zero. `there` is what Shopify has, by item, where
    it was read just now."""
    items = {target.erp_item for target in targets}
    for target in targets:
        items.update(member.erp_item for member in policies.kits.get(target.erp_item, ()))
    levels = stock.levels(session, connection_id=connection.id, items=items)
    places = back.feeding(session, connection)
    unheard = sold.waiting(session)
    found: dict[int, int] = {}
    for target in targets:
        fed = fed_by_what(target, places, policies)
        fed_by = [member.erp_item for member in fed.members] or [target.erp_item]
        if any(all((item, each) not in levels for each in fed.warehouses) for item in fed_by):
            continue
        quantity = available(fed, levels, policies.stock) - unheard.pieces.get(target.variant_gid, 0)
        present = target.seen if there is None else there.get(target.item_gid)
        if not unheard.is_complete and present is not None:
            quantity = min(quantity, present)  # something was sold that we cannot count: it may only fall
        found[target.id] = quantity if policies.stock.allow_negative else max(quantity, 0)
    return found


def fed_by_what(target: StockTarget, places: Rules, policies: BackPolicies) -> Target:
    """What feeds a value, by the mapping in force and the shop's kits."""
    return Target(
        inventory_item_gid=target.item_gid,
        location_gid=target.location_gid,
        erp_item=target.erp_item,
        warehouses=places.warehouses.get(target.location_gid, ()),
        shares=places.shares(target.location_gid),
        members=policies.kits.get(target.erp_item, ()),
    )


def send(
    work: Work,
    connection: Connection,
    policies: BackPolicies,
    location: str,
    targets: Sequence[StockTarget],
) -> Sent:
    """Brings these values of one location into step. What is stale stays due."""
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    levels = shopify.levels(client, [each.item_gid for each in targets], location, lane=lane_of(work))
    gone = [target for target in targets if target.item_gid not in levels]
    steps = _steps(work, connection, policies, targets, levels)
    steps, refused = stocked(work, location, steps)
    same = [step for step in steps if not step.differs]
    differing = [step for step in steps if step.differs]
    with work.transaction() as session:
        stock.settle(session, [(step.target, step.level.available) for step in same], was_sent=False)
        for target in gone:
            stock.forget(session, target)
        if differing:
            stock.begin(session, {step.target.id: step.quantity for step in differing})
        else:
            back.close_open(session, work, purpose=PURPOSE)
    sent = Sent(same=len(same), split_off=tuple(refused), refusals=tuple(refused.values()))
    return sent + (_set(work, location, differing) if differing else Sent())


def _steps(
    work: Work,
    connection: Connection,
    policies: BackPolicies,
    targets: Sequence[StockTarget],
    levels: Mapping[str, Level],
) -> list[Step]:
    present = [target for target in targets if target.item_gid in levels]
    there = {item: level.available for item, level in levels.items()}
    with work.reading() as session:
        quantities = wanted(session, connection, present, policies, there=there)
    return [
        Step(each, levels[each.item_gid], quantities.get(each.id, levels[each.item_gid].available))
        for each in present
    ]


def lane_of(work: Work) -> int:
    """The lane in Shopify's budget: a batch is as patient as the catalogue, so that what goes alone finds points."""
    return Lane.CATALOGUE if work.job.record.startswith(STOCK_BATCH) else work.job.lane


def _set(work: Work, location: str, steps: Sequence[Step]) -> Sent:
    rows = [
        Row(step.target.item_gid, location, step.quantity, change_from=step.level.available) for step in steps
    ]
    try:
        _write(work, location, rows)
    except RowsRefused as refused:
        return _split(work, steps, refused)
    except back.NewKeyNeeded:
        return Sent(stale=len(steps))  # nothing happened under the old key: read again, new version
    with work.transaction() as session:
        stock.settle(session, [(step.target, step.quantity) for step in steps], was_sent=True)
    return Sent(set=len(steps))


def _write(work: Work, location: str, rows: Sequence[Row]) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    variables = [[row.item, row.location, row.quantity, row.change_from] for row in rows]
    done = Written(model="stock", erp_id=location, number=f"{len(rows)} values", state="set")

    def call(key: str) -> Written:
        shopify.set_quantities(client, rows, key=key, lane=lane_of(work), reference=f"{REFERENCE}/{key}")
        return done

    back.write(work, purpose=PURPOSE, variables=variables, call=call)


def _split(work: Work, steps: Sequence[Step], refused: RowsRefused) -> Sent:
    """Stale rows stay due. Bad ones go alone from now on. The others of the batch were not written and stay due."""
    with work.transaction() as session:
        for row, error in refused.bad.items():
            stock.refuse(session, steps[row].target, why=error.message)
    return Sent(
        stale=len(refused.stale),
        split_off=tuple(steps[row].target.item_gid for row in sorted(refused.bad)),
        refusals=tuple(refused.bad[row].message for row in sorted(refused.bad)),
    )


def stocked(work: Work, location: str, steps: Sequence[Step]) -> tuple[list[Step], dict[str, str]]:
    """The steps once every item that needs it is stocked at the location, and the refusals by item. An item that is
    not stocked there and of which there is nothing stays as it is."""
    missing = [step for step in steps if step.differs and not step.level.is_stocked]
    refused: dict[str, str] = {}
    for step in missing:
        try:
            _activate(work, step.target)
        except Refused as fault:
            refused[step.target.item_gid] = fault.sentence
            with work.transaction() as session:
                stock.refuse(session, step.target, why=fault.sentence)
    fresh = [step.target.item_gid for step in missing if step.target.item_gid not in refused]
    if fresh:
        client = work.gateways.shopify(work.shop.id, work.shop.domain)
        levels = shopify.levels(client, fresh, location, lane=lane_of(work))
        steps = [replace(s, level=levels.get(s.target.item_gid, s.level)) for s in steps]
    return [step for step in steps if step.target.item_gid not in refused], refused


def _activate(work: Work, target: StockTarget) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    item, location = target.item_gid, target.location_gid
    purpose = f"stocked:{location.rpartition('/')[2]}:{item.rpartition('/')[2]}"

    def call(key: str) -> Written:
        shopify.activate(client, item, location, key=key, lane=lane_of(work))
        return Written(model="stock", erp_id=item, number="", state="stocked")

    back.write(work, purpose=purpose, variables=[item, location], call=call)
