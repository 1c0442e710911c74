"""`python -m sandbox.prepare`: what the whole test run needs from the network, or takes minutes to make, before it
begins: a Chromium, and a Tryton with the prepared companies. A later run finds all of it and says nothing.

It stands before pytest because pytest shows nothing of what its workers wait for.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from sandbox import given, servers
from sandbox.bootstrap import chromium
from sandbox.bootstrap.steps import steps
from sandbox.erp.tryton import databases
from sandbox.erp.tryton.environment import Progress


def main() -> int:
    """Prepares what is missing. Ends with one sentence when that fails."""
    _ask_given_servers()
    with steps() as progress:
        chromium.ensure(progress)
        databases_of_tryton(progress)
    return 0


def databases_of_tryton(progress: Progress) -> None:
    """The dumps that test runs restore, made on the given PostgreSQL or on one that is gone afterwards."""
    if databases.is_prepared():
        return
    with ExitStack() as afterwards:
        url = os.environ.get("DATABASE_URL", "")
        if not url:
            folder = Path(afterwards.enter_context(tempfile.TemporaryDirectory(prefix="concord-prepare-")))
            folder.chmod(0o755)  # PostgreSQL runs under another account when we are root
            progress("PostgreSQL")
            server = servers.postgres(folder / "postgres", fsync=False)
            afterwards.callback(server.stop)
            url = server.url
        databases.prepare(url, progress)


def _ask_given_servers() -> None:
    if url := os.environ.get("DATABASE_URL"):
        given.postgres(url)
    if url := os.environ.get("REDIS_URL"):
        given.redis(url)


if __name__ == "__main__":
    sys.exit(main())
