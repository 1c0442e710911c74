"""One sheet of the mapping: see and change what Shopify's values are in the ERP. Changes go into the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session
from starlette.responses import Response

from oauth.staff import Permission
from sync.domain.rules import Rules
from sync.domain.rules_json import read_rules, write_rules
from sync.flows import connecting, publishing
from sync.flows.publishing import Published
from sync.insight import missing
from sync.state import mappings
from sync.state.settings_models import Connection
from web import options
from web.errors import NotThere
from web.forms import NotFilledIn
from web.mapping import places
from web.mapping.locations import Locations
from web.mapping.products import Products
from web.mapping.services import Services
from web.mapping.sheet import Kind, Sheet
from web.mapping.tables import PAYMENTS, SHIPPING, TERMS
from web.mapping.taxes import Taxes
from web.options import Lists
from web.screens import Asked, nudged

KINDS: Mapping[str, Kind] = {
    "products": Products(),
    "taxes": Taxes(),
    "services": Services(),
    "locations": Locations(),
    "shipping": SHIPPING,
    "payments": PAYMENTS,
    "terms": TERMS,
}


@dataclass(frozen=True, kw_only=True)
class MappingPage:
    """What the page shows."""

    name: str
    heading: str
    intro: str
    sheet: Sheet
    problem: str  # why the ERP's lists could not be read
    errors: Mapping[str, str]
    typed: Mapping[str, str]  # what was typed into a form that could not be taken
    has_other_changes: bool  # the draft holds more than this sheet
    may_publish: bool


@dataclass(frozen=True, kw_only=True)
class _Filled:
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


def show(asked: Asked) -> Response:
    """The sheet."""
    name, kind = _kind(asked)
    row = _connection(asked)
    return asked.page("mapping", _page(asked, name, kind, row=row, filled=_Filled()))


def save(asked: Asked) -> Response:
    """Keeps the sheet in the draft, and publishes it when asked to."""
    name, kind = _kind(asked)
    row = _connection(asked)
    lists = _lists(asked, kind, row)
    try:
        with asked.transaction() as session:
            rules = kind.apply(rules_of(session, row.id), asked.form, lists)
            say, ids = keep(session, asked, row, rules, note=f"Changed {kind.heading.lower()}")
    except NotFilledIn as wrong:
        typed = {
            key: value for key, value in asked.form.pairs if not key.startswith("key_") or key == "key_new"
        }
        filled = _Filled(errors=wrong.sentences, typed=typed)
        return asked.refused("mapping", _page(asked, name, kind, row=row, filled=filled))
    nudged(asked, ids)
    return asked.done(go="/mappings" if ids or asked.form.is_on("publish") else f"/mappings/{name}", say=say)


def rules_of(session: Session, connection_id: int) -> Rules:
    """The rules to edit: the draft's, else the published ones, else none."""
    version = mappings.draft(session, connection_id) or mappings.published(session, connection_id)
    return read_rules(version.rules) if version else Rules()


def keep(
    session: Session, asked: Asked, row: Connection, rules: Rules, *, note: str
) -> tuple[str, list[int]]:
    """Writes the draft and, when the box is ticked and the person may, puts it in force. Says what was done."""
    mappings.save_draft(
        session,
        shop_id=asked.visit.shop_id,
        connection_id=row.id,
        rules=write_rules(rules),
        author=asked.actor,
        note=note,
    )
    if not (asked.form.is_on("publish") and asked.may(Permission.PUBLISH_MAPPINGS)):
        return "Saved in the draft. It changes nothing until you publish it.", []
    done = publishing.publish(
        session,
        shop_id=asked.visit.shop_id,
        connection_id=row.id,
        by=asked.actor,
        address=asked.visit.address,
    )
    return spelt(done), list(done.job_ids)


def spelt(done: Published) -> str:
    """What publishing did, in one sentence."""
    count = len(done.job_ids)
    released = f" {count:,} {'record runs' if count == 1 else 'records run'} again." if count else ""
    return f"Published as version {done.number}.{released}"


def _page(asked: Asked, name: str, kind: Kind, *, row: Connection, filled: _Filled) -> MappingPage:
    lists = _lists(asked, kind, row)
    labels = places.names(asked) if isinstance(kind, Locations) else {}
    with asked.transaction() as session:
        rules = rules_of(session, row.id)
        found = [each for each in missing.listed(session) if each.kind == kind.misses]
        has_draft = mappings.draft(session, row.id) is not None
    return MappingPage(
        name=name,
        heading=kind.heading,
        intro=kind.intro,
        sheet=kind.sheet(rules, found, lists, names=labels),
        problem=lists.problem,
        errors=filled.errors,
        typed=filled.typed,
        has_other_changes=has_draft,
        may_publish=asked.may(Permission.PUBLISH_MAPPINGS),
    )


def _kind(asked: Asked) -> tuple[str, Kind]:
    name = asked.path("sheet")
    if name not in KINDS:
        raise NotThere(name)
    return name, KINDS[name]


def _connection(asked: Asked) -> Connection:
    with asked.transaction() as session:
        row = connecting.current(session)
    if row is None:
        raise NotThere("connection")
    return row


def _lists(asked: Asked, kind: Kind, row: Connection) -> Lists:
    gateways = asked.state["engine"].gateways
    memory = asked.state["options"]
    return options.read(
        memory, gateways, row, shop_domain=asked.visit.shop_domain, kinds=[kind.options, *kind.more_options]
    )
