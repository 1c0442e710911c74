"""What waits for a person to agree: exactly which refund, as the flow that asks will compare it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync.domain.feeds import CreditTold
from sync.flows import back, refund_pull
from sync.state.models import Job, JobState


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """A refund that a person has to agree to."""

    sentence: str
    values: Mapping[str, str]


def asked_for(session: Session, record: str) -> AskedFor | None:
    """The agreement that a held refund waits for; None when it waits for none."""
    job = session.scalars(
        select(Job).where(
            Job.record == record,
            Job.flow == refund_pull.FLOW,
            Job.state == JobState.HELD,
            Job.misses == back.approval(record),
        )
    ).first()
    if job is None:
        return None
    told = CreditTold.of(job.hint["values"])
    return AskedFor(
        sentence=f"{told.total} are paid out to the customer for {told.number}.",
        values=refund_pull.agreed_values(told),
    )
