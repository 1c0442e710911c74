"""What is kept of a crash: enough to find it, and nothing that a row holds."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kit import crashes
from kit.db import Database, all_shops

PERSON = "mia@example.com"


def crash(db: Database, statement: str) -> BaseException:
    with pytest.raises(DBAPIError) as caught, db.transaction() as session:
        session.execute(all_shops(text(statement)), {"person": PERSON})
    return caught.value


@pytest.mark.parametrize(
    "statement",
    [
        "insert into shop (domain, state) values (:person, :person || repeat('x', 300))",
        "insert into shop (domain, state) values (:person, 'no such state')",
        "select cast(:person as int)",
    ],
)
def test_an_error_of_the_database_is_told_by_its_names(db: Database, statement: str) -> None:
    told = crashes.told(crash(db, statement))
    assert PERSON not in told
    assert "sqlalchemy.exc" in told
    assert "test_crashes.py" in told


def test_what_led_to_a_crash_comes_first() -> None:
    try:
        try:
            raise ValueError("the cause")
        except ValueError as error:
            raise RuntimeError("the end") from error
    except RuntimeError as error:
        told = crashes.told(error)
    assert told.index("builtins.ValueError: the cause") < told.index("builtins.RuntimeError: the end")
