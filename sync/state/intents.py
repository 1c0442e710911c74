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
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import fingerprint
from kit.sql import Sql, as_json
from sync.state.models import Intent, IntentState

NAMESPACE = uuid.UUID("6f9c1f0e-5a3b-4c1e-9a57-0c0ac0ac0ac0")
KEY_LIFE = timedelta(
    hours=23
)  # Shopify forgets a key a day after its first use; an hour is left for the way there

_BEGIN = Sql(
    """
    insert into intent (key, shop_id, flow, record, purpose, version, variables_hash, state, tries, intended_at,
                        first_sent_at)
    values (%(key)s, %(shop_id)s, %(flow)s, %(record)s, %(purpose)s, %(version)s, %(variables_hash)s, 'intended', 1,
            %(now)s, %(now)s)
    on conflict (key) do nothing
    returning key
    """
)
_TAKE_UP = Sql("select state, outcome from intent where key = %(key)s and shop_id = %(shop_id)s for update")
_TRY_AGAIN = Sql(
    """
    update intent set tries = tries + 1, state = 'intended', variables_hash = %(variables_hash)s, closed_at = null
    where key = %(key)s and shop_id = %(shop_id)s
    """
)
_CLOSE = Sql(
    """
    update intent set state = %(state)s, closed_at = %(closed_at)s, outcome = coalesce(%(outcome)s, outcome)
    where key = %(key)s and state <> 'done' and shop_id = %(shop_id)s
    """
)
_OPEN_PURPOSES = Sql(
    """
    select purpose from intent
    where flow = %(flow)s and record = %(record)s and state in ('intended', 'unknown') and shop_id = %(shop_id)s
    """
)


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
    key = key_of(shop_id=shop_id, flow=flow, record=record, purpose=purpose, version=version)
    wanted = fingerprint(variables)
    named = {"flow": flow, "record": record, "purpose": purpose, "version": version}
    fresh = _BEGIN.run(
        session, shop_id=shop_id, key=key, variables_hash=wanted, now=clock.now(), **named
    ).first()
    if fresh is not None:
        return Begun(key=key, state=IntentState.INTENDED, outcome={}, is_fresh=True)
    before = _TAKE_UP.run(session, key=key).one()
    if before.state != IntentState.DONE:
        _TRY_AGAIN.run(session, key=key, variables_hash=wanted)
    return Begun(key=key, state=IntentState(before.state), outcome=before.outcome, is_fresh=False)


def close(
    session: Session, key: uuid.UUID, *, state: IntentState, outcome: Mapping[str, Any] | None = None
) -> None:
    """Saves what came of it. Closing twice with the same state changes nothing."""
    _CLOSE.run(
        session,
        key=key,
        state=state.value,
        closed_at=None if state is IntentState.UNKNOWN else clock.now(),
        outcome=None if outcome is None else as_json(dict(outcome)),
    )


def open_purposes(session: Session, *, flow: str, record: str) -> list[str]:
    """What the intents of a record are for that were begun and not closed."""
    return list(_OPEN_PURPOSES.run(session, flow=flow, record=record).scalars())


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
