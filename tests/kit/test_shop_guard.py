"""The guard between shops: in a session of one shop no statement reaches another one, in whatever way it is written."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import column, delete, exists, func, literal, select, table, text, union, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import aliased
from sqlalchemy.sql.base import Executable

from kit import clock
from kit.db import Database, NoShop, all_shops, insert
from kit.sql import Sql
from sync.state.models import Attempt, Job
from tests.state.conftest import make_shop

TABLE = Job.__table__
OTHER = aliased(Job)


def values(shop_id: int, record: str = "r") -> dict[str, Any]:
    now = clock.now()
    return {
        "shop_id": shop_id,
        "flow": "x",
        "record": record,
        "state": "ready",
        "lane": 10,
        "asked_at": now,
        "due_at": now,
    }


@pytest.fixture
def beta(db: Database) -> int:
    """Cy's shop, beside Ada's, which has a job."""
    alpha = make_shop(db, "alpha.myshopify.com")
    with db.transaction(shop_id=alpha) as session:
        session.add(Job(**values(alpha)))
    return make_shop(db, "beta.myshopify.com")


READS: dict[str, Executable] = {
    "entity": select(Job),
    "column": select(Job.id),
    "alias": select(OTHER.id),
    "union": union(select(Job.id), select(Job.lane)),
    "subquery": select(select(Job.id).subquery()),
    "common table expression": select(select(Job.id).cte()),
    "exists": select(literal(1)).where(exists().where(Job.id > 0)),
    "scalar": select(select(Job.id).limit(1).scalar_subquery()).where(exists().where(Job.id > 0)),
    "outer join": select(Job.id).outerjoin(Attempt, Attempt.job_id == Job.id),
    "lock": select(Job.id).with_for_update(),
}


@pytest.mark.parametrize("way", READS)
def test_no_way_of_reading_shows_the_other_shop(db: Database, beta: int, way: str) -> None:
    with db.transaction(shop_id=beta) as session:
        assert session.execute(READS[way]).all() == []
    with db.transaction() as session:
        assert session.execute(all_shops(READS[way])).all() != []


def test_no_count_get_update_or_delete_reaches_the_other_shop(db: Database, beta: int) -> None:
    with db.transaction() as session:
        job_id = session.execute(all_shops(select(Job.id))).scalar_one()
    with db.transaction(shop_id=beta) as session:
        assert session.get(Job, job_id) is None
        assert session.scalar(select(func.count()).select_from(Job)) == 0
        for statement in (update(Job).values(reason="hers"), update(Job).values(shop_id=beta), delete(Job)):
            session.execute(statement)
    with db.transaction() as session:
        assert session.execute(all_shops(select(Job.reason))).scalar_one() == ""


BARE: dict[str, Executable] = {
    "select": select(TABLE.c.id),
    "select whole": select(TABLE),
    "count": select(func.count()).select_from(TABLE),
    "update": update(TABLE).values(reason="hers"),  # type: ignore[arg-type]
    "delete": delete(TABLE),  # type: ignore[arg-type]
    "exists": select(literal(1)).where(exists().where(TABLE.c.id > 0)),
    "text": text("select id from job"),
    "text with columns": text("select id from job").columns(Job.id),
    "entity from a text": select(Job).from_statement(text("select * from job")),
    "from a text": select(literal(1)).select_from(text("job")),
    "a table by its name": select(column("id")).select_from(table("job")),
    "a table by its name with columns": select(table("job", column("id")).c.id),
}


@pytest.mark.parametrize("way", BARE)
def test_what_cannot_be_scoped_is_refused(db: Database, beta: int, way: str) -> None:
    for shop_id in (beta, None):
        with pytest.raises(NoShop), db.transaction(shop_id=shop_id) as session:
            session.execute(BARE[way])


@pytest.mark.parametrize("way", READS)
def test_without_a_shop_nothing_is_read_by_accident(db: Database, beta: int, way: str) -> None:
    with pytest.raises(NoShop), db.transaction() as session:
        session.execute(READS[way])


def test_no_row_is_given_to_another_shop(db: Database, beta: int) -> None:
    moved = values(beta)
    with db.transaction(shop_id=beta) as session:
        session.execute(insert(Job).values(moved))
        session.execute(update(Job).values(shop_id=beta))
    for statement in (
        update(Job).values(shop_id=beta - 1),
        update(Job).values({Job.shop_id: beta - 1}),
        update(Job).values(shop_id=Job.shop_id - 1),
        update(Job).ordered_values((Job.shop_id, beta - 1)),
    ):
        with pytest.raises(NoShop), db.transaction(shop_id=beta) as session:
            session.execute(statement)


def test_no_row_is_inserted_for_another_shop(db: Database, beta: int) -> None:
    foreign, own = values(beta - 1), values(beta)
    refused: tuple[tuple[Executable, Any], ...] = (
        (insert(Job).values(**foreign), None),
        (insert(Job).values([own, foreign]), None),
        (insert(Job), [foreign]),
        (insert(Job), foreign),
        (plain_insert(Job).values(foreign), None),
        (insert(Job).values(foreign).on_conflict_do_nothing(), None),
    )
    for statement, parameters in refused:
        with pytest.raises(NoShop), db.transaction(shop_id=beta) as session:
            session.execute(statement, parameters)
    with pytest.raises(NoShop), db.transaction(shop_id=beta) as session:
        session.add(Job(**foreign))
    with pytest.raises(NoShop), db.transaction(shop_id=beta) as session:
        session.execute(insert(Job).from_select(["shop_id", "flow"], select(literal(beta - 1), Job.flow)))
    with db.transaction(shop_id=beta) as session:
        session.execute(insert(Job).values(own))
        assert session.scalar(select(func.count()).select_from(Job)) == 1


def test_statements_that_touch_no_shop_need_none(db: Database, beta: int) -> None:
    for shop_id in (beta, None):
        with db.transaction(shop_id=shop_id) as session:
            assert session.execute(select(literal(1))).scalar_one() == 1
            session.execute(select(func.now()))


WRITTEN_OUT = Sql("select id from job where shop_id = %(shop_id)s and id > %(after)s")


def test_a_statement_that_is_written_out_sees_only_its_own_shop(db: Database, beta: int) -> None:
    with db.transaction(shop_id=beta) as session:
        assert WRITTEN_OUT.run(session, after=0).all() == []
        session.add(Job(**values(beta)))  # not written yet: it is before the statement runs
        assert len(WRITTEN_OUT.run(session, after=0).all()) == 1


def test_a_statement_that_is_written_out_must_name_a_shop_and_no_other(db: Database, beta: int) -> None:
    with pytest.raises(NoShop):
        Sql("select id from job where id > %(after)s")
    with db.transaction() as session, pytest.raises(NoShop):
        WRITTEN_OUT.run(session, after=0)
    with db.transaction(shop_id=beta) as session, pytest.raises(NoShop):
        WRITTEN_OUT.run(session, after=0, shop_id=beta - 1)
