"""What reached the ERP, held against what was acknowledged: lost, doubled, and how long it took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx2
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from bench.ground import KEY, Ground


@dataclass(frozen=True)
class Outcome:
    """The verdict of a run. All counts but that of the orders should be nought."""

    orders: int
    lost: int
    doubled: int
    blind: int  # documents that were sent although they stood in the ERP
    wrong_money: int  # orders whose documents come to another sum than the shop's
    owed: Mapping[str, int]  # what is not finished or waits for a person, by name
    held: int  # changes that only a Shopify could answer; no fault of the engine, so the verdict leaves them out
    p50_s: float
    p95_s: float
    p99_s: float

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"orders sent           {self.orders}",
            f"lost                  {self.lost}",
            f"doubled               {self.doubled}",
            f"sent again blindly    {self.blind}",
            f"wrong money           {self.wrong_money}",
            *(f"{name:21} {count}" for name, count in self.owed.items()),
            f"changes held          {self.held}",
            f"delivery to ERP       p50 {self.p50_s:.2f} s, p95 {self.p95_s:.2f} s, p99 {self.p99_s:.2f} s",
        ]

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing twice, nothing owed, all money there."""
        return not any((self.lost, self.doubled, self.blind, self.wrong_money, *self.owed.values()))


# A change of an order that is in the ERP already is compared with Shopify's ledger. These shops have no Shopify, so it
# is held until somebody lets Concord in; the order itself must be there all the same.
HELD = "select count(*) from job where state = 'held' and flow = 'order_push' and fault_code = 'needs_visit'"
OWED = {
    "jobs still open": "select count(*) from job where state in ('ready', 'running', 'held', 'dead')"
    " and flow = 'order_push' and fault_code is distinct from 'needs_visit'",
    "deliveries not done": "select count(*) from delivery where state <> 'done'",
    "writes not settled": "select count(*) from intent where state in ('intended', 'unknown')",
    "issues open": "select count(*) from issue where state = 'open' and flow in ('order_push', 'intake')"
    " and fault_code <> 'needs_visit'",
}
TWICE = """
    select count(*) from (
        select 1 from link where kind = 'order' group by connection_id, erp_id having count(*) > 1
    ) twice
"""
TIMES = """
    select coalesce(percentile_cont(0.5) within group (order by took), 0),
        coalesce(percentile_cont(0.95) within group (order by took), 0),
        coalesce(percentile_cont(0.99) within group (order by took), 0)
    from (select extract(epoch from min(l.linked_at) - min(d.received_at)) as took
        from delivery d join link l on l.record = d.record and l.kind = 'order' group by d.record) one
"""


def settle(ground: Ground, *, orders: int, patience_seconds: float) -> None:
    """Waits until every order is linked and nothing is owed, or patience ends. The database may just be restarting."""
    end = time.monotonic() + patience_seconds
    while time.monotonic() < end:
        with contextlib.suppress(OperationalError), ground.database.engine.connect() as connection:
            if _is_settled(connection, orders):
                return
        time.sleep(0.5)


def _is_settled(connection: Connection, orders: int) -> bool:
    linked = connection.execute(text("select count(*) from link where kind = 'order'")).scalar_one()
    return linked >= orders and not any(connection.execute(text(each)).scalar_one() for each in OWED.values())


def judge(ground: Ground, expected: Mapping[str, Decimal]) -> Outcome:
    """Compares the ERP's documents with the orders that were sent, each with what it comes to in its shop."""
    found, blind, sums = (_told(ground, verb) for verb in ("references", "blind", "sums"))
    with ground.database.engine.connect() as connection:
        owed = {name: int(connection.execute(text(query)).scalar_one()) for name, query in OWED.items()}
        held = int(connection.execute(text(HELD)).scalar_one())
        doubled_links = int(connection.execute(text(TWICE)).scalar_one())
        p50, p95, p99 = connection.execute(text(TIMES)).one()
    return Outcome(
        orders=len(expected),
        lost=len(expected.keys() - sums.keys()),
        doubled=len(found) - len(set(found)) + len(sums.keys() - expected.keys()) + doubled_links,
        blind=len(blind),
        wrong_money=sum(Decimal(sums[each]) != total for each, total in expected.items() if each in sums),
        owed=owed,
        held=held,
        p50_s=float(p50),
        p95_s=float(p95),
        p99_s=float(p99),
    )


def _told(ground: Ground, verb: str) -> Any:
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = httpx2.post(f"{ground.erp_url}/{verb}", json={}, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.json()
