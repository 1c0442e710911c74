"""What is kept for how long: bodies for weeks, history for months, the audit log for years, as the operator set it.

The clock calls `prune`; each step is a short transaction over a few rows, and stopping in between loses nothing.
Work that is still open is never pruned, however old it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Delete, Update, delete, exists, select, update
from sqlalchemy.orm import Session

from kit import clock
from kit.config import Settings
from kit.db import Database, all_shops
from oauth.models import AuditEntry, PrivacyRequest, UsedState
from sync.state import personal
from sync.state.models import Attempt, Delivery, DeliveryState, Intent, IntentState, Job, JobState
from sync.state.settings_models import Issue

ROWS_PER_STEP = 1_000
STEPS_PER_ROUND = 50  # of each kind; the next round goes on
AUDIT_AT_LEAST_DAYS = 90  # the database refuses to delete younger entries, whatever is set
STATE_DAYS = 1
OPEN = (JobState.READY, JobState.RUNNING, JobState.HELD, JobState.DEAD)

Step = Callable[[Session], int]


def prune(database: Database, settings: Settings) -> dict[str, int]:
    """Removes what is past its time. Returns how much of each kind."""
    return {name: _round(database, step) for name, step in _steps(settings).items()}


def _steps(settings: Settings) -> dict[str, Step]:
    now = clock.now()
    bodies = now - timedelta(days=settings.delivery_days)
    history = now - timedelta(days=settings.history_days)
    entries = now - timedelta(days=max(settings.audit_days, AUDIT_AT_LEAST_DAYS))
    return {
        "bodies": lambda session: _bodies(session, bodies),
        "deliveries": lambda session: _gone(
            session,
            Delivery.id,
            (Delivery.received_at < history) & (Delivery.state != DeliveryState.WAITING),
            delete(Delivery),
        ),
        "attempts": lambda session: _gone(
            session,
            Attempt.id,
            (Attempt.ended_at < history) & ~exists().where(Job.id == Attempt.job_id, Job.state.in_(OPEN)),
            delete(Attempt),
        ),
        "jobs": lambda session: _gone(
            session, Job.id, (Job.finished_at < history) & Job.state.not_in(OPEN), delete(Job)
        ),
        "issues": lambda session: _gone(
            session, Issue.id, (Issue.state == "resolved") & (Issue.closed_at < history), delete(Issue)
        ),
        "intents": lambda session: _gone(
            session,
            Intent.key,
            Intent.state.in_([IntentState.DONE, IntentState.DROPPED]) & (Intent.closed_at < history),
            delete(Intent),
        ),
        "summaries": lambda session: personal.erase_old_summaries(session, history, limit=ROWS_PER_STEP),
        "privacy_files": lambda session: _gone(
            session,
            PrivacyRequest.id,
            PrivacyRequest.file_expires_at < now,
            update(PrivacyRequest).values(sealed_file=None, file_expires_at=None),
        ),
        "states": lambda session: _gone(
            session, UsedState.nonce, UsedState.used_at < now - timedelta(days=STATE_DAYS), delete(UsedState)
        ),
        "audit": lambda session: _gone(session, AuditEntry.id, AuditEntry.at < entries, delete(AuditEntry)),
    }


def _round(database: Database, step: Step) -> int:
    whole = 0
    for _ in range(STEPS_PER_ROUND):
        with database.transaction() as session:
            count = step(session)
        whole += count
        if count < ROWS_PER_STEP:
            break
    return whole


def _bodies(session: Session, before: datetime) -> int:
    return _gone(
        session,
        Delivery.id,
        (Delivery.received_at < before)
        & (Delivery.state != DeliveryState.WAITING)
        & Delivery.body.is_not(None),
        update(Delivery).values(body=None),
    )


def _gone(session: Session, key: Any, which: Any, act: Update | Delete) -> int:
    ids = list(session.scalars(all_shops(select(key).where(which).limit(ROWS_PER_STEP))))
    if not ids:
        return 0
    session.execute(all_shops(act.where(key.in_(ids))))
    return len(ids)
