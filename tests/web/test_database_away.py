"""PostgreSQL restarts under the web process: one page at most says so, with a button, and the next one is shown."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from kit import clock
from kit.clock import SetClock
from kit.db import all_shops
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


REFUSES = """
    create function refuses() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file' using errcode = '{state}'; end
    $$;
    create trigger refuses before insert or update on staff for each row execute function refuses()
"""


@pytest.mark.parametrize(
    ("state", "status", "said"), [("53100", 503, "Concord is busy"), ("XX000", 500, "Concord made a mistake")]
)
def test_a_full_disk_is_no_mistake_of_ours_and_an_internal_error_of_another_kind_is_one(
    office: Office, state: str, status: int, said: str
) -> None:
    with office.database.transaction() as session:
        session.execute(all_shops(text(REFUSES.format(state=state))))
    met = office.look()
    assert (met.status_code, said in met.text) == (status, True)
