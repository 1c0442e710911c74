"""One try of one job, from claim to settlement: the fault's kind decides what becomes of the job.

It owns that decision and the attempt row. Anything that is not a fault is a bug: the job waits, an issue opens, and
the error goes on to crash loudly.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, assert_never

from dramatiq.middleware import TimeLimitExceeded
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kit import clock, crashes, http, outages
from kit import log as logs
from kit.faults import Fault, Misconfigured, OutcomeUnknown, Rejected, Transient
from oauth import scopes
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.gateways import Gateways
from sync.shopify import answers
from sync.state import attempts, jobs
from sync.state.attempts import Trouble
from sync.state.jobs import Claimed, LeaseLost
from sync.state.models import JobState

log = logging.getLogger(__name__)

ISSUE_AFTER_TRIES = 3  # a passing fault becomes an issue when it stays
FIRST_WAIT_SECONDS = {"transient": 1.0, "unknown": 5.0, "bug": 30.0}
RESTART_WAIT_SECONDS = 2.0
TROUBLE_WAIT_SECONDS = 10.0

Flow = Callable[[Work], Outcome]


class DatabaseInTrouble(Transient):
    """The database cannot save anything, whatever the record is: no attempt."""

    counts = False

    def __init__(self, why: str) -> None:
        super().__init__(
            "database_in_trouble",
            "The database of Concord has no room, or its machine fails. Work goes on by itself.",
            detail=why,
            after_seconds=TROUBLE_WAIT_SECONDS,
        )


def take(gateways: Gateways, job: Claimed, flow: Flow) -> None:
    """Runs a claimed job to its settlement; a flow whose scopes are not granted rests. Raises only what is a bug."""
    view = gateways.shop(job.shop_id)
    work = Work(job=job, shop=view, database=gateways.database, gateways=gateways)
    with (
        logs.context(shop=view.domain, job=job.id, flow=job.flow, record=job.record),
        Settling(work) as settling,
    ):
        lacking = gateways.lacking_scopes(job.shop_id, scopes.OF_FLOW.get(job.flow, ()))
        if lacking:
            raise answers.denied(lacking[0], detail=f"{job.flow} rests without {', '.join(lacking)}")
        settling.outcome = flow(work)


class Settling:
    """Settles the job of a `Work` when the block ends, whatever it ends with."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.outcome: Outcome = Done()
        self._recording = http.recording()

    def __enter__(self) -> Settling:
        self._exchanges = self._recording.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._recording.__exit__(kind, error, trace)
        match error:
            case None:
                return self._saved(self._succeed, self.outcome)
            case LeaseLost():
                log.warning("job.lease_lost")
                return True
            case Fault():
                return self._saved(self._fail, error)
            case DBAPIError() if error.connection_invalidated:
                # PostgreSQL went away under us. If it is back the job waits a moment, else its lease runs out.
                return self._saved(self._fail, _database_away())
            case DBAPIError() if why := outages.told(error):
                return self._saved(self._fail, DatabaseInTrouble(why))
            case Exception():
                self._saved(self._crash, error)
                return False
            case TimeLimitExceeded():
                self._saved(self._fail, _too_slow())
                return False
            case _:  # the process is told to end: somebody else takes the job over at once
                self._saved(self._hand_over, "the worker was stopped")
                return False

    def _saved(self, settle: Callable[[Session, Any], None], what: Any) -> bool:
        try:
            self._save(settle, what)
        except LeaseLost:
            log.warning("job.lease_lost")
        return True

    def _save(self, settle: Callable[[Session, Any], None], what: Any) -> None:
        work = self.work
        try:
            with work.database.transaction(shop_id=work.shop.id) as session:
                jobs.check(session, work.job)
                work.save_waiting(session)
                settle(session, what)
        except DBAPIError as error:
            why = outages.told(error)
            if not why:
                raise
            log.error("job.not_settled", extra={"why": why})
            # Where nothing new can be written the job may still be put back. What waited to be saved is left: an intent
            # that stays open leads to a question to the other side.
            with work.database.transaction(shop_id=work.shop.id) as session:
                jobs.check(session, work.job)
                self._fail(session, DatabaseInTrouble(why))

    def _succeed(self, session: Session, outcome: Outcome) -> None:
        job = self.work.job
        cause = attempts.cause_of(session, job.id)
        match outcome:
            case Done(sentence):
                jobs.finish(session, job, state=JobState.DONE)
                attempts.write(session, job, outcome="done", sentence=sentence, exchanges=self._exchanges)
            case Skipped(reason):
                jobs.finish(session, job, state=JobState.IGNORED, reason=reason)
                attempts.write(session, job, outcome="skipped", sentence=reason, exchanges=self._exchanges)
            case _:
                assert_never(outcome)
        if cause:
            attempts.resolve(session, cause=cause, by="concord")

    def _fail(self, session: Session, fault: Fault) -> None:
        job = self.work.job
        trouble = Trouble(
            kind=fault.kind,
            code=fault.code,
            sentence=fault.sentence,
            detail=fault.detail,
            field=fault.field,
            misses=fault.misses if isinstance(fault, Misconfigured) else None,
        )
        self._put_back(
            session, trouble, state=self._next_state(fault), counts=fault.counts, after=_wish(fault)
        )
        log.info(
            "job.fault",
            extra={"fault_kind": fault.kind, "fault_code": fault.code, "attempt": job.attempts + 1},
        )

    def _crash(self, session: Session, error: Exception) -> None:
        trouble = Trouble(
            kind="bug",
            code=type(error).__name__,
            sentence="Concord made a mistake with this record. It tries again, and its makers can see what happened.",
            detail=crashes.told(error),
        )
        is_last = self.work.job.attempts + 1 >= self.work.gateways.settings.attempts_limit
        self._put_back(session, trouble, state=JobState.DEAD if is_last else JobState.READY)

    def _hand_over(self, session: Session, why: str) -> None:
        jobs.put_back(
            session,
            self.work.job,
            state=JobState.READY,
            due_at=clock.now(),
            reason=why,
            fault_code="stopped",
            cause=None,
            counts=False,
        )

    def _next_state(self, fault: Fault) -> JobState:
        match fault:
            case Misconfigured():
                return JobState.HELD
            case Rejected():
                return JobState.DEAD
            case Transient() | OutcomeUnknown():
                is_last = self.work.job.attempts + 1 >= self.work.gateways.settings.attempts_limit
                return JobState.DEAD if fault.counts and is_last else JobState.READY
            case _:
                raise TypeError(f"{type(fault).__name__} is none of the four kinds of fault")

    def _put_back(
        self,
        session: Session,
        trouble: Trouble,
        *,
        state: JobState,
        counts: bool = True,
        after: float | None = None,
    ) -> None:
        job = self.work.job
        first = FIRST_WAIT_SECONDS.get(trouble.kind, 1.0)
        wait = jobs.back_off_seconds(job.id, job.attempts, first_seconds=first)
        if after is not None:
            wait = max(after, wait) if counts else after * (1 + wait / jobs.LONGEST_WAIT_SECONDS)
        wait = min(wait, jobs.LATEST_SECONDS)
        needs_person = state in (JobState.HELD, JobState.DEAD) or job.attempts + 1 >= ISSUE_AFTER_TRIES
        before = attempts.cause_of(session, job.id)
        is_issue = needs_person and counts
        cause = trouble.cause(job.flow) if is_issue else before
        jobs.put_back(
            session,
            job,
            state=state,
            due_at=clock.now() + timedelta(seconds=wait),
            reason=trouble.sentence,
            fault_code=trouble.code,
            cause=cause,
            misses=trouble.misses,
            counts=counts,
        )
        if self.work.money_at_risk is not None:
            jobs.note_money(session, flow=job.flow, record=job.record, money=self.work.money_at_risk)
        if is_issue:
            attempts.open_issue(session, job, trouble)
        if before and before != cause:
            attempts.resolve(session, cause=before, by="concord")
        if counts:
            attempts.write(session, job, outcome=trouble.kind, trouble=trouble, exchanges=self._exchanges)


def _wish(fault: Fault) -> float | None:
    return fault.after_seconds if isinstance(fault, Transient) else None


def _too_slow() -> Transient:
    return Transient(
        "too_slow",
        "The work on this record took too long and was stopped.",
        detail="stopped by the time limit of the worker",
    )


def _database_away() -> Transient:
    return Transient(
        "database_away",
        "The database of Concord was restarted.",
        detail="connection invalidated",
        after_seconds=RESTART_WAIT_SECONDS,
    )
