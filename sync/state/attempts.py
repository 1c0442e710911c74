"""Attempts and issues: each try of a job is a row, and tries with one cause are one issue that a person can act on.

An issue opens when a job needs a person or keeps failing, and resolves by itself when its last job succeeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import fingerprint
from kit.http import Exchange
from kit.log import masked
from kit.sql import Sql, as_json
from sync.state.jobs import Claimed
from sync.state.models import Job, JobState
from sync.state.settings_models import Issue

CALLS_LIMIT = 40  # kept per attempt; a longer list keeps its beginning and end
DETAIL_LIMIT = 4_000
INTAKE = "intake"  # instead of a flow, in issues about deliveries; their field is the topic

_WRITE = Sql(
    """
    insert into attempt (shop_id, job_id, flow, record, started_at, ended_at, outcome, fault_code, cause, sentence,
                         detail, exchanges)
    values (%(shop_id)s, %(job_id)s, %(flow)s, %(record)s, %(started_at)s, %(ended_at)s, %(outcome)s, %(fault_code)s,
            %(cause)s, %(sentence)s, %(detail)s, %(exchanges)s)
    """
)
_CAUSE = Sql("select cause from job where id = %(id)s and shop_id = %(shop_id)s")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What went wrong with a try, in the words of the fault."""

    kind: str  # transient · rejected · misconfigured · unknown · bug
    code: str
    sentence: str
    detail: str = ""
    field: str = ""
    misses: str | None = None
    connector: str = ""

    def cause(self, flow: str) -> str:
        """The fingerprint that groups attempts: fault code, flow, connector and field, never the record."""
        return fingerprint([flow, self.kind, self.code, self.connector, self.field, self.misses or ""])[:32]


@dataclass(frozen=True, kw_only=True)
class Concerned:
    """What a trouble is about when it is no job: a delivery that cannot be used."""

    shop_id: int
    flow: str
    record: str
    asked_at: datetime


def write(
    session: Session,
    job: Claimed,
    *,
    outcome: str,
    trouble: Trouble | None = None,
    sentence: str = "",
    exchanges: Sequence[Exchange] = (),
) -> None:
    """Writes one try down."""
    calls = [asdict(each) for each in exchanges]
    if len(calls) > CALLS_LIMIT:
        calls = [*calls[: CALLS_LIMIT // 2], *calls[-CALLS_LIMIT // 2 :]]
    _WRITE.run(
        session,
        job_id=job.id,
        flow=job.flow,
        record=job.record,
        started_at=job.started_at,
        ended_at=clock.now(),
        outcome=outcome,
        fault_code=trouble.code if trouble else None,
        cause=trouble.cause(job.flow) if trouble else None,
        sentence=trouble.sentence if trouble else sentence,
        detail=masked(trouble.detail)[:DETAIL_LIMIT] if trouble else "",
        exchanges=as_json(calls),
    )


def open_issue(session: Session, concerned: Claimed | Concerned, trouble: Trouble) -> None:
    """Opens the issue of this cause, or adds to the one that is there. One that a person ignored opens again when it
    hits work that was asked for afterwards: nobody has decided about that."""
    now = clock.now()
    values: dict[str, Any] = {
        "shop_id": concerned.shop_id,
        "cause": trouble.cause(concerned.flow),
        "state": "open",
        "flow": concerned.flow,
        "fault_kind": trouble.kind,
        "fault_code": trouble.code,
        "connector": trouble.connector,
        "field": trouble.field,
        "sentence": trouble.sentence,
        "misses": trouble.misses,
        "sample_record": concerned.record,
        "first_at": now,
        "last_at": now,
    }
    stays = or_(Issue.state == "open", Issue.closed_at >= concerned.asked_at)
    session.execute(
        insert(Issue)
        .values(values)
        .on_conflict_do_update(
            index_elements=[Issue.shop_id, Issue.cause],
            index_where=text("state <> 'resolved'"),
            set_={
                "attempts": Issue.attempts + 1,
                "last_at": now,
                "sample_record": concerned.record,
                "sentence": trouble.sentence,
                "state": case((stays, Issue.state), else_="open"),
                "closed_at": case((stays, Issue.closed_at), else_=None),
                "closed_by": case((stays, Issue.closed_by), else_=""),
                "reason": case((stays, Issue.reason), else_=""),
            },
        )
    )


def cause_of(session: Session, job_id: int) -> str | None:
    """The issue that a job belonged to before this try."""
    cause: str | None = _CAUSE.run(session, id=job_id).scalar()
    return cause


def resolve(session: Session, *, cause: str, by: str) -> bool:
    """Resolves the issue of a cause if no open job belongs to it any more. Says whether it did."""
    left = session.execute(
        select(Job.id)
        .where(
            Job.cause == cause,
            Job.state.in_([JobState.READY, JobState.RUNNING, JobState.HELD, JobState.DEAD]),
        )
        .limit(1)
    ).first()
    if left is not None:
        return False
    done = session.execute(
        update(Issue)
        .where(Issue.cause == cause, Issue.state != "resolved")
        .values(state="resolved", closed_at=clock.now(), closed_by=by)
        .returning(Issue.id)
    ).first()
    return done is not None


def resolve_of(session: Session, *, flow: str, field: str, by: str) -> None:
    """Resolves all issues of a flow about one field: what they were about is in order."""
    session.execute(
        update(Issue)
        .where(Issue.flow == flow, Issue.field == field, Issue.state != "resolved")
        .values(state="resolved", closed_at=clock.now(), closed_by=by)
    )


def ignore_issue(session: Session, *, cause: str, by: str, reason: str) -> None:
    """A person says that what this cause holds up may be ignored."""
    session.execute(
        update(Issue)
        .where(Issue.cause == cause, Issue.state == "open")
        .values(state="ignored", closed_at=clock.now(), closed_by=by, reason=reason)
    )
