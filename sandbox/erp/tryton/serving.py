"""Starts gunicorn with Tryton in it, on a leash, and waits until it answers. It knows no company."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from sandbox import servers
from sandbox.erp.tryton import environment
from sandbox.leashed import CannotStart, Leashed, wait_until

START_SECONDS = 90.0
REQUEST_SECONDS = 120
TRIES = 5


def start(
    postgres_url: str,
    databases: Sequence[str],
    *,
    port: int | None,
    workers: int,
    threads: int,
    log: Path,
) -> tuple[Leashed, str]:
    """A server for the databases and its URL. Without a port it takes a free one. Raises CannotStart.

    Name every database that will be asked for: loading one later is slow, and Tryton has a race there.
    """
    for _ in range(TRIES if port is None else 1):
        process, url = launch(
            postgres_url,
            databases,
            port=port or servers.free_port(),
            workers=workers,
            threads=threads,
            log=log,
        )
        if _came_up(process, url, databases[0]):
            return process, url
        process.stop()
        if "already in use" not in process.tail():
            break
    raise _failed(process, url)


def launch(
    postgres_url: str, databases: Sequence[str], *, port: int, workers: int, threads: int, log: Path
) -> tuple[Leashed, str]:
    """Like `start`, without waiting; `ready` does."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    process = Leashed(
        "tryton",
        [
            *(environment.program("gunicorn"), "--no-control-socket", "--bind", f"127.0.0.1:{port}"),
            *("--workers", str(workers), "--threads", str(threads), "--timeout", str(REQUEST_SECONDS)),
            *("--graceful-timeout", "3", "--worker-tmp-dir", str(log.parent)),
            *("--config", str(Path(__file__).with_name("ending.py"))),
            *("--preload", "trytond.application:app"),
        ],
        log=log,
        environment=_environment(postgres_url, databases),
    )
    return process, f"http://127.0.0.1:{port}"


def ready(process: Leashed, url: str, database: str) -> None:
    """Returns when a launched server answers. Raises CannotStart."""
    if not _came_up(process, url, database):
        raise _failed(process, url)


def _failed(process: Leashed, url: str) -> CannotStart:
    return CannotStart(f"Tryton did not start at {url}; its log ends:\n{process.tail(8)}")


def _environment(postgres_url: str, databases: Sequence[str]) -> dict[str, str]:
    uri = urlunsplit(urlsplit(postgres_url)._replace(scheme="postgresql", path="/"))
    return environment.clean() | {
        "TRYTOND_DATABASE__URI": uri,
        "TRYTOND_DATABASE_NAMES": ",".join(databases),
        "TRYTOND_WEB__ROOT": "",  # serves the interface only, no files of this machine
        "TRYTOND_LOGGING_LEVEL": "40",
        # How long one process may answer with what another one changed; five minutes unless it is said here.
        "TRYTOND_CACHE__CLEAN_TIMEOUT": "1",
    }


def _came_up(process: Leashed, url: str, database: str) -> bool:
    return wait_until(lambda: not process.is_running or _answers(url, database), START_SECONDS) and (
        process.is_running
    )


def _answers(url: str, database: str) -> bool:
    """Tryton says 401 to a caller without a key once it has loaded the database."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=START_SECONDS)
    try:
        connection.request("GET", f"/{database}/rest/model/res.user")
        return connection.getresponse().status == http.client.UNAUTHORIZED
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
