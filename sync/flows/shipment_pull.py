"""Shipments to Shopify: goods that left the ERP's warehouse become a fulfilment with its tracking, never twice.

`fulfillmentCreate` takes no key. So the order's goods are read before each write and looked through for a fulfilment
that is this shipment already; what was made is linked so that it is not told back to the ERP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit.faults import Misconfigured, Rejected, Transient
from oauth.models import Shop
from sync.connectors.base import Change, Written
from sync.domain.feeds import ShipmentState, ShipmentTold
from sync.domain.policies import BackPolicies, Road
from sync.domain.rules import Rules
from sync.flows import back, shipment_plan
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.flows.shipment_plan import Dispatch, Goods
from sync.shopify import fulfilments, topics
from sync.shopify.fulfilments import Made, Package, Routing
from sync.state import jobs, links
from sync.state.models import Delivery, Lane, Link
from sync.state.settings_models import Connection

FLOW = "shipment_pull"
KIND = "shipment"
PURPOSE = "fulfilment"
SEPARATOR = "#shipment:"  # record: the order, this, and the ERP's shipment
MOVES_LIMIT = 5
SHUT = "Shipments of the ERP are not carried over in this shop."


def take(session: Session, work: Work, _connection: Connection, changes: Sequence[Change]) -> None:
    """Asks for each shipment of an order of ours that did not come from Shopify; the newest word on it wins."""
    for change in changes:
        if back.is_own_reference(str(change.values.get("reference") or "")):
            continue
        told = ShipmentTold.of(change.values)
        order = back.order_of(told.origin)
        if order is not None:
            jobs.ask(
                session,
                shop_id=work.shop.id,
                flow=FLOW,
                record=f"{order}{SEPARATOR}{change.erp_id}",
                lane=Lane.ORDERS,
                hint={"values": dict(change.values)},
            )


def routing_changed(session: Session, shop: Shop, body: Mapping[str, Any], delivery: Delivery) -> None:
    """A delivery told that a hold was released or goods were moved: shipments that waited for it run again."""
    topic = topics.find(delivery.topic)
    gid = topic.record(body) if topic else None
    if gid is not None:
        jobs.release(session, misses=[waits_for(gid)])


def waits_for(fulfilment_order: str) -> str:
    """What a job misses that waits for a hold to end."""
    return f"fulfilment_order:{fulfilment_order}"


def run(work: Work) -> Outcome:
    """Carries one shipment over: made, changed in its tracking, or called off."""
    policies = back.policies(work)
    is_open = policies.is_on(Road.SHIPMENTS)
    with work.reading() as session:
        is_begun = back.is_begun(session, work, purpose=PURPOSE)
    if not is_open and not is_begun:
        return Skipped(SHUT)
    told = ShipmentTold.of(work.job.hint["values"])
    order, _, erp_id = work.job.record.partition(SEPARATOR)
    connection = work.gateways.connection_of(work.shop.id)
    with work.reading() as session:
        link = _link_of(session, connection, erp_id)
        is_ours = links.find(session, connection_id=connection.id, kind="order", shopify_gid=order)
        rules = back.rules(session, connection)
    if link is not None:
        return _changed(work, connection, policies, link, told)
    if told.state is not ShipmentState.DONE:
        return Skipped(
            "The goods have not left." if told.state is ShipmentState.OPEN else "It was called off."
        )
    if is_ours is None:
        raise Misconfigured(
            "order_not_linked",
            "The order of this shipment is not linked to the ERP yet.",
            misses=f"link:{order}",
        )
    return _fulfil(work, connection, policies, rules, told, is_open=is_open, is_begun=is_begun)


def _fulfil(
    work: Work,
    connection: Connection,
    policies: BackPolicies,
    rules: Rules,
    told: ShipmentTold,
    *,
    is_open: bool,
    is_begun: bool,
) -> Outcome:
    order, _, _ = work.job.record.partition(SEPARATOR)
    shipment_plan.check(told)
    location = back.location_of(rules, told.warehouse)
    packages = _packages(policies, told)
    with work.reading() as session:
        goods = _goods(session, connection, rules, told)
        told_of = _told(session, connection, order)
    routing = _read(work, order)
    taken = [gid for gid, is_of_erp in told_of.items() if is_of_erp]
    found = shipment_plan.already(routing, goods, packages, taken=taken)
    own = [made for made in found if made.gid not in told_of]
    if is_begun and own:
        return _settle(work, connection, own[-1], packages, "It had arrived at Shopify already.")
    # What an earlier try began is not there: nothing may wait for it, whatever becomes of this try.
    work.later(lambda session: back.drop_open(session, work))
    if not is_open:
        return Skipped(SHUT)
    if routing.is_cancelled:
        raise Rejected("order_cancelled", "The order was cancelled at Shopify, but the ERP shipped it.")
    dispatch = _dispatch(work, routing, goods, location)
    if dispatch.missing:
        if own:
            return _settle(work, connection, own[-1], packages, "It was fulfilled at Shopify already.")
        if any(shipment_plan.is_same_parcel(made, packages) for made in found):
            return Done("It was fulfilled at Shopify already, and the ERP was told.")
        raise Rejected(
            "ships_too_much",
            f"The ERP shipped more than Shopify has left to ship: {', '.join(dispatch.missing)}.",
            field="quantity",
        )
    gid = _create(work, policies, dispatch, packages)
    _record(work, connection, gid, packages)
    return Done(f"Shipment {told.number} is a fulfilment at Shopify.")


def _dispatch(work: Work, routing: Routing, goods: Sequence[Goods], location: str) -> Dispatch:
    """The plan, once goods that Shopify expects elsewhere were moved to where they left from."""
    for _ in range(MOVES_LIMIT):
        dispatch = shipment_plan.plan(routing, goods, location=location)
        if dispatch.held:
            held = dispatch.held[0]
            raise Misconfigured(
                "on_hold",
                f"The goods are on hold at Shopify ({', '.join(held.holds) or 'no reason given'}). "
                "The shipment is carried over once the hold is released.",
                misses=waits_for(held.gid),
            )
        if dispatch.missing or not dispatch.moves:
            return dispatch
        for fulfilment_order, lines in dispatch.moves.items():
            _move(work, fulfilment_order, location, lines)
        routing = _read(work, routing.order)
    raise Transient("routing_moves", "Shopify keeps moving the goods of this order between locations.")


def _create(work: Work, policies: BackPolicies, dispatch: Dispatch, packages: Sequence[Package]) -> str:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    variables = [
        sorted((order, list(rows)) for order, rows in dispatch.parts.items()),
        [asdict(each) for each in packages],
    ]

    def call(_key: str) -> Written:
        gid = fulfilments.create(
            client,
            dispatch.parts,
            packages,
            is_notified=policies.notifies_of_shipments,
            lane=work.job.lane,
        )
        return Written(model="fulfilment", erp_id=gid, number="", state="success")

    # The order's goods were read a moment ago, and this shipment was not among the fulfilments.
    return back.write(work, purpose=PURPOSE, variables=variables, call=call).erp_id


def _move(work: Work, fulfilment_order: str, location: str, lines: Sequence[tuple[str, int]]) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)

    def call(_key: str) -> Written:
        gid = fulfilments.move(client, fulfilment_order, location, lines=lines, lane=work.job.lane)
        return Written(model="fulfilment_order", erp_id=gid, number="", state="moved")

    purpose = f"move:{fulfilment_order.rpartition('/')[2]}"
    back.write(work, purpose=purpose, variables=[location, list(lines)], call=call)


def _track(work: Work, fulfilment: str, packages: Sequence[Package], *, is_notified: bool) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)

    def call(_key: str) -> Written:
        fulfilments.update_tracking(client, fulfilment, packages, is_notified=is_notified, lane=work.job.lane)
        return Written(model="fulfilment", erp_id=fulfilment, number="", state="tracked")

    back.write(work, purpose="tracking", variables=[asdict(each) for each in packages], call=call)


def _cancel(work: Work, fulfilment: str) -> None:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)

    def call(_key: str) -> Written:
        fulfilments.cancel(client, fulfilment, lane=work.job.lane)
        return Written(model="fulfilment", erp_id=fulfilment, number="", state="cancelled")

    back.write(work, purpose="cancel", variables=[fulfilment], call=call)


def _settle(
    work: Work, connection: Connection, made: Made, packages: Sequence[Package], sentence: str
) -> Outcome:
    """The shipment is there: link it, and bring its tracking up to date."""
    if {each.number for each in packages} - {each.number for each in made.packages}:
        _track(work, made.gid, packages, is_notified=False)
    _record(work, connection, made.gid, packages)
    return Done(sentence)


def _changed(
    work: Work, connection: Connection, policies: BackPolicies, link: Link, told: ShipmentTold
) -> Outcome:
    """The shipment is a fulfilment already: only its tracking can be news, or that it was called off."""
    gid = link.facts.get("fulfilment")
    if gid is None:
        return Skipped("This shipment came from Shopify.")
    if told.state is ShipmentState.CANCELLED:
        _cancel(work, gid)
        return Done("The fulfilment was cancelled at Shopify.")
    packages = _packages(policies, told)
    if [asdict(each) for each in packages] == link.facts.get("packages") or not packages:
        return Done("Nothing has changed.")
    _track(work, gid, packages, is_notified=policies.notifies_of_shipments)
    _record(work, connection, gid, packages)
    return Done("Its tracking was brought up to date.")


def _record(work: Work, connection: Connection, gid: str, packages: Sequence[Package]) -> None:
    """Links the pair under the name by which the road to the ERP asks whether a fulfilment was told, in the commit
    that closes what was begun for it (also moves whose answer was lost: the goods were found where they belong)."""
    order, _, erp_id = work.job.record.partition(SEPARATOR)
    number = str(work.job.hint["values"].get("number", ""))

    def save(session: Session) -> None:
        back.close_open(session, work)
        links.record(
            session,
            connection_id=connection.id,
            kind=KIND,
            shopify_gid=f"{back.legacy_id(order)}/F{gid.rpartition('/')[2]}",
            record=order,
            written=Written(model=KIND, erp_id=erp_id, number=number, state="done"),
            facts={"fulfilment": gid, "packages": [asdict(each) for each in packages]},
        )

    work.later(save)


def _packages(policies: BackPolicies, told: ShipmentTold) -> list[Package]:
    return [Package(each.number, each.carrier, each.url) for each in policies.carriers.told(told.parcels)]


def _read(work: Work, order: str) -> Routing:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    routing = fulfilments.routing(client, order, lane=work.job.lane)
    if routing is None:
        raise Rejected("order_gone", "Shopify does not know this order any more.", field="order")
    return routing


def _link_of(session: Session, connection: Connection, erp_id: str) -> Link | None:
    return session.scalar(
        select(Link).where(Link.connection_id == connection.id, Link.kind == KIND, Link.erp_id == erp_id)
    )


def _told(session: Session, connection: Connection, order: str) -> dict[str, bool]:
    """Fulfilments of the order that are linked, and whether the ERP's shipment was first. The others were told to
    the ERP by us."""
    rows = session.scalars(
        select(Link).where(Link.connection_id == connection.id, Link.kind == KIND, Link.record == order)
    )
    return {
        f"gid://shopify/Fulfillment/{link.shopify_gid.rpartition('/F')[2]}": "fulfilment" in link.facts
        for link in rows
    }


def _goods(session: Session, connection: Connection, rules: Rules, told: ShipmentTold) -> list[Goods]:
    pairs = back.variants(session, connection, [each.item for each in told.lines])
    pieces: dict[str, int] = {}
    for each in told.lines:
        pieces[each.item] = pieces.get(each.item, 0) + int(each.quantity)
    found = []
    for item, quantity in pieces.items():
        variants = frozenset(link.shopify_gid for link in pairs.get(item, ()))
        skus = frozenset(
            sku for sku, erp in {**rules.products.codes, **rules.products.links}.items() if erp == item
        )
        if not variants and not skus:
            raise Misconfigured(
                "product_not_linked",
                f"No variant at Shopify is linked to the ERP's product {item}.",
                misses=f"link:product:{item}",
                field="product",
            )
        if quantity:
            found.append(Goods(item, quantity, variants, skus))
    return found
