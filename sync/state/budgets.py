"""The Admin API cost bucket of a shop, shared by all processes: claimed before a call, settled after it.

The figures are Shopify's own, learnt from each answer and carried on by the restore rate in between. A lane leaves a
share of the bucket to the lanes before it, so a backfill can never make an order wait. Two short transactions a call,
and no network inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit.db import Database, insert, shared_now
from sync.shopify.answers import Cost, Throttle
from sync.shopify.budget import Claim
from sync.state.models import Lane
from sync.state.settings_models import Budget, OperationCost

# The part of the bucket that a lane may not touch: it belongs to those who go first.
RESERVED: Mapping[int, float] = {
    Lane.ORDERS: 0.0,
    Lane.STOCK: 0.15,
    Lane.CATALOGUE: 0.35,
    Lane.BACKFILL: 0.5,
}
FIRST_ESTIMATE = 60.0  # of an operation that never ran in this shop: about a whole order
LEAST_WAIT_SECONDS = 0.2
# Our figure lies below Shopify's by what is on its way there, and by what was lost with killed processes. Moving up
# by a part forgives the second without forgetting the first.
TRUST_UPWARDS = 0.25
LEARNING_RATE = 0.2


@dataclass(frozen=True)
class Level:
    """The bucket as it stands, for people."""

    available: float
    maximum: float
    restore_per_second: float
    measured_at: datetime


class SharedBudget:
    """The bucket of one shop. Implements `sync.shopify.budget.Budget`."""

    def __init__(self, database: Database, *, shop_id: int) -> None:
        self._database = database
        self._shop_id = shop_id

    def claim(self, operation: str, *, lane: int) -> Claim:
        """Sets the estimated points aside, or says how long to wait. The first call of a shop just goes."""
        with self._database.transaction(shop_id=self._shop_id) as session:
            estimate = session.scalar(
                select(OperationCost.requested).where(OperationCost.operation == operation)
            )
            points = FIRST_ESTIMATE if estimate is None else estimate
            bucket, now = _bucket(session)
            if bucket is None:
                return Claim(points)
            available = _restored(bucket, now)
            # A bucket smaller than the estimate must still let a call through once it is full.
            needed = min(points + _reserved(lane) * bucket.maximum, bucket.maximum)
            if available < needed:
                missing = needed - available
                return Claim(0.0, max(LEAST_WAIT_SECONDS, missing / max(bucket.restore_per_second, 1.0)))
            bucket.available, bucket.measured_at = available - points, now
            return Claim(points)

    def settle(self, operation: str, *, claim: Claim, cost: Cost | None) -> None:
        """Gives back what was not used and takes over Shopify's figures. Without an answer the points stay spent:
        the call may have run."""
        if cost is None:
            return
        with self._database.transaction(shop_id=self._shop_id) as session:
            if cost.actual is not None:
                _learn(session, operation, cost, shop_id=self._shop_id)
            if cost.throttle is None:
                return
            bucket, now = _bucket(session)
            if bucket is None:
                _found(session, cost.throttle, now, shop_id=self._shop_id)
                return
            ours = _restored(bucket, now) + claim.points - (cost.actual or 0.0)
            theirs = cost.throttle.available
            bucket.available = theirs if theirs < ours else ours + (theirs - ours) * TRUST_UPWARDS
            bucket.maximum = cost.throttle.maximum
            bucket.restore_per_second = cost.throttle.restore_per_second
            bucket.measured_at = now


def level(session: Session) -> Level | None:
    """The bucket of the session's shop as it stands now; none before its first answer."""
    found = session.execute(select(Budget, shared_now())).first()
    if found is None:
        return None
    bucket, now = found
    return Level(_restored(bucket, now), bucket.maximum, bucket.restore_per_second, now)


def _bucket(session: Session) -> tuple[Budget | None, datetime]:
    """The bucket, locked, and the time by the clock that all processes share."""
    bucket = session.scalar(select(Budget).with_for_update())
    now = session.execute(select(shared_now())).scalar_one()
    if bucket is not None and bucket.measured_at > now:
        bucket.measured_at = now  # the clock jumped back: what is restored counts from here, not from then on
    return bucket, now


def _reserved(lane: int) -> float:
    return RESERVED.get(lane, RESERVED[Lane.BACKFILL])


def _restored(bucket: Budget, now: datetime) -> float:
    seconds = max(0.0, (now - bucket.measured_at).total_seconds())
    return min(bucket.maximum, bucket.available + seconds * bucket.restore_per_second)


def _found(session: Session, throttle: Throttle, now: datetime, *, shop_id: int) -> None:
    session.execute(
        insert(Budget)
        .values(
            shop_id=shop_id,
            available=throttle.available,
            maximum=throttle.maximum,
            restore_per_second=throttle.restore_per_second,
            measured_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Budget.shop_id])
    )


def _learn(session: Session, operation: str, cost: Cost, *, shop_id: int) -> None:
    """Keeps the newest requested cost (it follows from the document) and a moving mean of the actual one."""
    session.execute(
        insert(OperationCost)
        .values(shop_id=shop_id, operation=operation, requested=cost.requested, actual=cost.actual, calls=1)
        .on_conflict_do_update(
            index_elements=[OperationCost.shop_id, OperationCost.operation],
            set_={
                "requested": func.greatest(
                    cost.requested, OperationCost.requested * (1 - LEARNING_RATE)
                ),  # pages differ in size: forget a large one slowly
                "actual": OperationCost.actual * (1 - LEARNING_RATE) + (cost.actual or 0.0) * LEARNING_RATE,
                "calls": OperationCost.calls + 1,
            },
        )
    )
