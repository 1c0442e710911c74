"""Is it well? One answer for the home page: what is synced, what waits, what is stuck, since when, what to do next.

It counts; it never guesses. A figure that cannot be known is None, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kit import clock
from oauth.models import Installation, Shop
from sync.domain.money import Money
from sync.insight import names
from sync.state import rhythms
from sync.state.models import Attempt, Delivery, DeliveryState, Job, JobState, Link
from sync.state.settings_models import Breaker, Connection, ConnectionState, Issue, MappingVersion, Snapshot

BEHIND_AFTER = timedelta(minutes=15)
ORDER_FLOWS = ("order_push", "refund_push", "fulfilment_push")


class Mood(StrEnum):
    """The one word for the state of the sync, the gravest first."""

    NEEDS_VISIT = "needs_visit"  # Shopify's permission is lost; any visit renews it
    SCOPES_MISSING = "scopes_missing"  # Shopify's permission is too small: some flows rest
    NOT_CONNECTED = "not_connected"
    PAUSED = "paused"
    BROKEN = "broken"  # the ERP refuses the credential or the address
    UNREACHABLE = "unreachable"  # the ERP does not answer; work waits and goes on by itself
    STUCK = "stuck"  # some records wait for a person
    BEHIND = "behind"
    WORKING = "working"
    WELL = "well"
    QUIET = "quiet"  # nothing was synced yet


@dataclass(frozen=True, kw_only=True)
class ConnectionHealth:
    """The connection as the home page shows it."""

    name: str
    kind: str
    state: str
    reason: str
    is_reachable: bool
    probe_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Guide:
    """The set-up guide: which steps are done."""

    is_connected: bool
    is_mapped: bool
    has_delivery: bool
    has_synced: bool
    is_dismissed: bool

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return 4

    @property
    def done(self) -> int:
        """How many of them are done."""
        return sum((self.is_connected, self.is_mapped, self.has_delivery, self.has_synced))


@dataclass(frozen=True, kw_only=True)
class LastProof:
    """The newest order whose money was proven: no cent is unexplained."""

    record: str
    title: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Health:
    """Is it well?"""

    mood: Mood
    installation: str
    synced_orders: int
    synced_today: int
    waiting: int
    held: int
    dead: int
    open_issues: int
    failed_deliveries: int
    at_risk: tuple[Money, ...]
    oldest_waiting_at: datetime | None
    last_success_at: datetime | None
    last_delivery_at: datetime | None
    last_proof: LastProof | None
    connection: ConnectionHealth | None
    guide: Guide
    rhythms_fail_since: datetime | None  # Concord's own regular work, in all shops

    @property
    def stuck(self) -> int:
        """What waits for a person: records, and deliveries that could not be used."""
        return self.held + self.dead + self.failed_deliveries


def of(session: Session, *, now: datetime | None = None) -> Health:
    """The health of the session's shop."""
    now = now or clock.now()
    shop = session.get_one(Shop, session.info["shop_id"])
    figures = session.execute(_figures(now)).one()
    connection = _connection(session)
    guide = Guide(
        is_connected=connection is not None,
        is_mapped=bool(figures.published),
        has_delivery=figures.last_delivery_at is not None,
        has_synced=bool(figures.synced_orders),
        is_dismissed=bool(shop.policies.get("guide_is_dismissed")),
    )
    return Health(
        mood=_mood(shop, connection, figures, now=now),
        installation=shop.state,
        synced_orders=figures.synced_orders,
        synced_today=figures.synced_today,
        waiting=figures.waiting + figures.unread,
        held=figures.held,
        dead=figures.dead,
        open_issues=figures.open_issues,
        failed_deliveries=figures.failed_deliveries,
        at_risk=_at_risk(session),
        oldest_waiting_at=figures.oldest_at,
        last_success_at=figures.last_success_at,
        last_delivery_at=figures.last_delivery_at,
        last_proof=_last_proof(session),
        connection=connection,
        guide=guide,
        rhythms_fail_since=rhythms.failing_since(session),
    )


def _jobs(*states: JobState) -> Any:
    return select(func.count()).select_from(Job).where(Job.state.in_(states)).scalar_subquery()


