"""A connection to PostgreSQL notices within seconds that nobody is at the other end."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import create_engine, text

from kit import clock
from kit.clock import SetClock
from kit.db import PING_AFTER_SECONDS, Database, all_shops, connect


def test_every_connection_asks_soon_whether_the_other_end_is_alive(fresh_database_url: str) -> None:
    database: Database = connect(fresh_database_url, pool_size=1, application="test")
    with database.transaction() as session:
        assert session.execute(all_shops(text("select 1"))).scalar_one() == 1
        raw = session.connection().connection.driver_connection
        assert raw is not None
        told = raw.info.get_parameters()
    database.close()
    wanted = {"keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3"}
    assert told.items() >= {**wanted, "tcp_user_timeout": "5000", "connect_timeout": "5"}.items()


def _end_all_others(db: Database) -> None:
    other = create_engine(db.engine.url)
    with other.connect() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
    other.dispose()


def test_a_connection_that_died_while_it_lay_idle_is_replaced_before_it_is_used(
    fresh_database: Database,
) -> None:
    noon = SetClock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    with clock.using(noon):
        with fresh_database.transaction() as session:
            session.connection()
        _end_all_others(fresh_database)
        noon.move(PING_AFTER_SECONDS + 1)
        with fresh_database.transaction() as session:
            assert session.connection().execute(text("select 1")).scalar_one() == 1
