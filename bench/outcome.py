"""What reached the ERP, held against what was acknowledged: lost, doubled, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

import httpx2
from sqlalchemy import text

from bench.ground import KEY, Ground


@dataclass(frozen=True)
class Outcome:
    """The verdict of a run."""

    orders: int
    lost: int
    doubled: int
    blind: int  # documents that were sent although they stood in the ERP
    open_jobs: int
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
            f"jobs still open       {self.open_jobs}",
            f"delivery to ERP       p50 {self.p50_s:.2f} s, p95 {self.p95_s:.2f} s, p99 {self.p99_s:.2f} s",
        ]

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing twice, nothing owed."""
        return not (self.lost or self.doubled or self.blind or self.open_jobs)


def settle(ground: Ground, *, orders: int, patience_seconds: float) -> None:
    """Waits until every order is linked, or patience ends."""
    end = time.monotonic() + patience_seconds
    while time.monotonic() < end:
        with ground.database.engine.connect() as connection:
            linked = connection.execute(text("select count(*) from link where kind = 'order'")).scalar_one()
        if linked >= orders:
            return
        time.sleep(0.5)


def judge(ground: Ground, references: Collection[str]) -> Outcome:
    """Compares the ERP's documents with the orders that were sent."""
    found, blind = _told(ground, "references"), _told(ground, "blind")
    wanted = set(references)
    with ground.database.engine.connect() as connection:
        open_jobs = connection.execute(
            text(
                "select count(*) from job where flow = 'order_push'"
                " and state in ('ready', 'running', 'held', 'dead')"
            )
        ).scalar_one()
        doubled_links = connection.execute(
            text(
                "select count(*) from (select 1 from link where kind = 'order'"
                " group by connection_id, erp_id having count(*) > 1) twice"
            )
        ).scalar_one()
        p50, p95, p99 = connection.execute(
            text(
                "select coalesce(percentile_cont(0.5) within group (order by took), 0),"
                " coalesce(percentile_cont(0.95) within group (order by took), 0),"
                " coalesce(percentile_cont(0.99) within group (order by took), 0)"
                " from (select extract(epoch from min(l.linked_at) - min(d.received_at)) as took"
                " from delivery d join link l on l.record = d.record and l.kind = 'order' group by d.record) one"
            )
        ).one()
    return Outcome(
        orders=len(wanted),
        lost=len(wanted - set(found)),
        doubled=len(found) - len(set(found)) + len(set(found) - wanted) + int(doubled_links),
        blind=len(blind),
        open_jobs=int(open_jobs),
        p50_s=float(p50),
        p95_s=float(p95),
        p99_s=float(p99),
    )


def _told(ground: Ground, verb: str) -> list[str]:
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = httpx2.post(f"{ground.erp_url}/{verb}", json={}, headers=headers, timeout=60)
    answer.raise_for_status()
    return [str(each) for each in answer.json()]
