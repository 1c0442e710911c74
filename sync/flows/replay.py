"""What a person may ask for: run a stored delivery again, read a record anew, try failed jobs again, let them be.

All of it is safe at any time: it only asks for jobs, and the road does nothing twice. Each act is in the audit log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from oauth import audit
from sync.state import attempts, jobs
from sync.state.models import Delivery, DeliveryState, Job, Lane
from sync.state.settings_models import Issue


def replay(session: Session, *, shop_id: int, delivery_ids: Sequence[int], by: str, address: str = "") -> int:
    """Runs stored deliveries again, marked as a replay. One whose body was pruned stays as it is. Returns how many."""
    rows = session.execute(
        update(Delivery)
        .where(
            Delivery.id.in_(delivery_ids), Delivery.body.is_not(None), Delivery.state != DeliveryState.WAITING
        )
        .values(state=DeliveryState.WAITING, reason=f"Replayed by {by}.", processed_at=None)
        .returning(Delivery.id)
    )
    ids = list(rows.scalars())
    _note(session, shop_id=shop_id, act="replayed", by=by, address=address, after={"deliveries": ids})
    return len(ids)


def resync(session: Session, *, shop_id: int, record: str, by: str, address: str = "") -> int:
    """Reads a record anew from Shopify and plans again. Returns the job's id."""
    job_id = jobs.ask(
        session,
        shop_id=shop_id,
        flow=flow_of(session, record),
        record=record,
        lane=Lane.ORDERS,
        hint={"reread": True, "by": by},
    )
    _note(
        session,
        shop_id=shop_id,
        act="resynced",
        by=by,
        address=address,
        subject=record,
        after={"job": job_id},
    )
    return job_id


def retry(
    session: Session,
    *,
    shop_id: int,
    job_ids: Sequence[int] = (),
    cause: str | None = None,
    by: str,
    address: str = "",
) -> list[int]:
    """Tries failed or held jobs again, by id or all of one cause. Returns their ids. A cause that holds up deliveries
    runs those again."""
    ids = jobs.retry(session, job_ids=job_ids, cause=cause)
    if failed := _failed_deliveries(session, cause):
        replay(session, shop_id=shop_id, delivery_ids=failed, by=by, address=address)
    _note(
        session, shop_id=shop_id, act="retried", by=by, address=address, after={"jobs": ids, "cause": cause}
    )
    return ids


def ignore(
    session: Session,
    *,
    shop_id: int,
    job_ids: Sequence[int] = (),
    cause: str | None = None,
    reason: str,
    by: str,
    address: str = "",
) -> list[int]:
    """Closes failed or held jobs with a reason. Returns their ids."""
    ids = jobs.ignore(session, job_ids=job_ids, cause=cause, reason=reason)
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(_failed_deliveries(session, cause)))
        .values(state=DeliveryState.IGNORED, reason=reason)
    )
    if cause is not None:
        attempts.ignore_issue(session, cause=cause, by=by, reason=reason)
    _note(
        session,
        shop_id=shop_id,
        act="ignored",
        by=by,
        address=address,
        after={"jobs": ids, "cause": cause, "reason": reason},
    )
    return ids


def _failed_deliveries(session: Session, cause: str | None) -> list[int]:
    """The deliveries that an issue is about; none when it is about jobs."""
    about = select(Issue.field).where(
        Issue.cause == cause, Issue.flow == attempts.INTAKE, Issue.state != "resolved"
    )
    topic = session.execute(about).scalar()
    if topic is None:
        return []
    failed = select(Delivery.id).where(Delivery.topic == topic, Delivery.state == DeliveryState.FAILED)
    return list(session.execute(failed).scalars())


def flow_of(session: Session, record: str) -> str:
    """The flow that brings a record in accord: the one that last worked on it, else by its kind."""
    known = session.execute(
        select(Job.flow).where(Job.record == record).order_by(Job.id.desc()).limit(1)
    ).scalar()
    if known:
        return known
    return "customer_push" if "/Customer/" in record else "order_push"


def _note(
    session: Session,
    *,
    shop_id: int,
    act: str,
    by: str,
    address: str,
    after: dict[str, Any],
    subject: str = "",
) -> None:
    audit.write(session, shop_id=shop_id, actor=by, act=act, subject=subject, after=after, address=address)
