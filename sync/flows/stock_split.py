"""Split stock: Shopify counts and sells, the ERP tells what comes and goes in its warehouses. Only changes cross.

A change cannot be settled by looking: a sale hides it. So exactly what is sent is kept with the rows, and a try that
got no answer is repeated to the letter under its key, until Shopify says what came of it; nothing new is planned for
these rows before. Each row also names the quantity that it changes from, so a sale in between is decided again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit.faults import Misconfigured, Rejected, Transient
from sync.connectors.base import Written
from sync.domain import stock as quantities
from sync.domain.policies import BackPolicies
from sync.flows import back, stock_send
from sync.flows.road import Work
from sync.flows.stock_send import Sent, Step
from sync.shopify import stock as shopify
from sync.shopify.stock import Delta, RowsRefused
from sync.state import intents, jobs, stock
from sync.state.models import Intent, IntentState, Lane
from sync.state.settings_models import Connection
from sync.state.stock_models import StockTarget

PURPOSE = "stock_change"


class ChangeUnderWay(Transient):
    """Another job has begun a change of this value. Whatever comes of it is settled there first. It is no attempt."""

    counts = False

    def __init__(self) -> None:
        super().__init__(
            "own_change_under_way", "A change of this stock is on its way to Shopify.", after_seconds=5.0
        )


def require_told(work: Work, connection: Connection) -> None:
    """Raises Misconfigured for an ERP that cannot say what of its stock Shopify sold: sales would count twice."""
    if not work.gateways.kinds[connection.kind].tells_sold:
        raise Misconfigured(
            "split_untold",
            "This ERP does not say which of its stock Shopify sold, so the ownership of stock cannot be split. "
            "Choose one owner of stock.",
            misses="policies",
            field="stock",
        )


def due(
    session: Session, connection: Connection, targets: Sequence[StockTarget], policies: BackPolicies
) -> tuple[list[StockTarget], list[StockTarget]]:
    """The values with something to tell: those that go alone, because they come near zero, and the others. A value of
    which the ERP speaks for the first time starts where Shopify is."""
    alone: list[StockTarget] = []
    together: list[StockTarget] = []
    figures = figures_of(session, connection, targets, policies)
    for target in targets:
        figure = figures.get(target.id)
        if figure is None:
            continue
        if target.base is None:
            stock.start_at(session, target, figure)
        elif figure != target.base or target.due or target.change:
            after = None if target.seen is None else target.seen + figure - target.base
            is_near_zero = after is not None and after <= policies.stock.guard_below
            (alone if is_near_zero or target.due == stock.ALONE else together).append(target)
    return alone, together


def figures_of(
    session: Session, connection: Connection, targets: Sequence[StockTarget], policies: BackPolicies
) -> dict[int, int]:
    """What each value would be if Shopify had sold nothing, where the ERP has said enough to know."""
    levels = stock.levels(session, connection_id=connection.id, items={each.erp_item for each in targets})
    places = back.feeding(session, connection)
    found = {
        target.id: quantities.undisturbed(
            stock_send.fed_by_what(target, places, policies), levels, policies.stock
        )
        for target in targets
    }
    return {target_id: figure for target_id, figure in found.items() if figure is not None}


def changed(
    session: Session, connection: Connection, targets: Sequence[StockTarget], policies: BackPolicies
) -> list[StockTarget]:
    """Of the values of one item those to tell now: due alone, or with something owed that may fit meanwhile."""
    figures = figures_of(session, connection, targets, policies)
    return [
        each
        for each in targets
        if each.due == stock.ALONE
        or (not each.due and each.base is not None and figures.get(each.id, each.base) != each.base)
    ]


def resume(work: Work) -> Sent:
    """Finishes what earlier tries of this job began and never heard of, each under its own key and as it was."""
    total = Sent()
    with work.reading() as session:
        open_ones = intents.open_ones(session, flow=work.job.flow, record=work.job.record)
        begun = [
            (each, stock.begun_changes(session, str(each.key)))
            for each in open_ones
            if each.purpose == PURPOSE
        ]
    for intent, targets in begun:
        if not targets:
            with work.transaction() as session:
                intents.close(session, intent.key, state=IntentState.DROPPED)
        elif intents.is_key_forgotten(intent):
            _give_up(work, intent, targets)
        else:
            total = total + _adjust(work, intent.version, targets)
    return total


def send(
    work: Work,
    connection: Connection,
    policies: BackPolicies,
    location: str,
    targets: Sequence[StockTarget],
) -> Sent:
    """Tells Shopify what changed in the ERP for these values of one location. What is stale stays due."""
    with work.transaction() as session:
        targets, others = _as_they_stand(session, targets)
        for intent in others:
            jobs.ask(session, shop_id=work.shop.id, flow=intent.flow, record=intent.record, lane=Lane.STOCK)
        figures = figures_of(session, connection, targets, policies)
    if others:
        raise ChangeUnderWay
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    levels = shopify.levels(
        client, [each.item_gid for each in targets], location, lane=stock_send.lane_of(work)
    )
    present = [target for target in targets if target.item_gid in levels]
    steps = [
        Step(each, levels[each.item_gid], _wanted(each, figures, levels[each.item_gid].available, policies))
        for each in present
    ]
    steps, refused = stock_send.stocked(work, location, steps)
    steps = [
        replace(step, quantity=_wanted(step.target, figures, step.level.available, policies))
        for step in steps
    ]
    same = [step for step in steps if not step.differs]
    with work.transaction() as session:
        stock.settle(session, [(step.target, step.level.available) for step in same], was_sent=False)
        for step in same:
            figure = figures.get(step.target.id)
            if figure is not None and (step.target.base is None or not step.level.is_tracked):
                stock.start_at(session, step.target, figure)
        for target in targets:
            if target.item_gid not in levels:
                stock.forget(session, target)
    sent = Sent(same=len(same), split_off=tuple(refused), refusals=tuple(refused.values()))
    differing = [step for step in steps if step.differs]
    return sent + (_begin(work, differing, figures) if differing else Sent())


def _wanted(target: StockTarget, figures: Mapping[int, int], available: int, policies: BackPolicies) -> int:
    figure = figures.get(target.id)
    if figure is None or target.base is None:
        return available
    return available + quantities.adjustment(
        figure, target.base, present=available, allow_negative=policies.stock.allow_negative
    )


def _begin(work: Work, steps: Sequence[Step], figures: Mapping[int, int]) -> Sent:
    steps = sorted(steps, key=lambda step: step.target.id)
    changes = {
        step.target.id: {
            "delta": step.quantity - step.level.available,
            "from": step.level.available,
            # What it could not fall by stays owed: the figure it was told up to is the one that was reached.
            "base": (step.target.base or 0) + step.quantity - step.level.available,
        }
        for step in steps
    }
    with work.transaction() as session:
        version = back.version_of(
            session, work, purpose=PURPOSE, variables=[[each, changes[each]] for each in changes]
        )
        key = str(_key(work, version))
        stock.begin_changes(session, {each: {**change, "key": key} for each, change in changes.items()})
        targets = stock.begun_changes(session, key)
    sent = _adjust(work, version, targets)
    if not sent.set:
        return sent
    with work.transaction() as session:
        stock.settle(session, [(step.target, step.quantity) for step in steps], was_sent=True)
    return sent


def _adjust(work: Work, version: int, targets: Sequence[StockTarget]) -> Sent:
    """Sends changes as they were kept. Whether they are still due is for whoever decides next."""
    changes = [(each, each.change or {}) for each in targets]
    rows = [Delta(each.item_gid, each.location_gid, it["delta"], it["from"]) for each, it in changes]
    try:
        _write(work, version, rows, variables=[[each.id, _plain(it)] for each, it in changes])
    except RowsRefused as refused:
        with work.transaction() as session:
            for number, target in enumerate(targets):
                stock.end_change(session, target)
                if number in refused.bad:
                    stock.refuse(session, target, why=refused.bad[number].message)
        bad = sorted(refused.bad)
        return Sent(
            stale=len(refused.stale),
            split_off=tuple(targets[row].item_gid for row in bad),
            refusals=tuple(refused.bad[row].message for row in bad),
        )
    except (back.NewKeyNeeded, Rejected, Misconfigured) as nothing_happened:
        with work.transaction() as session:
            for target in targets:
                stock.end_change(session, target)
        if isinstance(nothing_happened, back.NewKeyNeeded):
            return Sent(stale=len(targets))
        raise
    with work.transaction() as session:
        for target, change in changes:
            stock.end_change(session, target, base=change["base"], seen=change["from"] + change["delta"])
    return Sent(set=len(targets))


def _write(work: Work, version: int, rows: Sequence[Delta], *, variables: list[object]) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    done = Written(model="stock", erp_id=rows[0].location, number=f"{len(rows)} changes", state="changed")

    def call(key: str) -> Written:
        reference = f"{stock_send.REFERENCE}/{key}"
        shopify.adjust_quantities(client, rows, key=key, lane=stock_send.lane_of(work), reference=reference)
        return done

    back.under_key(work, purpose=PURPOSE, version=version, variables=variables, call=call)


def _give_up(work: Work, intent: Intent, targets: Sequence[StockTarget]) -> None:
    """Shopify has forgotten the key, so neither a look nor a repeat can tell what came of it: a person counts."""
    told = ", ".join(f"{(each.change or {})['delta']:+d} {each.sku or each.item_gid}" for each in targets[:5])
    with work.transaction() as session:
        intents.close(session, intent.key, state=IntentState.DROPPED)
        for target in targets:
            stock.end_change(session, target, base=(target.change or {})["base"])
    raise Rejected(
        "stock_change_unknown",
        f"Shopify never answered a change of stock ({told}), and it is too late to ask. Compare the count in Shopify "
        "with the warehouse. Concord takes the change as made and goes on from there.",
        field="quantity",
    )


def _as_they_stand(
    session: Session, targets: Sequence[StockTarget]
) -> tuple[list[StockTarget], list[Intent]]:
    """The values as they are now, and the changes of them that other jobs have begun and not settled."""
    fresh = list(
        session.scalars(
            select(StockTarget)
            .where(StockTarget.id.in_([each.id for each in targets]))
            .order_by(StockTarget.id)
            .execution_options(populate_existing=True)
        )
    )
    others: dict[uuid.UUID, Intent] = {}
    for target in fresh:
        if target.change is None:
            continue
        intent = session.get(Intent, uuid.UUID(target.change["key"]))
        if intent is not None and intent.state in (IntentState.INTENDED, IntentState.UNKNOWN):
            others[intent.key] = intent
        else:
            stock.end_change(session, target)  # it was never sent, or refused
    return fresh, list(others.values())


def _key(work: Work, version: int) -> uuid.UUID:
    return intents.key_of(
        shop_id=work.shop.id,
        flow=work.job.flow,
        record=work.job.record,
        purpose=PURPOSE,
        version=version,
    )


def _plain(change: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in change.items() if name != "key"}
