"""What the roads back to Shopify have in common: the shop's policies, links of products, and versions of an intent.

A write with new contents gets a new version and so a new key; the same contents keep theirs, however often they are
tried. Approvals of people are entries of the audit log, bound to the values that were approved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit.crypto import fingerprint
from kit.faults import Misconfigured, Transient
from kit.sql import Sql
from oauth import audit
from oauth.models import AuditEntry
from sync.connectors.base import Written
from sync.domain import rules_json
from sync.domain.policies import BackPolicies, Mode, Road
from sync.domain.rules import Rules
from sync.flows import road
from sync.flows.road import Work
from sync.shopify.writer import NeedsNewKey
from sync.state import intents, jobs, mappings
from sync.state.models import Intent, IntentState, Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

APPROVED = "approved"
ORDER = "gid://shopify/Order/"

_OWN_UNDER_WAY = Sql(
    """
    select 1 from intent
    where flow in ('refund_pull', 'shipment_pull') and purpose in ('refund', 'fulfilment')
      and starts_with(record, %(of_order)s) and state in ('intended', 'unknown') and shop_id = %(shop_id)s
    limit 1
    """
)


class UnderWay(Transient):
    """Something of ours for this order is being made at Shopify at this moment. It is no attempt."""

    counts = False

    def __init__(self) -> None:
        super().__init__(
            "own_write_under_way",
            "Concord is writing to this order at Shopify; the order is looked at afterwards.",
            after_seconds=5.0,
        )


class NewKeyNeeded(Transient):
    """Shopify does not take the key of this write again. The next try reads the state and sends under a new one."""

    def __init__(self, refused: NeedsNewKey) -> None:
        super().__init__(
            "new_key_needed",
            "The first try of this write failed at Shopify. It is tried again.",
            detail=f"{refused.code}: {refused.detail}",
        )


def policies(work: Work) -> BackPolicies:
    """The shop's policies for the roads back. Raises Misconfigured when they cannot be read."""
    try:
        return BackPolicies.of(work.shop.policies)
    except ValueError as error:
        raise Misconfigured(
            "policies_broken",
            f"A policy of this shop cannot be read: {error}. Set it again.",
            misses="policies",
        ) from error


def mode(work: Work, road: Road) -> Mode:
    """How far a road is open in this shop."""
    return policies(work).mode(road)


def rules(session: Session, connection: Connection) -> Rules:
    """The mapping in force. Raises Misconfigured when nothing was published yet."""
    return rules_json.read_rules(mappings.in_force(session, connection.id).rules)


def feeding(session: Session, connection: Connection) -> Rules:
    """Of the mapping in force only which warehouses feed which locations: it is asked for at every batch."""
    whole = mappings.in_force(session, connection.id).rules
    parts = ("warehouses", "warehouse_shares")
    return rules_json.read_rules({part: whole[part] for part in parts if part in whole})


def variants(session: Session, connection: Connection, erp_items: Sequence[str]) -> dict[str, list[Link]]:
    """The links of ERP products to variants, by ERP product."""
    found: dict[str, list[Link]] = {}
    rows = session.scalars(
        select(Link)
        .where(Link.connection_id == connection.id, Link.kind == PRODUCT, Link.erp_id.in_(set(erp_items)))
        .order_by(Link.id)
    )
    for link in rows:
        found.setdefault(link.erp_id, []).append(link)
    return found


def location_of(rules: Rules, warehouse: str) -> str:
    """The Shopify location that one of the ERP's warehouses feeds. Raises Misconfigured when none is chosen."""
    found = [location for location, names in rules.warehouses.items() if warehouse in names]
    if not found:
        raise Misconfigured(
            "warehouse_unmapped",
            f"No Shopify location is chosen for the ERP's warehouse {warehouse or '(none)'}.",
            misses=f"mapping:warehouse:{warehouse}",
            field="warehouse",
        )
    return next((each for each in found if rules.warehouses[each][0] == warehouse), found[0])


def order_of(reference: str) -> str | None:
    """The order that a reference of ours speaks of (`6000000123`, `6000000123/R456`); none for somebody else's."""
    number = reference.partition("/")[0]
    return f"{ORDER}{number}" if number.isdigit() else None


def is_own_reference(reference: str) -> bool:
    """Whether it names a document that we wrote for something of an order: `6000000123/R456`."""
    return "/" in reference and order_of(reference) is not None


def legacy_id(order: str) -> str:
    """The number of an order, as references begin with it."""
    return order.removeprefix(ORDER)


