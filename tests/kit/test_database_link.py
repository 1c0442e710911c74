"""A connection to PostgreSQL notices within seconds that nobody is at the other end."""

from __future__ import annotations

from sqlalchemy import text

from kit.db import Database, all_shops, connect


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
