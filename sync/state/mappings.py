"""Versions of a connection's mapping rules: one draft, one published, all the ones before. Published ones never change.

Publishing and rolling back are the same act: a new version becomes the published one. Which held jobs that releases
is decided by the caller, who knows what the rules answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Misconfigured
from kit.sql import Sql
from oauth import audit
from sync.state.settings_models import MappingVersion

_NUMBER_IN_FORCE = Sql(
    """
    select number from mapping_version
    where connection_id = %(connection_id)s and state = 'published' and shop_id = %(shop_id)s
    """
)


def published(session: Session, connection_id: int) -> MappingVersion | None:
    """The version in force."""
    return _in_state(session, connection_id, "published")


def in_force(session: Session, connection_id: int) -> MappingVersion:
    """The version in force. Raises Misconfigured when nothing was published yet."""
    version = published(session, connection_id)
    if version is None:
        raise _nothing_published()
    return version


def number_in_force(session: Session, connection_id: int) -> int:
    """The number of the version in force. Raises Misconfigured when nothing was published yet."""
    number = _NUMBER_IN_FORCE.run(session, connection_id=connection_id).scalar()
    if number is None:
        raise _nothing_published()
    return int(number)


def _nothing_published() -> Misconfigured:
    return Misconfigured(
        "no_mapping",
        "No mapping is published yet. Look at the suggested one on the Mappings page and publish it.",
        misses="mapping",
    )


def draft(session: Session, connection_id: int) -> MappingVersion | None:
    """The version that is being edited."""
    return _in_state(session, connection_id, "draft")


def history(session: Session, connection_id: int, *, limit: int = 50) -> list[MappingVersion]:
    """All versions, newest first."""
    return list(
        session.execute(
            select(MappingVersion)
            .where(MappingVersion.connection_id == connection_id)
            .order_by(MappingVersion.number.desc())
            .limit(limit)
        ).scalars()
    )


def find(session: Session, connection_id: int, number: int) -> MappingVersion | None:
    """One version by its number."""
    return session.execute(
        select(MappingVersion).where(
            MappingVersion.connection_id == connection_id, MappingVersion.number == number
        )
    ).scalar()


def save_draft(
    session: Session,
    *,
    shop_id: int,
    connection_id: int,
    rules: Mapping[str, Any],
    author: str,
    note: str = "",
) -> MappingVersion:
    """Writes the draft, making it when there is none."""
    version = draft(session, connection_id)
    if version is None:
        highest = session.execute(
            select(func.max(MappingVersion.number)).where(MappingVersion.connection_id == connection_id)
        ).scalar()
        version = MappingVersion(
            shop_id=shop_id,
            connection_id=connection_id,
            number=(highest or 0) + 1,
            state="draft",
            rules=dict(rules),
            note=note,
            author=author,
            created_at=clock.now(),
        )
        session.add(version)
    else:
        version.rules, version.note, version.author = dict(rules), note, author
    session.flush()
    return version


def publish(
    session: Session, *, shop_id: int, connection_id: int, by: str, address: str = ""
) -> MappingVersion:
    """Puts the draft in force. Raises LookupError when there is none."""
    version = draft(session, connection_id)
    if version is None:
        raise LookupError("there is no draft to publish")
    before = published(session, connection_id)
    session.execute(
        update(MappingVersion)
        .where(MappingVersion.connection_id == connection_id, MappingVersion.state == "published")
        .values(state="superseded")
    )
    version.state, version.published_at, version.author = "published", clock.now(), by
    session.flush()
    audit.write(
        session,
        shop_id=shop_id,
        actor=by,
        act="mapping_published",
        subject=f"connection:{connection_id}",
        before={"number": before.number} if before else None,
        after={"number": version.number, "note": version.note},
        address=address,
    )
    return version


def discard_draft(session: Session, connection_id: int) -> None:
    """Throws the draft away; the published version stays."""
    version = draft(session, connection_id)
    if version is not None:
        session.delete(version)


def _in_state(session: Session, connection_id: int, state: str) -> MappingVersion | None:
    return session.execute(
        select(MappingVersion).where(
            MappingVersion.connection_id == connection_id, MappingVersion.state == state
        )
    ).scalar()
