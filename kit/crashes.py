"""What may be kept of a crash: where it happened and of which kind it was.

An error of the database repeats the row that it refused, and rows hold what people wrote; of it only the names remain.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import psycopg
from sqlalchemy.exc import DBAPIError

FRAMES_LIMIT = 12


def told(error: BaseException) -> str:
    """The crash and what led to it, oldest first, in Python's form, without the values of a row."""
    return "\n".join(_one(each) for each in reversed(list(_chain(error))))


def _one(error: BaseException) -> str:
    frames = traceback.format_tb(error.__traceback__)[-FRAMES_LIMIT:]
    return "".join([*frames, f"{type(error).__module__}.{type(error).__qualname__}: {_words(error)}"])


def _words(error: BaseException) -> str:
    if isinstance(error, DBAPIError):
        return _words(error.orig) if error.orig is not None else ""
    if isinstance(error, psycopg.Error):
        names = error.diag
        found = (names.sqlstate, names.table_name, names.column_name, names.constraint_name)
        return " ".join(each for each in found if each)
    return str(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
