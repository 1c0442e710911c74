"""Work that is owed: what waits, what is held, and dead letters."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from starlette.responses import Response

from oauth.staff import Permission
from sync.flows import replay
from sync.insight import backlog
from sync.insight.backlog import Backlog, Queue
from sync.state.models import Job, JobState
from web.screens import Asked, nudged

RETRY_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class JobsPage:
    """What the page shows."""

    backlog: Backlog
    may_replay: bool


def show(asked: Asked) -> Response:
    """One page of one list."""
    with asked.transaction() as session:
        answer = backlog.page(
            session, queue=Queue(asked.word("queue", one_of=tuple(Queue))), number=asked.page_number
        )
    return asked.page("jobs", JobsPage(backlog=answer, may_replay=asked.may(Permission.REPLAY)))


def retry(asked: Asked) -> Response:
    """Tries one job again, or all dead letters."""
    job_id = asked.form.number("job")
    with asked.transaction() as session:
        chosen = [job_id] if job_id is not None else None
        if chosen is None:
            dead = select(Job.id).where(Job.state == JobState.DEAD).order_by(Job.id).limit(RETRY_AT_ONCE)
            chosen = list(session.scalars(dead))
        ids = replay.retry(
            session,
            shop_id=asked.visit.shop_id,
            job_ids=chosen,
            by=asked.actor,
            address=asked.visit.address,
        )
    count = nudged(asked, ids)
    say = "1 job is tried again." if count == 1 else f"{count:,} jobs are tried again."
    return asked.done(go="/jobs", say=say, queue=Queue.WAITING)
