"""The Tryton of the sandbox: one server for the companies of all seeded shops.

It puts databases and server together for whoever starts a demo or a test. PostgreSQL comes from outside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
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
    untouched: Mapping[str, ShopErp]  # copies for those who look at the set-up itself; empty outside of tests
    process: Leashed
    tidy: Callable[[], None]

    def stop(self) -> None:
        """Ends the server. Working databases stay, copies go."""
        self.process.stop()
        self.tidy()


def start(postgres_url: str, port: int | None, *, progress: Progress, on_copies: bool = False) -> Running:
    """Prepares what is missing and starts the server on the working databases; tests let it serve fresh copies: one
    of each shop that they all share, and one that none of them may change.

    Without a port it takes a free one. Raises CannotStart.
    """
    companies = databases.ensure(postgres_url, progress)
    names = {domain: each.database for domain, each in companies.items()}
    apart: dict[str, str] = {}
    if on_copies:
        names, apart = (
            {domain: databases.clone(postgres_url, each.database) for domain, each in companies.items()}
            for _ in range(2)
        )
    served = [*names.values(), *apart.values()]
    log = CACHE / "logs" / f"{port or os.getpid()}.log"

    def tidy() -> None:
        if on_copies:
            log.unlink(missing_ok=True)
            for name in served:
                databases.drop(postgres_url, name)

    progress("starting Tryton")
    process, url = serving.start(
        postgres_url,
        served,
        port=port,
        workers=WORKERS,
        threads=THREADS,
        log=log,
    )

    def erps(found: Mapping[str, str]) -> dict[str, ShopErp]:
        return {
            domain: ShopErp(url, name, companies[domain].key, companies[domain].card)
            for domain, name in found.items()
        }

    return Running(url, erps(names), erps(apart), process, tidy)
