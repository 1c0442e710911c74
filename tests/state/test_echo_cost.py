"""News of stock is looked up place by place on the day of an installation too, when a push meets a table without
statistics."""

from __future__ import annotations

from sqlalchemy import text

from kit.db import Database
from sync.flows import stock_echo
from tests.state.conftest import make_shop
from tests.state.rows import PLANNED_AFTER, a_connection, rows_read_so_far

ITEMS = 10_000
BATCH = 50
FILL = text(
    """
    insert into stock_target
        (shop_id, connection_id, item_gid, location_gid, variant_gid, erp_item, warehouse, sent, seen)
    select cast(:shop as bigint), cast(:connection as bigint), 'gid://shopify/InventoryItem/' || item,
        'gid://shopify/Location/' || place, 'v' || item, 'e' || item, 'w' || place, 5, 5
    from generate_series(1, cast(:items as int)) item, generate_series(1, 5) place
    """
)


def rows_read(db: Database, shop_id: int) -> int:
    """How many rows one look at a batch of deliveries reads."""
    bodies = {
        number: {"inventory_item_id": 1 + 7 * number, "location_id": 1 + number % 5, "available": 5}
        for number in range(BATCH)
    }
    with db.transaction(shop_id=shop_id) as session:
        stock_echo.own(session, bodies)
        return rows_read_so_far(session, "stock_target")


def test_a_look_at_a_batch_reads_its_own_rows(fresh_database: Database) -> None:
    db = fresh_database
    shop_id = make_shop(db, "alpha.myshopify.com")
    connection = a_connection(db, shop_id)
    with db.engine.begin() as opened:
        opened.execute(text("alter table stock_target set (autovacuum_enabled = false)"))
    for _ in range(PLANNED_AFTER):
        assert rows_read(db, shop_id) == 0
    with db.engine.begin() as opened:
        opened.execute(FILL, {"shop": shop_id, "connection": connection.id, "items": ITEMS})
    assert rows_read(db, shop_id) == BATCH
