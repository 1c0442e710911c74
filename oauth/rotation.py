"""Re-sealing: every sealed column moves to the current key, online, in small steps that can stop at any time.

Which rows are done is written in the rows themselves (the name of the key is the front of the sealed text), so a
rotation that was interrupted goes on where it was, and running it again changes nothing. A row whose key is gone is
counted and left as it is: nothing is ever overwritten that could not be opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select, update
from sqlalchemy.orm import InstrumentedAttribute

from kit.config import Settings
from kit.crypto import Sealer, place
from kit.db import Database, all_shops
from kit.faults import Misconfigured
from oauth import audit
from oauth.models import Credential, Grant, PrivacyRequest, Shop

ROWS_PER_STEP = 50


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed texts, and the column that names the place of each."""

    table: type[Any]
    column: InstrumentedAttribute[Any]
    row: InstrumentedAttribute[Any]

    @property
    def name(self) -> str:
        """`table.column`."""
        return f"{self.table.__tablename__}.{self.column.key}"

    def place(self, row: int) -> bytes:
        """The place that a sealed text of this column is bound to."""
        return place(self.table.__tablename__, self.column.key, row)

    @property
    def key_name(self) -> ColumnElement[str]:
        """The name of the key, at the front of the sealed text."""
        return func.split_part(self.column, ".", 1)


COLUMNS = (
    SealedColumn(Grant, Grant.access_token, Grant.shop_id),
    SealedColumn(Grant, Grant.refresh_token, Grant.shop_id),
    SealedColumn(Credential, Credential.sealed, Credential.id),
    SealedColumn(Shop, Shop.sealed_mark_key, Shop.id),
    SealedColumn(PrivacyRequest, PrivacyRequest.sealed_file, PrivacyRequest.id),
)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the rotation of one column is. `lost` rows cannot be opened with any configured key."""

    column: str
    done: int
    left: int
    lost: int = 0


def rotate(
    database: Database,
    sealer: Sealer,
    *,
    tell: Callable[[Progress], None],
    columns: Sequence[SealedColumn] = COLUMNS,
) -> list[Progress]:
    """Seals everything anew with the current key, telling its progress after each step. Returns the end of each
    column. Old keys may be removed from the settings once `left` and `lost` are 0 everywhere."""
    ends = [_rotate_column(database, sealer, column, tell) for column in columns]
    with database.transaction() as session:
        audit.write(
            session,
            shop_id=None,
            actor=audit.OPERATOR,
            act="keys_rotated",
            subject=f"key:{sealer.current}",
            after={end.column: {"sealed_anew": end.done, "lost": end.lost} for end in ends},
        )
    return ends


def keys_in_use(database: Database, *, columns: Sequence[SealedColumn] = COLUMNS) -> dict[str, int]:
    """Names of the keys that stored texts need, with the number of texts."""
    found: dict[str, int] = {}
    with database.transaction() as session:
        for column in columns:
            query = (
                select(column.key_name, func.count())
                .where(column.column.is_not(None))
                .group_by(literal_column("1"))
            )
            for name, count in session.execute(all_shops(query)):
                found[name] = found.get(name, 0) + int(count)
    return found


def require_keys(database: Database, settings: Settings) -> None:
    """Passes if every stored text has its key. Raises Misconfigured that names the missing ones."""
    known = {name for name, _ in settings.sealing_keys}
    missing = {name: count for name, count in keys_in_use(database).items() if name not in known}
    if missing:
        names = ", ".join(f"“{name}” ({count} secrets)" for name, count in sorted(missing.items()))
        raise Misconfigured(
            "key_lost",
            f"CONCORD_SEALING_KEYS lacks the key {names}. Put the key back: without it these secrets cannot be"
            " opened, their shops must open Concord once and enter the ERP credential again.",
            misses=f"key:{sorted(missing)[0]}",
        )


def _rotate_column(
    database: Database, sealer: Sealer, column: SealedColumn, tell: Callable[[Progress], None]
) -> Progress:
    done = lost = last = 0
    while True:
        with database.transaction() as session:
            rows = session.execute(
                all_shops(
                    select(column.table.id, column.row, column.column)
                    .where(
                        column.column.is_not(None), column.key_name != sealer.current, column.table.id > last
                    )
                    .order_by(column.table.id)
                    .limit(ROWS_PER_STEP)
                    .with_for_update()  # a token that is refreshed right now is sealed before or after, never mixed
                )
            ).all()
            for row_id, where, sealed in rows:
                last = row_id
                try:
                    secret = sealer.open(sealed, column.place(where))
                except Misconfigured:
                    lost += 1
                    continue
                session.execute(
                    all_shops(
                        update(column.table)
                        .where(column.table.id == row_id)
                        .values({column.column: sealer.seal(secret, column.place(where))})
                    )
                )
                done += 1
            left = session.execute(
                all_shops(
                    select(func.count())
                    .select_from(column.table)
                    .where(
                        column.column.is_not(None), column.key_name != sealer.current, column.table.id > last
                    )
                )
            ).scalar_one()
        progress = Progress(column=column.name, done=done, left=left, lost=lost)
        tell(progress)
        if not rows or left == 0:
            return progress
