"""PostgreSQL restarts under the web process: one page at most says so, with a button, and the next one is shown."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from kit import clock
from kit.clock import SetClock
from tests.web.office import Office

OTHERS = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


def end_all_connections(office: Office) -> None:
    other = create_engine(office.database.engine.url)
    with other.connect() as connection:
        connection.execute(text(OTHERS))
    other.dispose()


@pytest.mark.parametrize("path", ["", "/records", "/settings"])
def test_a_page_that_meets_a_restart_of_the_database_asks_to_try_again_and_the_next_is_shown(
    office: Office, path: str
) -> None:
    with clock.using(SetClock(clock.now())):  # no time passes: every connection was used a moment ago
        assert office.look(path).status_code == 200
        end_all_connections(office)
        met = office.look(path)
        assert (met.status_code, "Concord is busy" in met.text, "Try again" in met.text) == (503, True, True)
        assert office.look(path).status_code == 200
