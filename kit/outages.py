"""When PostgreSQL is away, or its machine is in trouble: a full disk, no memory, a file that cannot be written.

It owns how such an error is told from all others. It is nobody's record and no mistake of ours: what was to be saved
waits until the server is back, or an operator has made room.
"""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError

CLASSES = ("53", "58")  # of SQLSTATE: insufficient resources, system error
# The kernel may refuse for a reason that has no SQLSTATE of its own, a quota or a limit. Then PostgreSQL says "internal
# error", from where it keeps its files.
NO_STATE = "XX000"
FILE_KEEPERS = ("md.c", "buffile.c")
AWAY = "57P"  # the server ends, ended in a crash, or starts; who reaches nobody is told no state at all


def told(error: BaseException | None) -> str:
    """What PostgreSQL says of such trouble; empty when the error is of any other kind. The words name files of the
    server and never a value of a row."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error) or cause.sqlstate is None:
        return ""
    is_of_files = cause.sqlstate == NO_STATE and cause.diag.source_file in FILE_KEEPERS
    if not is_of_files and not cause.sqlstate.startswith(CLASSES):
        return ""
    return f"{cause.sqlstate} {cause.diag.message_primary}"


def is_away(error: BaseException | None) -> bool:
    """Whether nobody answers, or somebody who is just starting or ending."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.OperationalError) and (cause.sqlstate or AWAY).startswith(AWAY)
