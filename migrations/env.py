"""Runs migrations against DATABASE_URL, one at a time across all processes, with a short lock time-out."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

import oauth.models  # noqa: F401 - tables register themselves by being imported
import sync.state.models
import sync.state.settings_models
import sync.state.stock_models
import sync.state.timed_prices  # noqa: F401
from kit import clock
from kit.config import settings
from kit.db import LINK, LOCK_TIMEOUT_MS, Base

ONE_AT_A_TIME = 7_261_001  # advisory lock: two deploys never migrate together
LOOK_AGAIN_SECONDS = 0.5


def _url() -> Any:
    given = context.config.attributes.get("url") or settings().database_url
    return make_url(given).set(drivername="postgresql+psycopg")


def _connected(engine: Engine) -> Connection:
    """A connection. A server that is away or does not know us is the operator's business: one sentence, no trace."""
    try:
        return engine.connect()
    except OperationalError as error:
        said = " ".join(str(error.orig).split())
        raise SystemExit(f"concord: the database of DATABASE_URL cannot be opened: {said}") from error


def _wait_for_others(connection: Connection) -> None:
    """Waits between its looks, not within one: an index is made beside running work only when every transaction that
    began before it has ended, so whoever waits for the migration must not be in one."""
    trying = text("select pg_try_advisory_lock(:key)")
    while not connection.execute(trying, {"key": ONE_AT_A_TIME}).scalar_one():
        connection.commit()
        clock.sleep(LOOK_AGAIN_SECONDS)


def run() -> None:
    """Brings the schema to the newest version, each migration in its own transaction."""
    engine = create_engine(_url(), poolclass=pool.NullPool, connect_args=dict(LINK))
    with _connected(engine) as connection:
        _wait_for_others(connection)
        connection.execute(text(f"set lock_timeout = {LOCK_TIMEOUT_MS}"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})
        connection.commit()
    engine.dispose()


run()
