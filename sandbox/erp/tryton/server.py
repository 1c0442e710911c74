"""The Tryton of the sandbox: one server for the companies of all seeded shops.

It puts databases and server together for whoever starts a demo or a test. PostgreSQL comes from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.erp.tryton import databases, serving
from sandbox.erp.tryton.environment import CACHE, Progress
from sandbox.leashed import Leashed

WORKERS = 2
THREADS = 4


@dataclass(frozen=True)
class ShopErp:
    """Where the ERP of one shop is: what its owner types into Concord, and every id of its set-up by name."""

    url: str
    database: str
    key: str
    ids: Mapping[str, Any]


@dataclass(frozen=True)
class Running:
    """A server that answers. It ends with `stop`, and at the latest with this process."""

    url: str
    shops: Mapping[str, ShopErp]
    process: Leashed

    def stop(self) -> None:
        """Ends the server; the databases stay."""
        self.process.stop()


def start(
    postgres_url: str, port: int | None, *, progress: Progress, sees_new_databases: bool = False
) -> Running:
    """Prepares what is missing and starts the server. Tests that clone set `sees_new_databases`. Raises CannotStart."""
    companies = databases.ensure(postgres_url, progress)
    progress("starting Tryton")
    process, url = serving.start(
        postgres_url,
        [each.database for each in companies.values()],
        port=port,
        workers=WORKERS,
        threads=THREADS,
        log=CACHE / f"server-{port or 'tests'}.log",
        sees_new_databases=sees_new_databases,
    )
    shops = {domain: ShopErp(url, each.database, each.key, each.card) for domain, each in companies.items()}
    return Running(url, shops, process)