def version_of(session: Session, work: Work, *, purpose: str, variables: Any, record: str = "") -> int:
    """The version of the intent for these contents: that of an open one with the same contents, else a new one.
    An open one with other contents, or whose key Shopify may have forgotten, is dropped: whoever calls this has just
    read what the other side has, and a forgotten key would not keep the write from happening twice. `record` is
    another one than the job's where many are written together."""
    flow, record = work.job.flow, record or work.job.record
    wanted = fingerprint(variables)
    for intent in intents.open_ones(session, flow=flow, record=record):
        if intent.purpose != purpose:
            continue
        if intent.variables_hash == wanted and not intents.is_key_forgotten(intent):
            return intent.version
        intents.close(session, intent.key, state=IntentState.DROPPED)
    highest = session.scalar(
        select(func.max(Intent.version)).where(
            Intent.flow == flow, Intent.record == record, Intent.purpose == purpose
        )
    )
    return (highest or 0) + 1


def write(work: Work, *, purpose: str, variables: Any, call: Callable[[str], Written]) -> Written:
    """Does one write at Shopify under the intent of exactly these contents. Only for those who have just read the
    other side and found that it is not done: an open intent is sent again with its key, never asked for."""
    with work.transaction() as session:
        version = version_of(session, work, purpose=purpose, variables=variables)
    return under_key(work, purpose=purpose, version=version, variables=variables, call=call)


def under_key(
    work: Work,
    *,
    purpose: str,
    version: int,
    variables: Any,
    call: Callable[[str], Written],
    ask: Callable[[], Written | None] = lambda: None,
) -> Written:
    """Does the write of this version of an intent; `ask` looks once more before an earlier try is repeated. Raises
    NewKeyNeeded when Shopify will not take its key again. A missing setting or permission gives the intent up: nothing
    happened, and nothing may wait for it until somebody mends that."""

    def called(key: str) -> Written:
        try:
            return call(key)
        except Misconfigured:
            work.later(lambda session: drop_open(session, work, purpose=purpose))
            raise

    try:
        return road.write(work, purpose=purpose, version=version, variables=variables, call=called, ask=ask)
    except NeedsNewKey as refused:
        raise NewKeyNeeded(refused) from refused


def is_begun(session: Session, work: Work, *, purpose: str) -> bool:
    """Whether a write of this job was begun and never answered: perhaps it was done."""
    found = intents.open_ones(session, flow=work.job.flow, record=work.job.record)
    return any(each.purpose == purpose for each in found)


def drop_open(session: Session, work: Work, *, purpose: str = "") -> None:
    """Gives up what was begun, because the other side was read just now, does not have it, and shall not get it."""
    _close_open(session, work, purpose, IntentState.DROPPED)


def close_open(session: Session, work: Work, *, purpose: str = "") -> None:
    """Closes what was begun and never answered, because the other side was read just now and is as it should be."""
    _close_open(session, work, purpose, IntentState.DONE)


def _close_open(session: Session, work: Work, purpose: str, state: IntentState) -> None:
    """Those of one purpose, or all of the job's record."""
    for intent in intents.open_ones(session, flow=work.job.flow, record=work.job.record):
        if purpose in ("", intent.purpose):
            intents.close(session, intent.key, state=state)


def wait_for_own(session: Session, order: str) -> None:
    """Raises UnderWay while a refund or fulfilment of ours is being made for the order: its traces at Shopify are not
    news for the ERP, and whether they are is only known once its intent is closed and its link saved, in one commit."""
    if _OWN_UNDER_WAY.run(session, of_order=f"{order}#").first() is not None:
        raise UnderWay


def approve(
    session: Session, *, shop_id: int, record: str, values: Mapping[str, Any], actor: str, address: str = ""
) -> list[int]:
    """A person agrees to exactly these values of a record. Returns the jobs that it released."""
    audit.write(
        session,
        shop_id=shop_id,
        actor=actor,
        act=APPROVED,
        subject=record,
        after={"values": fingerprint(values), **values},
        address=address,
    )
    return jobs.release(session, misses=[approval(record)])


def approvals(session: Session, *, shop_id: int, record: str, values: Mapping[str, Any]) -> set[str]:
    """Who agreed to exactly these values. A change of them makes every earlier approval void."""
    wanted = fingerprint(values)
    entries = session.scalars(
        select(AuditEntry).where(
            AuditEntry.shop_id == shop_id, AuditEntry.act == APPROVED, AuditEntry.subject == record
        )
    )
    return {entry.actor for entry in entries if (entry.after or {}).get("values") == wanted}


def approval(record: str) -> str:
    """What a job misses that waits for people."""
    return f"approval:{record}"[:255]
