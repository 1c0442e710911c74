"""Stock that cannot reach Shopify: of a product without a link, of a warehouse that feeds no location, below zero.

Each product or warehouse has one job that says so, however often the ERP speaks of it. It stops nothing else, and it
ends by itself once the reason is gone. What a person ignored is not brought up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kit.faults import Misconfigured, Rejected
from sync.domain.feeds import StockTold
from sync.domain.policies import BackPolicies
from sync.flows import back
from sync.flows.road import Work
from sync.state import jobs, stock
from sync.state.models import Job, JobState, Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock_models import ErpLevel

FLOW = "stock_pull"
UNLINKED, UNMAPPED, NEGATIVE = "unlinked:", "unmapped:", "negative:"  # how records begin
ODD = (UNLINKED, UNMAPPED, NEGATIVE)
APART = "@"  # between product and warehouse


def notice(
    session: Session, work: Work, connection: Connection, told: Sequence[StockTold], policies: BackPolicies
) -> None:
    """Asks for a job for each reason why something that was told cannot reach Shopify, and for those that ended."""
    found = _reasons(session, connection, told, policies)
    sound = {f"{NEGATIVE}{each.product}{APART}{each.warehouse}" for each in told} - set(found)
    rows = session.execute(
        select(Job.record, Job.state).where(Job.flow == FLOW, Job.record.in_({*found, *sound}))
    ).all()
    known = {record for record, state in rows if state != JobState.DONE}
    ended = {record for record, state in rows if record in sound and state in jobs.OPEN}
    for record in sorted({*found} - known | ended):
        jobs.ask(
            session,
            shop_id=work.shop.id,
            flow=FLOW,
            record=record,
            lane=Lane.STOCK,
            hint=found.get(record),
        )


def _reasons(
    session: Session, connection: Connection, told: Sequence[StockTold], policies: BackPolicies
) -> dict[str, Mapping[str, str]]:
    linked = set(back.variants(session, connection, [each.product for each in told]))
    parts = {member.erp_item for members in policies.kits.values() for member in members}
    feeding = {each for names in back.feeding(session, connection).warehouses.values() for each in names}
    # Before the first walk over the variants nothing is linked, and that says nothing about a product.
    is_walked = bool(linked) or _has_links(session, connection)
    found: dict[str, Mapping[str, str]] = {}
    for each in told:
        hint = {"code": each.code} if each.code else {}
        if is_walked and each.product not in linked and each.product not in parts:
            found[f"{UNLINKED}{each.product}"] = hint
        if each.warehouse not in feeding:
            found[f"{UNMAPPED}{each.warehouse}"] = {}
        if each.on_hand < 0 and not policies.stock.allow_negative and not policies.is_split:
            found[f"{NEGATIVE}{each.product}{APART}{each.warehouse}"] = hint
    return found


def look(session: Session, work: Work, connection: Connection, policies: BackPolicies) -> list[str]:
    """The products whose stock may be told now, because the reason of this job is gone. Raises while it lasts."""
    record = work.job.record
    if record.startswith(UNLINKED):
        return _linked(session, work, connection, record.removeprefix(UNLINKED))
    if record.startswith(UNMAPPED):
        return _mapped(session, connection, record.removeprefix(UNMAPPED))
    product, _, warehouse = record.removeprefix(NEGATIVE).rpartition(APART)
    level = stock.levels(session, connection_id=connection.id, items=[product]).get((product, warehouse))
    is_told = policies.stock.allow_negative or policies.is_split
    if level is not None and level.on_hand < 0 and not is_told:
        raise Rejected(
            "stock_negative",
            f"The ERP counts {level.on_hand.normalize():f} of {work.job.hint.get('code') or product} in warehouse "
            f"{warehouse}. Shopify is told none of it.",
            field="quantity",
        )
    return [product]


def _linked(session: Session, work: Work, connection: Connection, product: str) -> list[str]:
    if not back.variants(session, connection, [product]):
        raise Misconfigured(
            "stock_unlinked",
            f"The ERP has stock of {work.job.hint.get('code') or product}, which no variant in Shopify is linked to.",
            misses=f"link:product:{product}"[:255],
            field="product",
        )
    return [product]


def _mapped(session: Session, connection: Connection, warehouse: str) -> list[str]:
    back.location_of(back.feeding(session, connection), warehouse)
    query = select(ErpLevel.erp_item).where(
        ErpLevel.connection_id == connection.id, ErpLevel.warehouse == warehouse
    )
    return list(session.scalars(query.order_by(ErpLevel.erp_item)))


def _has_links(session: Session, connection: Connection) -> bool:
    some = exists().where(Link.connection_id == connection.id, Link.kind == stock.PRODUCT)
    return bool(session.scalar(select(some)))
