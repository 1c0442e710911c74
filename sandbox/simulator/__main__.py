"""`python -m sandbox.simulator --first 1 --seeds 200`: plays seeds on an embedded PostgreSQL and tells the bad ones."""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from sandbox import servers
from sandbox.simulator.run import environment, simulate

DATABASE = "simulator"


def main() -> int:
    """0 when every seed came out well."""
    parser = argparse.ArgumentParser(prog="sandbox.simulator", description=__doc__)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--tell", action="store_true", help="tell the good stories too")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the story is the log
    with tempfile.TemporaryDirectory(prefix="concord-sim-") as folder:
        server = servers.postgres(Path(folder), fsync=False)
        try:
            bad = _play_all(_migrated(server.url), options)
        finally:
            server.stop()
    print(f"{options.seeds} seeds played, {bad} broke a promise.")
    return 1 if bad else 0


def _play_all(url: str, options: argparse.Namespace) -> int:
    bad = 0
    for story in simulate(url, first=options.first, count=options.seeds):
        if story.complaints or options.tell:
            print(story.tell(), flush=True)
        elif story.seed % 10 == 0:
            print(f"... seed {story.seed}", flush=True)
        bad += bool(story.complaints)
    return bad


def _migrated(server_url: str) -> str:
    url = f"{server_url.rpartition('/')[0]}/{DATABASE}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {DATABASE}")
    subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        env={**os.environ, **environment(url)},
        check=True,
    )
    return url


if __name__ == "__main__":
    sys.exit(main())
