"""The connection to the ERP: connect, test, change, replace the credential, pause and resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from starlette.responses import Response

from kit.faults import Fault
from oauth.models import Credential
from oauth.staff import Permission
from sync.connectors.base import Field, Probe
from sync.flows import callbacks, connecting
from sync.flows.connecting import Person, Typed
from sync.insight import activity
from sync.insight.activity import ErpDoor
from sync.state.settings_models import Connection, ConnectionState
from web.errors import NotThere
from web.screens import Asked, nudged

NEEDS_TYPING = "Please type it in. A stored one is only used again for the address that it was stored for."


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of ERP to choose from."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The connection as it is kept."""

    name: str
    kind: str
    state: str
    reason: str
    credential_hint: str
    credential_at: datetime | None
    changed_at: datetime
    door: ErpDoor | None
    callback_url: str
    callback_hint: str  # empty: no secret was made yet


@dataclass(frozen=True, kw_only=True)
class ConnectionPage:
    """What the page shows."""

    stored: Stored | None
    kinds: tuple[Kind, ...]
    kind: Kind | None  # whose form is shown
    fields: tuple[Field, ...]
    values: Mapping[str, str]  # what was typed or is stored; never a secret
    errors: Mapping[str, str]
    problem: str  # why the ERP did not let us in
    may_connect: bool
    callback_secret: str  # just made, shown this once


@dataclass(frozen=True, kw_only=True)
class _Filled:
    """What came of a form: what could not be taken, or a secret that is shown once."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    callback_secret: str = ""


def show(asked: Asked) -> Response:
    """The connection, or the form that makes one."""
    return asked.page("connection", _page(asked, _Filled(), kind=asked.word("kind")))


def connect(asked: Asked) -> Response:
    """Tries what was typed and keeps it when the ERP answers."""
    gateways = asked.state["engine"].gateways
    kind = asked.form.text("kind")
    if kind not in gateways.kinds:
        raise NotThere(kind)
    typed = Typed.of(kind, gateways.kinds[kind].fields, asked.form.after("field_"))
    with asked.transaction() as session:
        stored = connecting.stored_secret(session, gateways, typed)
    errors = _empty(gateways.kinds[kind].fields, typed, may_keep_secret=stored is not None)
    if errors:
        return asked.refused(
            "connection", _page(asked, _Filled(values=typed.address, errors=errors), kind=kind)
        )
    try:
        probe = connecting.attempt(gateways, typed, shop_domain=asked.visit.shop_domain, stored=stored)
    except Fault as fault:
        with asked.transaction() as session:
            connecting.refused(session, typed, fault, by=_person(asked))
        filled = _Filled(values=typed.address, problem=fault.sentence, errors=_beside(typed, fault))
        return asked.refused("connection", _page(asked, filled, kind=kind))
    with asked.transaction() as session:
        ids = connecting.keep(session, gateways, typed, by=_person(asked))
    nudged(asked, ids)
    return asked.done(go="/connection", say=f"Connected to {_spelt(probe)}.")


def test(asked: Asked) -> Response:
    """Asks the ERP who we are there."""
    with asked.transaction() as session:
        row = connecting.current(session)
    if row is None:
        raise NotThere("connection")
    try:
        probe = connecting.test(asked.state["engine"].gateways, row, shop_domain=asked.visit.shop_domain)
    except Fault as fault:
        return asked.refused("connection", _page(asked, _Filled(problem=fault.sentence), kind=row.kind))
    with asked.transaction() as session:
        # Somebody may have corrected it in the ERP itself; while it is paused its work goes on waiting.
        ids = connecting.released(session) if row.state != ConnectionState.PAUSED else []
    nudged(asked, ids)
    return asked.done(go="/connection", say=f"It works: {_spelt(probe)}.")


def pause(asked: Asked) -> Response:
    """Stops writing to the ERP."""
    with asked.transaction() as session:
        connecting.pause(session, by=_person(asked))
    return asked.done(go="/connection", say="The connection is paused.")


def resume(asked: Asked) -> Response:
    """Lets work go on."""
    with asked.transaction() as session:
        ids = connecting.resume(session, by=_person(asked))
    nudged(asked, ids)
    return asked.done(go="/connection", say="The connection is active again.")


def renew_callback(asked: Asked) -> Response:
    """Makes the secret with which the ERP signs its callbacks, and shows it once."""
    with asked.transaction() as session:
        row = connecting.current(session)
        if row is None:
            raise NotThere("connection")
        secret = callbacks.renew(
            session,
            asked.state["engine"].gateways.sealer,
            row,
            actor=asked.actor,
            address=asked.visit.address,
        )
    return asked.page("connection", _page(asked, _Filled(callback_secret=secret), kind=row.kind))


def _page(asked: Asked, filled: _Filled, *, kind: str) -> ConnectionPage:
    with asked.transaction() as session:
        row = connecting.current(session)
        credential = session.get(Credential, row.credential_id) if row and row.credential_id else None
        doors = activity.of(session).doors if row else ()
        hint = callbacks.hint(session, row) if row else ""
    known = asked.state["engine"].gateways.kinds
    kinds = tuple(Kind(kind=name, name=each.name) for name, each in known.items())
    wanted = row.kind if row else kind if kind in known else kinds[0].kind if len(kinds) == 1 else ""
    return ConnectionPage(
        stored=_stored(asked, row, credential, doors[0] if doors else None, hint=hint) if row else None,
        kinds=kinds,
        kind=next((each for each in kinds if each.kind == wanted), None),
        fields=tuple(known[wanted].fields) if wanted in known else (),
        values={**(row.address if row else {}), **filled.values},
        errors=filled.errors,
        problem=filled.problem,
        may_connect=asked.may(Permission.CONNECT_ERP),
        callback_secret=filled.callback_secret,
    )


def _stored(
    asked: Asked, row: Connection, credential: Credential | None, door: ErpDoor | None, *, hint: str
) -> Stored:
    return Stored(
        name=row.name,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        credential_hint=credential.hint if credential else "",
        credential_at=credential.changed_at if credential else None,
        changed_at=row.changed_at,
        door=door,
        callback_url=f"{asked.state['settings'].app_url}/callbacks/{row.id}",
        callback_hint=hint,
    )


def _empty(fields: Sequence[Field], typed: Typed, *, may_keep_secret: bool) -> dict[str, str]:
    """What cannot be left out: where the ERP is, and the secret unless it goes where it went before. The ERP judges
    the rest."""
    values = {**typed.address, **typed.secrets}
    needs_secret = typed.has_secrets or not may_keep_secret
    return {
        each.name: NEEDS_TYPING if each.is_secret else "Please fill this in."
        for each in fields
        if (each.is_url or (each.is_secret and needs_secret)) and not values[each.name]
    }


def _beside(typed: Typed, fault: Fault) -> dict[str, str]:
    named = fault.field if fault.field in {**typed.address, **typed.secrets} else ""
    return {named: fault.sentence} if named else {}


def _person(asked: Asked) -> Person:
    return Person(
        shop_id=asked.visit.shop_id,
        shop_domain=asked.visit.shop_domain,
        actor=asked.actor,
        address=asked.visit.address,
    )


def _spelt(probe: Probe) -> str:
    return ", ".join(part for part in (probe.system, probe.company, probe.currency) if part)
