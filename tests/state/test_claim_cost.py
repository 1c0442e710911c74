"""What a claim reads stays small on the day of an installation, when a burst meets a table without statistics."""

from __future__ import annotations

from sqlalchemy import text

from kit.db import Database
from sync.state import claims
from tests.state.conftest import make_shop
from tests.state.rows import PLANNED_AFTER, a_connection, rows_read_so_far

BURST = 10_000
ASK = text(
    """
    insert into job (shop_id, flow, record, state, lane, asked_at, due_at)
    select (cast(:shops as bigint[]))[1 + n % 2], 'order_push', 'gid://shopify/Order/' || n, 'ready', 10,
        now(), now() - interval '1 minute'
    from generate_series(1, :burst) n
    """
)


def rows_read(db: Database, *, claims_before: int) -> int:
    """How many rows of the table of jobs one claim reads, after so many that went before."""
    for _ in range(claims_before + 1):
        with db.transaction() as session:
            assert claims.claim(session, count=1, per_shop=8, lease_seconds=60)
            read: int = rows_read_so_far(session, "job")
    return read


def test_a_burst_into_a_table_without_statistics_costs_a_claim_no_more(fresh_database: Database) -> None:
    db = fresh_database
    shops = [make_shop(db, domain) for domain in ("alpha.myshopify.com", "beta.myshopify.com")]
    for shop in shops:
        a_connection(db, shop, slots=8)
    for _ in range(PLANNED_AFTER):  # the plan was made and kept while the table was empty
        with db.transaction() as session:
            assert claims.claim(session, count=1, per_shop=8, lease_seconds=60) == []
    with db.engine.begin() as connection:
        connection.execute(text("alter table job set (autovacuum_enabled = false)"))
        connection.execute(ASK, {"shops": shops, "burst": BURST})
    assert rows_read(db, claims_before=0) < 1_500
    assert rows_read(db, claims_before=8) < 1_500
