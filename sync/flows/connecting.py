"""Connecting a shop to its ERP: try first, then keep; change, pause and resume. Whatever waited for it runs again.

A connection is only kept when the ERP answered to exactly what was typed. No call is made inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import Secret
from kit.faults import Fault
from oauth import audit, erp
from sync.connectors import registry
from sync.connectors.base import Field, Opening, Probe
from sync.gateways import Gateways
from sync.state import jobs
from sync.state.settings_models import Connection, ConnectionState


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who connects: for the audit log and to find the shop."""

    shop_id: int
    shop_domain: str
    actor: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed into the form of one kind of ERP."""

    kind: str
    address: Mapping[str, str]
    secrets: Mapping[str, str]

    @classmethod
    def of(cls, kind: str, fields: Sequence[Field], values: Mapping[str, str]) -> Typed:
        """The values of a form, apart: what may be shown again, and what may not."""
        return cls(
            kind=kind,
            address={field.name: values.get(field.name, "") for field in fields if not field.is_secret},
            secrets={field.name: values.get(field.name, "") for field in fields if field.is_secret},
        )

    @property
    def has_secrets(self) -> bool:
        """Whether a new secret was typed at all; an empty form keeps the stored one."""
        return any(self.secrets.values())


def current(session: Session) -> Connection | None:
    """The shop's connection."""
    return session.scalar(select(Connection).order_by(Connection.id).limit(1))


def attempt(gateways: Gateways, typed: Typed, *, shop_domain: str, stored: Secret | None = None) -> Probe:
    """Asks the ERP who we are there. Raises the fault that says what is wrong."""
    secret = (
        stored if stored is not None and not typed.has_secrets else Secret(json.dumps(dict(typed.secrets)))
    )
    opening = Opening(address=typed.address, secret=secret, door=gateways.door, shop_domain=shop_domain)
    return registry.open_connector(gateways.kinds, typed.kind, opening).probe()


def stored_secret(session: Session, gateways: Gateways, typed: Typed) -> Secret | None:
    """The stored secret, if an empty form may go on with it: only to exactly where it went before. Whoever may change
    the address could otherwise have it sent to an address of their own. Raises Misconfigured when its key is lost."""
    row = current(session)
    if row is None or row.credential_id is None or typed.has_secrets:
        return None
    if (row.kind, dict(row.address)) != (typed.kind, dict(typed.address)):
        return None
    return erp.open_packed(session, gateways.sealer, credential_id=row.credential_id)


def refused(session: Session, typed: Typed, fault: Fault, *, by: Person) -> None:
    """Notes that somebody tried an address which did not let us in."""
    audit.write(
        session,
        shop_id=by.shop_id,
        actor=by.actor,
        act="connection_refused",
        subject=f"kind:{typed.kind}",
        after={**typed.address, "fault": fault.code},
        address=by.address,
    )


def test(gateways: Gateways, connection: Connection, *, shop_domain: str) -> Probe:
    """Asks the ERP of a stored connection who we are there. Raises the fault that says what is wrong."""
    return gateways.open(connection, shop_domain).probe()


def keep(session: Session, gateways: Gateways, typed: Typed, *, by: Person) -> list[int]:
    """Keeps what was just tried: a new connection, or new values of the one there is. Returns the jobs it released."""
    row = current(session)
    if row is None:
        row = Connection(
            shop_id=by.shop_id,
            name=gateways.kinds[typed.kind].name,
            kind=typed.kind,
            address=dict(typed.address),
            state=ConnectionState.ACTIVE,
            changed_at=clock.now(),
        )
        session.add(row)
        session.flush()
        _note(session, row, act="connection_made", by=by, before=None)
    else:
        before = dict(row.address)
        row.address, row.state, row.reason = dict(typed.address), ConnectionState.ACTIVE, ""
        row.changed_at = clock.now()
        _note(session, row, act="connection_changed", by=by, before=before)
    _keep_secrets(session, gateways, row, typed, by=by)
    return released(session)


def pause(session: Session, *, by: Person) -> None:
    """Stops all writing to the ERP until a person resumes it; work is collected meanwhile."""
    row = current(session)
    if row is None or row.state == ConnectionState.PAUSED:
        return
    row.state, row.reason, row.changed_at = ConnectionState.PAUSED, "", clock.now()
    _note(session, row, act="connection_paused", by=by, before=None)


def resume(session: Session, *, by: Person) -> list[int]:
    """Lets work go on. Returns the jobs that it released."""
    row = current(session)
    if row is None:
        return []
    row.state, row.reason, row.changed_at = ConnectionState.ACTIVE, "", clock.now()
    _note(session, row, act="connection_resumed", by=by, before=None)
    return released(session)


def released(session: Session) -> list[int]:
    """Makes the jobs ready that wait for the shop's connection or its credential, and returns their ids."""
    families = ("connection", "credential", "erp")
    own = [misses for misses in jobs.held_for(session) if misses.partition(":")[0] in families]
    return jobs.release(session, misses=own)


def _keep_secrets(session: Session, gateways: Gateways, row: Connection, typed: Typed, *, by: Person) -> None:
    if row.credential_id is None:
        row.credential_id = erp.create(
            session,
            gateways.sealer,
            shop_id=by.shop_id,
            kind=typed.kind,
            values=typed.secrets,
            actor=by.actor,
            address=by.address,
        )
    elif typed.has_secrets:
        erp.replace(
            session,
            gateways.sealer,
            credential_id=row.credential_id,
            values=typed.secrets,
            actor=by.actor,
            address=by.address,
        )


def _note(
    session: Session, row: Connection, *, act: str, by: Person, before: Mapping[str, str] | None
) -> None:
    audit.write(
        session,
        shop_id=by.shop_id,
        actor=by.actor,
        act=act,
        subject=f"connection:{row.id}",
        before=before,
        after={"kind": row.kind, **row.address, "state": str(row.state)},
        address=by.address,
    )
