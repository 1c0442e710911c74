"""What waits for a person to agree: exactly which refund or price, as the flow that asks will compare it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from oauth.staff import Permission
from sync.domain.feeds import CreditTold
from sync.flows import back, price_plan, price_pull, price_times, refund_pull
from sync.state.models import Job, JobState

REFUND, PRICE = "refund", "price"


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """A refund or price that a person has to agree to, and the permission that it takes."""

    what: str
    sentence: str
    values: Mapping[str, str]
    permission: Permission


def asked_for(session: Session, record: str) -> AskedFor | None:
    """The agreement that a held refund or price waits for; None when it waits for none."""
    job = session.scalars(
        select(Job).where(
            Job.record == record,
            Job.flow.in_([refund_pull.FLOW, price_pull.FLOW]),
            Job.state == JobState.HELD,
            Job.misses == back.approval(record),
        )
    ).first()
    if job is None:
        return None
    if job.flow == price_pull.FLOW:
        told, _ = price_times.told_now(session, job.hint)
        if told is None:
            return None
        return AskedFor(
            what=PRICE,
            sentence=job.reason,
            values=price_plan.agreed_values(told),
            permission=Permission.CHANGE_POLICIES,
        )
    credit = CreditTold.of(job.hint["values"])
    return AskedFor(
        what=REFUND,
        sentence=f"{credit.total} are paid out to the customer for {credit.number}. This cannot be taken back.",
        values=refund_pull.agreed_values(credit),
        permission=Permission.REFUND,
    )