def _waiting() -> Any:
    # Work about the shop as a whole (a comparison, the set-up) is no record that somebody waits for.
    is_record = Job.record.startswith(names.PREFIX)
    states = Job.state.in_((JobState.READY, JobState.RUNNING))
    return select(func.count()).select_from(Job).where(states, is_record).scalar_subquery()


def _figures(now: datetime) -> Select[Any]:
    links = select(func.count()).select_from(Link).where(Link.kind == "order")
    # A waiting delivery is counted too: it was accepted, and nobody should think that it is lost.
    unread = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.WAITING)
    oldest = select(func.min(Job.asked_at)).where(
        Job.state.in_((JobState.READY, JobState.RUNNING)), Job.flow.in_(ORDER_FLOWS)
    )
    success = select(Attempt.ended_at).where(Attempt.outcome == "done").order_by(Attempt.id.desc()).limit(1)
    delivery = select(Delivery.received_at).order_by(Delivery.id.desc()).limit(1)
    issues = select(func.count()).select_from(Issue).where(Issue.state == "open")
    failed = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.FAILED)
    published = select(func.count()).select_from(MappingVersion).where(MappingVersion.state == "published")
    return select(
        links.scalar_subquery().label("synced_orders"),
        links.where(Link.linked_at > now - timedelta(days=1)).scalar_subquery().label("synced_today"),
        _waiting().label("waiting"),
        _jobs(JobState.HELD).label("held"),
        _jobs(JobState.DEAD).label("dead"),
        unread.scalar_subquery().label("unread"),
        oldest.scalar_subquery().label("oldest_at"),
        success.scalar_subquery().label("last_success_at"),
        delivery.scalar_subquery().label("last_delivery_at"),
        issues.scalar_subquery().label("open_issues"),
        failed.scalar_subquery().label("failed_deliveries"),
        published.scalar_subquery().label("published"),
    )


def _at_risk(session: Session) -> tuple[Money, ...]:
    found = session.execute(
        select(Job.currency, func.sum(Job.money))
        .where(Job.state.in_((JobState.HELD, JobState.DEAD)), Job.money.is_not(None))
        .group_by(Job.currency)
        .order_by(Job.currency)
    )
    return tuple(Money(Decimal(amount), currency) for currency, amount in found if currency)


def _last_proof(session: Session) -> LastProof | None:
    found = session.execute(
        select(Snapshot.record, Snapshot.title, Snapshot.read_at)
        .where(Snapshot.proof["is_proven"].as_boolean())
        .order_by(Snapshot.id.desc())
        .limit(1)
    ).first()
    return LastProof(record=found.record, title=found.title, at=found.read_at) if found else None


def _connection(session: Session) -> ConnectionHealth | None:
    row = session.scalars(select(Connection).order_by(Connection.id).limit(1)).first()
    if row is None:
        return None
    breaker = session.scalars(select(Breaker).where(Breaker.connection_id == row.id)).first()
    return ConnectionHealth(
        name=row.name,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        is_reachable=breaker is None or breaker.opened_at is None,
        probe_at=breaker.probe_at if breaker else None,
    )


def _mood(shop: Shop, connection: ConnectionHealth | None, figures: Any, *, now: datetime) -> Mood:
    if shop.state == Installation.SCOPES_MISSING:
        return Mood.SCOPES_MISSING
    if shop.state != Installation.INSTALLED:
        return Mood.NEEDS_VISIT
    if connection is None:
        return Mood.NOT_CONNECTED
    if connection.state == ConnectionState.PAUSED:
        return Mood.PAUSED
    if connection.state == ConnectionState.BROKEN:
        return Mood.BROKEN
    if not connection.is_reachable:
        return Mood.UNREACHABLE
    if figures.held or figures.dead or figures.failed_deliveries:
        return Mood.STUCK
    if figures.oldest_at is not None and now - figures.oldest_at > BEHIND_AFTER:
        return Mood.BEHIND
    if figures.waiting or figures.unread:
        return Mood.WORKING
    return Mood.WELL if figures.synced_orders else Mood.QUIET
