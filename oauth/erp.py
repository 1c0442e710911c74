"""Credentials of ERP connections: sealed when they come in, opened only to be used, never shown again.

The values of one credential are one sealed JSON object, so a connector gets everything secret in one piece. Opening
is bound to the row: a sealed text that is copied to another row does not open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import MASK, Sealer, Secret, place
from kit.faults import Misconfigured
from oauth import audit
from oauth.models import Credential

TABLE, COLUMN = "credential", "sealed"
HINT_CHARACTERS = 4
SHORTEST_WITH_HINT = 12


def create(
    session: Session,
    sealer: Sealer,
    *,
    shop_id: int,
    kind: str,
    values: Mapping[str, str],
    actor: str,
    address: str = "",
) -> int:
    """Keeps a new credential and returns its id."""
    row = Credential(shop_id=shop_id, kind=kind, sealed="", hint=hint(values), changed_at=clock.now())
    session.add(row)
    session.flush()  # the place of the seal is the row's id
    row.sealed = sealer.seal(_packed(values), place(TABLE, COLUMN, row.id))
    _note(session, row, act="credential_created", actor=actor, address=address)
    return row.id


def replace(
    session: Session,
    sealer: Sealer,
    *,
    credential_id: int,
    values: Mapping[str, str],
    actor: str,
    address: str = "",
) -> None:
    """Puts new values in the place of the old ones. The caller releases what was held for `credential:<id>`."""
    row = _row(session, credential_id)
    before = _seen(row)
    row.sealed = sealer.seal(_packed(values), place(TABLE, COLUMN, row.id))
    row.hint, row.changed_at = hint(values), clock.now()
    _note(session, row, act="credential_replaced", actor=actor, address=address, before=before)


def open_values(session: Session, sealer: Sealer, *, credential_id: int) -> dict[str, str]:
    """The values. Raises Misconfigured when the credential is gone or cannot be opened."""
    values: dict[str, str] = json.loads(open_packed(session, sealer, credential_id=credential_id).reveal())
    return values


def open_packed(session: Session, sealer: Sealer, *, credential_id: int) -> Secret:
    """The values as one secret JSON object: the form in which a connector takes them."""
    row = _row(session, credential_id)
    return sealer.open(row.sealed, place(TABLE, COLUMN, row.id))


def remember(session: Session, sealer: Sealer, *, credential_id: int, values: Mapping[str, str]) -> None:
    """Keeps values that changed by use (a refreshed token of the ERP): no person did it, so nothing is audited."""
    row = _row(session, credential_id)
    row.sealed = sealer.seal(_packed(values), place(TABLE, COLUMN, row.id))


def hint(values: Mapping[str, str]) -> str:
    """The end of the longest secret, to recognise it by; nothing of a short one."""
    longest = max(values.values(), key=len, default="")
    return f"{MASK}{longest[-HINT_CHARACTERS:]}" if len(longest) >= SHORTEST_WITH_HINT else MASK


def _packed(values: Mapping[str, str]) -> Secret:
    return Secret(json.dumps(dict(values), sort_keys=True, separators=(",", ":")))


def _row(session: Session, credential_id: int) -> Credential:
    row = session.scalar(select(Credential).where(Credential.id == credential_id))
    if row is None:
        raise Misconfigured(
            "credential_gone",
            "The ERP connection has no credential any more. Connect the ERP again.",
            misses=f"credential:{credential_id}",
        )
    return row


def _seen(row: Credential) -> dict[str, str]:
    """What may be seen of a credential."""
    return {"kind": row.kind, "hint": row.hint}


def _note(
    session: Session,
    row: Credential,
    *,
    act: str,
    actor: str,
    address: str,
    before: Mapping[str, str] | None = None,
) -> None:
    audit.write(
        session,
        shop_id=row.shop_id,
        actor=actor,
        act=act,
        subject=f"credential:{row.id}",
        before=before,
        after=_seen(row),
        address=address,
    )
