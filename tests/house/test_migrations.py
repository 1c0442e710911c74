"""A migration runs while the version before it works: it only adds, rewrites and scans nothing under a lock, and gives
way when a table that it needs is in use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

import migrations
from sandbox.leashed import wait_until
from tests.fixtures.databases import named

SCRIPTS = str(Path(migrations.__file__).parent)
PATIENCE_SECONDS = 60.0
FIRST = "0003"  # up to here nothing runs yet
REVISIONS = [script.revision for script in reversed(list(ScriptDirectory(SCRIPTS).walk_revisions()))]
LATER = [revision for revision in REVISIONS if revision > FIRST]
COLUMNS = """
    select table_name, column_name, data_type, coalesce(character_maximum_length, 0) as length,
        is_nullable = 'YES' or column_default is not null or is_identity = 'YES' as may_be_left_out
    from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
"""
CHECKS = """
    select conrelid::regclass::text, conname from pg_constraint
    where connamespace = 'public'::regnamespace and conrelid <> 0 and contype in ('c', 'f', 'u', 'p', 'x')
"""
FILES = """
    select oid::regclass::text, relfilenode from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
TARGET = re.compile(
    r"\b(?:on|alter table(?: only)?|update|insert into|delete from)\s+\"?(\w+)", re.IGNORECASE
)
TAKES_LONG = re.compile(
    r"^(create (unique )?index (?!concurrently)|(update|insert|delete)\b|"  # how a value is stored is a brief note
    r"alter table .*(add constraint|alter column(?! \w+ set storage)))",
    re.IGNORECASE,
)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Gathers the statements that run inside the block."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


class Schema:
    """A database that is migrated step by step."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._config = Config()
        self._config.set_main_option("script_location", SCRIPTS)
        self._config.attributes["url"] = url

    def upgrade(self, revision: str) -> None:
        command.upgrade(self._config, revision)

    def look(self, query: str) -> list[Any]:
        with psycopg.connect(self.url, row_factory=namedtuple_row) as connection:
            return connection.execute(query.encode()).fetchall()

    def revision(self) -> str:
        return str(self.look("select version_num from alembic_version")[0].version_num)


@pytest.fixture
def schema(postgres_url: str, run_name: str, request: pytest.FixtureRequest) -> Iterator[Schema]:
    name = f"concord_{run_name}_migrated_{abs(hash(request.node.name))}"
    with psycopg.connect(named(postgres_url, "postgres"), autocommit=True) as server:
        server.execute(f'create database "{name}"'.encode())
        yield Schema(named(postgres_url, name))
        server.execute(f'drop database "{name}" with (force)'.encode())


def test_every_migration_leaves_the_version_before_it_all_that_it_uses(schema: Schema) -> None:
    schema.upgrade(FIRST)
    for revision in LATER:
        columns, checks, files = schema.look(COLUMNS), schema.look(CHECKS), dict(schema.look(FILES))
        tables = {row.table_name for row in columns}
        with listening() as said:
            schema.upgrade(revision)
        after = schema.look(COLUMNS)
        assert set(columns) <= set(after), f"{revision} changes or removes {set(columns) - set(after)}"
        forced = [row for row in set(after) - set(columns) if not row.may_be_left_out]
        assert not [row for row in forced if row.table_name in tables], f"{revision} asks for more"
        stricter = [row for row in set(schema.look(CHECKS)) - set(checks) if row[0].strip('"') in tables]
        assert not stricter, f"{revision} refuses what was right before: {stricter}"
        rewritten = [
            table for table, file in dict(schema.look(FILES)).items() if files.get(table, file) != file
        ]
        assert not rewritten, f"{revision} rewrites {rewritten}"
        long = [each for each in said if TAKES_LONG.match(each) and set(TARGET.findall(each)) & tables]
        assert not long, f"{revision} holds up the version before it: {long}"


def test_a_migration_gives_way_to_a_table_in_use_and_runs_when_it_is_free(schema: Schema) -> None:
    before, adding = "0007", "0008"  # a column more in "grant"
    schema.upgrade(before)
    with psycopg.connect(schema.url) as busy:
        busy.execute('select count(*) from "grant"')
        with pytest.raises(OperationalError, match="lock timeout"):
            schema.upgrade(adding)
        assert schema.revision() == before
        busy.execute('select count(*) from "grant"')  # the version before works on
    schema.upgrade(adding)
    assert schema.revision() == adding


@pytest.mark.parametrize(
    ("before", "making", "index"), [("0006", "0007", "ix_delivery_failed"), ("0009", "0010", "ix_job_flow")]
)
def test_an_index_is_made_anew_when_its_migration_was_killed(
    schema: Schema, before: str, making: str, index: str
) -> None:
    schema.upgrade(making)
    with psycopg.connect(
        schema.url
    ) as connection:  # so PostgreSQL leaves what was being made beside running work
        connection.execute("update pg_index set indisvalid = false where indexrelid = %s::regclass", [index])
        connection.execute("update alembic_version set version_num = %s", [before])
    schema.upgrade(making)
    (found,) = schema.look(f"select indisvalid from pg_index where indexrelid = '{index}'::regclass")  # noqa: S608
    assert found.indisvalid


def test_a_second_deploy_waits_for_the_first_without_holding_it_up(schema: Schema) -> None:
    waits = "select 1 from pg_stat_activity where datname = current_database() and state = 'idle' and query = 'COMMIT'"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(schema.url, autocommit=True) as first:
        first.execute("select pg_advisory_lock(7261001)")
        second = pool.submit(schema.upgrade, "head")
        assert wait_until(lambda: bool(schema.look(waits)) or second.done(), PATIENCE_SECONDS)
        assert not second.done()
        first.execute("select pg_advisory_unlock(7261001)")
        second.result(PATIENCE_SECONDS)
    assert schema.revision() == REVISIONS[-1]
