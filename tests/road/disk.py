"""A disk without room under a running PostgreSQL: the kernel lets no file of its processes grow any more.

Tables are first made as long as the longest file that may be, with a hole in place of pages; then a limit is set on
every process of the server, and on those that it will start. It is lifted the same way, without a restart. It owns
nothing of Concord but the names of two tables. Linux only, as `prlimit` is.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sandbox.servers import Server

LONGEST_BYTES = 16 * 1024 * 1024  # a file of PostgreSQL's log is as long from its beginning, and must go on
TABLES = ("delivery", "attempt")  # what every delivery and every settlement of a job is written to
# Copies of a row, until the last page is full. The statement fails, and so none of them is ever seen.
FILL = """
    insert into attempt overriding system value
    select (jsonb_populate_record(one, jsonb_build_object('id', -n))).*
    from attempt one, generate_series(1, 1000000) n where one.id = (select max(id) from attempt)
"""


@contextmanager
def full(server: Server, database_url: str) -> Iterator[None]:
    """Inside the block PostgreSQL has no room for another delivery, nor for the outcome of a job."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"alter table {table} set (autovacuum_enabled = false)")
            os.truncate(_file(connection, table), LONGEST_BYTES)
        _limit(_processes(connection, server), str(LONGEST_BYTES))
        try:
            with pytest.raises(psycopg.errors.InternalError_, match="could not extend file"):
                connection.execute(FILL)
            yield
        finally:
            _limit(_processes(connection, server), "unlimited")
            for table in TABLES:
                connection.execute(f"alter table {table} reset (autovacuum_enabled)")
                connection.execute(f"vacuum {table}")


def _file(connection: psycopg.Connection[tuple[str]], table: str) -> Path:
    query = "select current_setting('data_directory') || '/' || pg_relation_filepath(%s)"
    found = connection.execute(query, (table,)).fetchone()
    assert found
    return Path(found[0])


def _processes(connection: psycopg.Connection[tuple[int]], server: Server) -> list[int]:
    """The server first, so that whoever connects meanwhile is not left out."""
    rows = connection.execute(
        "select pid from pg_stat_activity where backend_type = 'client backend'"
    ).fetchall()
    return [server.pid, *(pid for (pid,) in rows)]


def _limit(processes: list[int], limit: str) -> None:
    for pid in processes:
        owner = os.stat(f"/proc/{pid}")
        # Only the account of the server may: root gives its rights up, another account is the same.
        account = (
            {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        subprocess.run(["prlimit", "--pid", str(pid), f"--fsize={limit}:"], check=True, **account)  # type: ignore[call-overload]
