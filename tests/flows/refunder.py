"""A process of Concord that runs one claimed job, at the moment it is told to: for tests with many of them.

Says `ready`, waits for a line, runs the flow, and prints what came of it in a word.
"""

from __future__ import annotations

import sys
from datetime import datetime

from sqlalchemy import select

from kit import clock, config, db
from kit.clock import SetClock
from kit.faults import Fault
from kit.http import Door
from sandbox.erp.standin.connector import KIND
from sync.flows import catalogue
from sync.flows.road import Done, Work
from sync.gateways import Gateways
from sync.state.jobs import Claimed, LeaseLost
from sync.state.models import Job


def main(shop_id: int, job_id: int, at: str) -> None:
    """Runs the job under the lease that it has: the same one for everybody."""
    settings = config.settings()
    database = db.connect(settings.database_url, pool_size=2, application="refunder")
    gateways = Gateways(database, settings, door=Door(), kinds={"standin": KIND})
    with clock.using(SetClock(datetime.fromisoformat(at))):
        with database.transaction(shop_id=shop_id) as session:
            row = session.scalars(select(Job).where(Job.id == job_id)).one()
            job = Claimed(
                **{name: getattr(row, name) for name in Claimed.__dataclass_fields__ if name != "started_at"},
                started_at=clock.now(),
            )
        work = Work(job=job, shop=gateways.shop(shop_id), database=database, gateways=gateways)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write(f"{_run(work)}\n")
    database.close()


def _run(work: Work) -> str:
    try:
        outcome = catalogue.FLOWS[work.job.flow](work)
        with work.transaction():
            pass  # what the outcome leaves to save
    except LeaseLost:
        return "lost"
    except Fault as fault:
        with work.transaction():
            pass
        return fault.code
    return "done" if isinstance(outcome, Done) else "skipped"


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
