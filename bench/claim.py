"""The claim query with a million finished jobs of several shops in the table: milliseconds, median and p99 of many."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from sqlalchemy import text

from bench.ground import Ground
from sync.state import claims

FINISHED = 1_000_000
READY = 2_000
ROUNDS = 200


def milliseconds(
    ground: Ground, shop_ids: Sequence[int], *, finished: int = FINISHED, ready: int = READY
) -> tuple[float, float]:
    """How long one claim takes: the median, and what 99 of 100 stay below."""
    with ground.database.engine.begin() as connection:
        connection.execute(text("set local statement_timeout = 0"))
        connection.execute(
            text(
                "insert into job (shop_id, flow, record, state, lane, asked_at, due_at, finished_at)"
                " select (cast(:shops as bigint[]))[1 + mod(n, cast(:several as int))], 'order_push',"
                " 'gid://shopify/Order/' || n,"
                " case when n <= :ready then 'ready' else 'done' end, 10, now(), now() - interval '1 minute',"
                " case when n > :ready then now() end"
                " from generate_series(1, :total) n"
            ),
            {
                "shops": list(shop_ids),
                "several": len(shop_ids),
                "ready": ready,
                "total": finished + ready,
            },
        )
    with ground.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("vacuum analyze job"))
        connection.execute(text("reset statement_timeout"))
    took = []
    for _ in range(ROUNDS):
        with ground.database.transaction() as session:
            started = time.perf_counter()
            claimed = claims.claim(session, count=1, per_shop=10_000, lease_seconds=60)
            took.append((time.perf_counter() - started) * 1000)
        if not claimed:
            raise RuntimeError("nothing was claimed")
    return statistics.median(took), statistics.quantiles(took, n=100)[-1]
