"""Stock to Shopify. What the ERP says becomes due values; values near zero go at once and alone, the rest in batches.

Each try reads Shopify first, so an unknown outcome is settled by looking, and a value that is there already is not
sent. A value is set from the quantity that was read: when somebody was faster it is read and decided again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Rejected, Transient
from sync.connectors.base import Change
from sync.domain.feeds import StockTold
from sync.domain.policies import BackPolicies, Road
from sync.domain.stock import BATCH as ROWS_LIMIT
from sync.flows import back, stock_drift, stock_odd, stock_send, stock_split
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.flows.stock_send import Sent
from sync.state import jobs, stock
from sync.state.claims import STOCK_BATCH
from sync.state.models import Lane
from sync.state.settings_models import Connection
from sync.state.stock_models import StockTarget

FLOW = "stock_pull"
LOCATION = STOCK_BATCH  # record of a batch job: this and the location
GATHER = timedelta(seconds=3)  # a batch waits so long for its burst to end
ITEMS_LIMIT = 500  # products that are made due in one transaction
ROUNDS_LIMIT = 2  # then the place goes to whoever is next: orders do not wait for a full push


def take(session: Session, work: Work, connection: Connection, changes: Sequence[Change]) -> None:
    """Keeps what the ERP said and makes due what differs from what Shopify was told."""
    policies = back.policies(work)
    if policies.is_split:
        stock_split.require_told(work, connection)
    told = [StockTold.of(change.values) for change in changes]
    changed = stock.tell(session, told, shop_id=work.shop.id, connection_id=connection.id, at=clock.now())
    make_due(session, work, connection, sorted(changed))
    stock_odd.notice(session, work, connection, told, policies)


def make_due(session: Session, work: Work, connection: Connection, erp_items: Sequence[str]) -> None:
    """Asks for the values that these products feed. A product that is linked later comes here again."""
    policies = back.policies(work)
    items = {*erp_items, *_kits_with(policies, erp_items)}
    warehouses = back.feeding(session, connection).order_warehouses
    places = stock.places(session, connection_id=connection.id, items=items, warehouses=warehouses)
    targets = stock.keep_targets(session, places, shop_id=work.shop.id, connection_id=connection.id)
    sort_out = stock_split.due if policies.is_split else _due
    alone, together = sort_out(session, connection, targets, policies)
    stock.mark(session, [target.id for target in alone], due=stock.ALONE)
    stock.mark(session, [target.id for target in together], due=stock.BATCH)
    for item in sorted({target.item_gid for target in alone}):
        ask(session, work, item)
    for location in sorted({target.location_gid for target in together}):
        ask(session, work, f"{LOCATION}{location}", after=GATHER)


def _due(
    session: Session, connection: Connection, targets: Sequence[StockTarget], policies: BackPolicies
) -> tuple[list[StockTarget], list[StockTarget]]:
    """The values that differ: those near zero, which go alone, and the others."""
    wanted = stock_send.wanted(session, connection, targets, policies)
    alone: list[StockTarget] = []
    together: list[StockTarget] = []
    for target in targets:
        quantity = wanted.get(target.id)
        if quantity is None or (quantity == target.sent == target.seen and not target.due):
            continue
        is_near_zero = quantity <= policies.stock.guard_below
        (alone if is_near_zero or target.due == stock.ALONE else together).append(target)
    return alone, together


def ask(session: Session, work: Work, record: str, *, after: timedelta = timedelta(0)) -> int:
    """Asks for one item, or for the batch of a location."""
    return jobs.ask(
        session,
        shop_id=work.shop.id,
        flow=FLOW,
        record=record,
        lane=Lane.STOCK,
        due_at=clock.now() + after,
    )


def run(work: Work) -> Outcome:
    """Sends the due values of a location, or of one item."""
    policies = back.policies(work)
    if not policies.is_on(Road.STOCK):
        return Skipped("The ERP does not own stock in this shop.")
    connection = work.gateways.connection_of(work.shop.id)
    if policies.is_split:
        stock_split.require_told(work, connection)
        stock_split.resume(work)
    if work.job.record.startswith(LOCATION):
        return _batches(work, connection, policies, work.job.record.removeprefix(LOCATION))
    if work.job.record.startswith(stock_odd.ODD):
        return _no_more_odd(work, connection, policies)
    return _alone(work, connection, policies)


def _no_more_odd(work: Work, connection: Connection, policies: BackPolicies) -> Outcome:
    with work.reading() as session:
        items = stock_odd.look(session, work, connection, policies)
    for start in range(0, len(items), ITEMS_LIMIT):
        with work.transaction() as session:
            make_due(session, work, connection, items[start : start + ITEMS_LIMIT])
    return Done("What kept this stock from Shopify is gone.")


def _batches(work: Work, connection: Connection, policies: BackPolicies, location: str) -> Outcome:
    total = Sent()
    send = stock_split.send if policies.is_split else stock_send.send
    for _ in range(ROUNDS_LIMIT):
        with work.reading() as session:
            targets = stock.due_at_location(session, location, limit=ROWS_LIMIT)
        if not targets:
            with work.transaction() as session:
                back.close_open(session, work, purpose=stock_send.PURPOSE)
            return Done(total.sentence())
        sent = send(work, connection, policies, location, targets)
        with work.transaction() as session:
            for item in sent.split_off:
                ask(session, work, item)
        total = total + sent
    if not total.sentence():
        raise Transient("stock_moving", "Stock changes faster than it can be told. It is tried again.")
    with work.transaction() as session:
        ask(session, work, work.job.record)
    return Done(f"{total.sentence()} The rest follows.")


def _alone(work: Work, connection: Connection, policies: BackPolicies) -> Outcome:
    with work.reading() as session:
        targets = stock.of_item(session, work.job.record)
    if not targets:
        return Skipped("This item is not kept in step with the ERP.")
    total = Sent()
    send = stock_split.send if policies.is_split else stock_send.send
    due = [target for target in targets if target.due == stock.ALONE]
    if policies.is_split:
        with work.transaction() as session:
            stock_drift.hear(session, work.job.record, targets)
            due = stock_split.changed(session, connection, targets, policies)
    for target in due:
        sent = send(work, connection, policies, target.location_gid, [target])
        if sent.refusals:
            raise Rejected(
                "stock_refused",
                f"Shopify refuses the stock of {target.sku or target.item_gid}: {sent.refusals[0]}",
                field="quantity",
                detail=target.location_gid,
            )
        total = total + sent
    settled = [target for target in targets if not target.due and not policies.is_split]
    drift = stock_drift.look(work, connection, policies, settled) if settled else ""
    return Done(" ".join(part for part in (total.sentence(), drift) if part))


def _kits_with(policies: BackPolicies, erp_items: Sequence[str]) -> set[str]:
    """The kits, by their own ERP product, that have one of these as a member."""
    changed = set(erp_items)
    return {
        kit
        for kit, members in policies.kits.items()
        if changed.intersection(member.erp_item for member in members)
    }
