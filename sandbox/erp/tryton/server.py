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
    process: Leashed
    tidy: Callable[[], None]

    def stop(self) -> None:
        """Ends the server. Working databases stay, copies go."""
        self.process.stop()
        self.tidy()


def start(postgres_url: str, port: int | None, *, progress: Progress, on_copies: bool = False) -> Running:
    """Prepares what is missing and starts the server on the working databases; tests let it serve fresh copies.

    Without a port it takes a free one. Raises CannotStart.
    """
    companies = databases.ensure(postgres_url, progress)
    names = {
        domain: databases.clone(postgres_url, each.database) if on_copies else each.database
        for domain, each in companies.items()
    }
    log = CACHE / "logs" / f"{port or os.getpid()}.log"

    def tidy() -> None:
        if on_copies:
            log.unlink(missing_ok=True)
            for name in names.values():
                databases.drop(postgres_url, name)

    progress("starting Tryton")
    process, url = serving.start(
        postgres_url,
        list(names.values()),
        port=port,
        workers=WORKERS,
        threads=THREADS,
        log=log,
    )
    shops = {domain: ShopErp(url, names[domain], each.key, each.card) for domain, each in companies.items()}
    return Running(url, shops, process, tidy)
