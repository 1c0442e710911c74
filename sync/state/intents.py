"""Intents: outward writes, saved with their key before they are done. All tries of one intent share the key.

An intent that was begun and not closed may or may not have happened over there; whoever finds it asks the remote
system before sending anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import fingerprint
from sync.state.models import Intent, IntentState

NAMESPACE = uuid.UUID("6f9c1f0e-5a3b-4c1e-9a57-0c0ac0ac0ac0")
KEY_LIFE = timedelta(
    hours=23
)  # Shopify forgets a key a day after its first use; an hour is left for the way there


@dataclass(frozen=True, kw_only=True)
class Begun:
    """An intent as it stood when this try took it up."""

    key: uuid.UUID
    state: IntentState
    outcome: Mapping[str, Any]
    is_fresh: bool  # nobody has tried it before


def is_key_forgotten(intent: Intent) -> bool:
    """Whether Shopify may have forgotten the key: it protects no more, so read first, then write under a new one."""
    return intent.first_sent_at is not None and clock.now() - intent.first_sent_at >= KEY_LIFE


def key_of(*, shop_id: int, flow: str, record: str, purpose: str, version: int) -> uuid.UUID:
    """The key of an intent: the same for ever, for the same shop, flow, record, purpose and version."""
    return uuid.uuid5(NAMESPACE, f"{shop_id}/{flow}/{record}/{purpose}/{version}")


def begin(
    session: Session,
    *,
    shop_id: int,
    flow: str,
    record: str,
    purpose: str,
    version: int,
    variables: Any,
) -> Begun:
    """Saves the intent, or takes up the one that is there. Commit before the call."""
    now = clock.now()
    key = key_of(shop_id=shop_id, flow=flow, record=record, purpose=purpose, version=version)
    wanted = fingerprint(variables)
    before = session.execute(select(Intent).where(Intent.key == key).with_for_update()).scalar()
    if before is None:
        session.execute(
            insert(Intent).values(
                key=key,
                shop_id=shop_id,
                flow=flow,
                record=record,
                purpose=purpose,
                version=version,
                variables_hash=wanted,
                state=IntentState.INTENDED,
                tries=1,
                intended_at=now,
                first_sent_at=now,
            )
        )
        return Begun(
            key=key,
            state=IntentState.INTENDED,
            outcome={},
            is_fresh=True,
        )
    begun = Begun(
        key=key,
        state=IntentState(before.state),
        outcome=before.outcome,
        is_fresh=False,
    )
    if begun.state is not IntentState.DONE:
        before.tries += 1
        before.state = IntentState.INTENDED
        before.variables_hash = wanted
        before.closed_at = None
        session.flush()
    return begun


def close(
    session: Session, key: uuid.UUID, *, state: IntentState, outcome: Mapping[str, Any] | None = None
) -> None:
    """Saves what came of it. Closing twice with the same state changes nothing."""
    values: dict[str, Any] = {
        "state": state,
        "closed_at": None if state is IntentState.UNKNOWN else clock.now(),
    }
    if outcome is not None:
        values["outcome"] = dict(outcome)
    session.execute(update(Intent).where(Intent.key == key, Intent.state != IntentState.DONE).values(values))


def open_ones(session: Session, *, flow: str, record: str) -> list[Intent]:
    """Intents of a record that were begun and not closed."""
    return list(
        session.execute(
            select(Intent)
            .where(
                Intent.flow == flow,
                Intent.record == record,
                Intent.state.in_([IntentState.INTENDED, IntentState.UNKNOWN]),
            )
            .order_by(Intent.intended_at)
        ).scalars()
    )


def note(session: Session, key: uuid.UUID, facts: Mapping[str, Any]) -> None:
    """Keeps with an open intent what whoever sends it later has to know. What comes of it replaces the note."""
    session.execute(update(Intent).where(Intent.key == key).values(outcome=dict(facts)))


def noted(session: Session, fact: str, *, flow: str, record: str | None = None) -> list[Intent]:
    """The open intents of a flow, or of one of its records, that were noted with this fact, by record and purpose."""
    query = select(Intent).where(
        Intent.flow == flow,
        Intent.state.in_([IntentState.INTENDED, IntentState.UNKNOWN]),
        Intent.outcome.has_key(fact),
    )
    if record is not None:
        query = query.where(Intent.record == record)
    return list(session.scalars(query.order_by(Intent.record, Intent.purpose)))
