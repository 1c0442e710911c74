"""Trouble of PostgreSQL's machine is told from everything that a record or a mistake of ours may cause."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kit import outages
from kit.db import Database, all_shops, connect


def told(db: Database, state: str) -> str:
    raising = f"do $$ begin raise exception 'in words' using errcode = '{state}'; end $$"
    with pytest.raises(DBAPIError) as caught, db.transaction() as session:
        session.execute(all_shops(text(raising)))
    assert outages.told(caught.value.orig) == outages.told(caught.value)
    return outages.told(caught.value)


@pytest.mark.parametrize("state", ["53100", "53200", "58030"])
def test_a_full_disk_and_what_is_like_it_is_told_in_the_servers_words(db: Database, state: str) -> None:
    assert told(db, state) == f"{state} in words"


@pytest.mark.parametrize("state", ["22003", "23505", "40P01", "54000", "57014", "XX000", "XX001"])
def test_what_a_row_or_a_mistake_may_cause_is_no_such_trouble(db: Database, state: str) -> None:
    assert told(db, state) == ""


def test_a_server_that_is_not_reached_or_ends_is_away(db: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        connect("postgresql://nobody@127.0.0.1:1/none", pool_size=1, application="test").engine.connect()
    assert (outages.is_away(caught.value), outages.told(caught.value)) == (True, "")
    with pytest.raises(DBAPIError) as caught, db.transaction() as session:
        session.execute(all_shops(text("do $$ begin raise exception 'x' using errcode = '57P01'; end $$")))
    assert outages.is_away(caught.value)
    with pytest.raises(DBAPIError) as caught, db.transaction() as session:
        session.execute(all_shops(text("select 1 / 0")))
    assert not outages.is_away(caught.value)


def test_other_errors_are_none() -> None:
    assert (outages.told(None), outages.told(OSError("no space left on device"))) == ("", "")
