"""The Tryton of the sandbox: one server for the companies of all seeded shops.

It puts databases and server together for whoever starts a demo or a test. PostgreSQL comes from outside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.erp.tryton import databases, serving
from sandbox.erp.tryton.databases import Company
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
    """A server. It ends with `stop`, and at the latest with this process."""

    url: str
    shops: Mapping[str, ShopErp]
    untouched: Mapping[str, ShopErp]  # copies for those who look at the set-up itself; empty outside of tests
    process: Leashed
    tidy: Callable[[], None] = lambda: None

    def ready(self) -> None:
        """Returns when it answers. Raises CannotStart."""
        serving.ready(self.process, self.url, next(iter(self.shops.values())).database)

    def stop(self) -> None:
        """Ends the server. Working databases stay, copies go."""
        self.process.stop()
        self.tidy()


def launch(postgres_url: str, companies: Mapping[str, Company], port: int) -> Running:
    """Starts the server on the working databases, on this port, and does not wait for it; `ready` does."""
    process, url = serving.launch(
        postgres_url,
        [each.database for each in companies.values()],
        port=port,
        workers=WORKERS,
        threads=THREADS,
        log=CACHE / "logs" / f"{port}.log",
    )
    return Running(url, _shops(url, companies), {}, process)


def start_on_copies(postgres_url: str, progress: Progress) -> Running:
    """Prepares what is missing and starts a server on a free port, on fresh copies that go with it: one of each shop
    that all tests share, and one that none of them may change. Raises CannotStart.
    """
    companies = databases.ensure(postgres_url, progress)
    shared, apart = (
        {
            domain: replace(each, database=databases.clone(postgres_url, each.database))
            for domain, each in companies.items()
        }
        for _ in range(2)
    )
    names = [each.database for each in (*shared.values(), *apart.values())]
    log = CACHE / "logs" / f"{os.getpid()}.log"

    def tidy() -> None:
        log.unlink(missing_ok=True)
        for name in names:
            databases.drop(postgres_url, name)

    process, url = serving.start(postgres_url, names, port=None, workers=WORKERS, threads=THREADS, log=log)
    return Running(url, _shops(url, shared), _shops(url, apart), process, tidy)


def _shops(url: str, companies: Mapping[str, Company]) -> dict[str, ShopErp]:
    return {domain: ShopErp(url, each.database, each.key, each.card) for domain, each in companies.items()}
