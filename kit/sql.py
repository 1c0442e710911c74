"""Statements of the paths that every order takes, written out: PostgreSQL gets them as they are.

The ORM would build, compile and guard each anew, which costs a worker several times what PostgreSQL needs for it.
What the guard does for all others, these do themselves: each names its shop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import CursorResult
from sqlalchemy.orm import Session

from kit.db import NoShop

SHOP = "%(shop_id)s"


class Sql:
    """One statement in psycopg's own spelling. It must compare with, or insert, `%(shop_id)s`: the session's shop."""

    def __init__(self, text: str) -> None:
        if SHOP not in text:
            raise NoShop("a statement that is written out must name its shop, or be a CrossingSql")
        self._text = text

    def run(self, session: Session, **values: Any) -> CursorResult[Any]:
        """Runs it in the session's transaction, after whatever the session has not written yet. Raises NoShop when the
        session has no shop, or when the values name another one."""
        shop_id = session.info.get("shop_id")
        if shop_id is None:
            raise NoShop("a statement that is written out ran without a shop")
        if values.setdefault("shop_id", shop_id) != shop_id:
            raise NoShop(f"a row of shop {values['shop_id']} in a session of shop {shop_id}")
        session.flush()
        return session.connection().exec_driver_sql(self._text, values)


class CrossingSql:
    """One statement that says out loud that it crosses shops."""

    def __init__(self, text: str) -> None:
        self._text = text

    def run(self, session: Session, **values: Any) -> CursorResult[Any]:
        """Runs it in the session's transaction, after whatever the session has not written yet."""
        session.flush()
        return session.connection().exec_driver_sql(self._text, values)


@contextmanager
def planned_anew(session: Session) -> Iterator[None]:
    """Statements inside are planned for the table as it is now, not as it was when this connection ran them first: a
    table that was empty then, and has been filled since, has another best plan."""
    _ANEW.run(session)
    yield
    _AS_EVER.run(session)


_ANEW = CrossingSql("set local plan_cache_mode = force_custom_plan")
_AS_EVER = CrossingSql("set local plan_cache_mode = auto")


def as_json(value: Any) -> Jsonb:
    """A value for a column of JSON."""
    return Jsonb(value)


__all__ = ["CrossingSql", "Sql", "as_json", "planned_anew"]
