"""Mappings: what is missing, the sheets, what the draft changes, publish, discard, roll back, first suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from starlette.responses import Response

from kit.faults import Fault
from oauth import audit
from oauth.models import Shop
from oauth.staff import Permission
from sync.flows import connecting, publishing, suggesting
from sync.flows.publishing import Published
from sync.insight import missing, names, rule_changes
from sync.insight.missing import Coverage, Missing
from sync.insight.rule_changes import Change
from sync.state import mappings
from sync.state.settings_models import Connection, MappingVersion, Snapshot
from web import fixes
from web.errors import NotThere
from web.pages import customers, order_fields
from web.pages.mapping import KINDS, spelt
from web.screens import Asked, nudged

CHANGES_SHOWN = 100
VERSIONS_SHOWN = 20
# Sheets with a page of their own: path, heading, intro, the kinds of missing things that they answer.
OTHERS = (
    ("/mappings/customers", customers.HEADING, customers.INTRO, (customers.MISSES,)),
    ("/mappings/fields", order_fields.HEADING, order_fields.INTRO, order_fields.MISSES),
    (
        "/policies",
        "Policies",
        "Currency, discounts, guests, drafts, and which orders are sent at all.",
        ("residual", "guests"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Open:
    """Something that records wait for, and where it is set."""

    missing: Missing
    sample_title: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version in the history."""

    number: int
    state: str
    note: str
    author: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SheetLink:
    """One sheet, with how many things are missing on it."""

    path: str
    heading: str
    intro: str
    missing: int


@dataclass(frozen=True, kw_only=True)
class MappingsPage:
    """What the page shows."""

    is_connected: bool
    published: Version | None
    has_draft: bool
    changes: tuple[Change, ...]
    more_changes: int
    open: tuple[Open, ...]
    sheets: tuple[SheetLink, ...]
    versions: tuple[Version, ...]
    coverage: Coverage
    problem: str
    may_publish: bool


def show(asked: Asked) -> Response:
    """The overview."""
    return asked.page("mappings", _page(asked))


def suggest(asked: Asked) -> Response:
    """Makes a first draft from the lists of both sides."""
    with asked.transaction() as session:
        row = connecting.current(session)
        timezone = session.scalar(select(Shop.timezone).where(Shop.id == asked.visit.shop_id))
    if row is None:
        raise NotThere("connection")
    try:
        found = suggesting.draft(
            asked.state["engine"].gateways,
            row,
            shop_domain=asked.visit.shop_domain,
            timezone=timezone or "UTC",
            author=asked.actor,
        )
    except Fault as fault:
        return asked.refused("mappings", _page(asked, problem=fault.sentence))
    say = f"{found.found} matches found, {len(found.open)} to choose. Look at them, then publish."
    return asked.done(go="/mappings", say=say)


def publish(asked: Asked) -> Response:
    """Puts the draft in force."""
    with asked.transaction() as session:
        row = _connection(connecting.current(session))
        if mappings.draft(session, row.id) is None:
            raise NotThere("draft")
        done = publishing.publish(
            session,
            shop_id=asked.visit.shop_id,
            connection_id=row.id,
            by=asked.actor,
            address=asked.visit.address,
        )
    return asked.done(go="/mappings", say=_said(asked, done))


def discard(asked: Asked) -> Response:
    """Throws the draft away."""
    with asked.transaction() as session:
        row = _connection(connecting.current(session))
        mappings.discard_draft(session, row.id)
        audit.write(
            session,
            shop_id=asked.visit.shop_id,
            actor=asked.actor,
            act="mapping_draft_discarded",
            subject=f"connection:{row.id}",
            address=asked.visit.address,
        )
    return asked.done(go="/mappings", say="The draft is discarded.")


def roll_back(asked: Asked) -> Response:
    """Puts an older version in force again."""
    number = asked.form.number("number") or 0
    with asked.transaction() as session:
        row = _connection(connecting.current(session))
        older = mappings.find(session, row.id, number)
        if older is None or older.state == "draft":
            raise NotThere(str(number))
        done = publishing.roll_back(
            session,
            shop_id=asked.visit.shop_id,
            connection_id=row.id,
            number=number,
            by=asked.actor,
            address=asked.visit.address,
        )
    return asked.done(go="/mappings", say=_said(asked, done))


def _said(asked: Asked, done: Published) -> str:
    nudged(asked, list(done.job_ids))
    return spelt(done)


def _page(asked: Asked, *, problem: str = "") -> MappingsPage:
    with asked.transaction() as session:
        row = connecting.current(session)
        found = missing.listed(session)
        titles = dict(
            session.execute(
                select(Snapshot.record, Snapshot.title).where(
                    Snapshot.record.in_([each.sample.record for each in found])
                )
            ).all()
        )
        coverage = missing.coverage(session)
        history = mappings.history(session, row.id, limit=VERSIONS_SHOWN) if row else []
    draft = next((each for each in history if each.state == "draft"), None)
    published = next((each for each in history if each.state == "published"), None)
    changes = rule_changes.between(published.rules if published else None, draft.rules) if draft else ()
    return MappingsPage(
        is_connected=row is not None,
        published=_version(published) if published else None,
        has_draft=draft is not None,
        changes=changes[:CHANGES_SHOWN],
        more_changes=max(0, len(changes) - CHANGES_SHOWN),
        open=tuple(_open(each, titles.get(each.sample.record, "")) for each in found),
        sheets=_sheets(found),
        versions=tuple(_version(each) for each in history if each.state != "draft"),
        coverage=coverage,
        problem=problem,
        may_publish=asked.may(Permission.PUBLISH_MAPPINGS),
    )


def _open(each: Missing, title: str) -> Open:
    return Open(
        missing=each,
        sample_title=names.titled(each.sample.record, title),
        path=fixes.of(each.misses)[0],
    )


def _sheets(found: Sequence[Missing]) -> tuple[SheetLink, ...]:
    sheets = tuple(
        SheetLink(
            path=f"/mappings/{name}",
            heading=kind.heading,
            intro=kind.intro,
            missing=sum(1 for each in found if each.kind == kind.misses),
        )
        for name, kind in KINDS.items()
    )
    others = tuple(
        SheetLink(
            path=path,
            heading=heading,
            intro=intro,
            missing=sum(1 for each in found if each.kind in kinds),
        )
        for path, heading, intro, kinds in OTHERS
    )
    return (*sheets, *others)


def _version(row: MappingVersion) -> Version:
    return Version(
        number=row.number,
        state=row.state,
        note=row.note,
        author=row.author,
        at=row.published_at or row.created_at,
    )


def _connection(row: Connection | None) -> Connection:
    if row is None:
        raise NotThere("connection")
    return row
