"""The environment that Tryton runs in: its own, apart from Concord's, made from a lock with hashes.

It owns `.cache/tryton/venv` and the names of the programs in it. A stamp holds the hash of the lock, so that a second
call does nothing. uv installs; where it cannot, pip does the same more slowly.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.leashed import CannotStart

Progress = Callable[[str], None]

HERE = Path(__file__).parent
CACHE = Path(__file__).absolute().parents[3] / ".cache" / "tryton"
LOCK = HERE / "requirements.lock"
VENV = CACHE / "venv"
STAMP = VENV / ".concord-stamp"
LOG = CACHE / "install.log"
FOREIGN = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")


def ensure(progress: Progress) -> Path:
    """The environment's folder, made or brought up to the lock if need be. Raises CannotStart with what went wrong."""
    with alone("environment"):
        if not is_current():
            progress("installing Tryton")
            LOG.write_bytes(b"")
            shutil.rmtree(VENV, ignore_errors=True)
            if not (_with_uv() or _with_pip()):
                tail = "\n".join(LOG.read_text(errors="replace").splitlines()[-12:])
                raise CannotStart(f"Tryton could not be installed; the end of {LOG} says:\n{tail}")
            STAMP.write_text(_wanted())
    return VENV


def is_current() -> bool:
    """Whether the environment is there and up to the lock."""
    return STAMP.exists() and STAMP.read_text() == _wanted()


def _wanted() -> str:
    return hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()


def program(name: str) -> Path:
    """A program of the environment: `trytond-admin`, `gunicorn`."""
    return VENV / "bin" / name


def clean() -> dict[str, str]:
    """The environment variables for a program of ours: nothing that would lead it into another Python or server."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and not name.startswith(("TRYTOND_", "GUNICORN_", "PG"))
    }


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Lets one process at a time make something; the others wait and then find it made."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _with_uv() -> bool:
    uv = Path(sys.executable).with_name("uv")
    return (
        uv.exists()
        and _run([sys.executable, "-m", "venv", "--without-pip", VENV])
        and _run([uv, "pip", "sync", "--require-hashes", "--python", program("python"), LOCK])
    )


def _with_pip() -> bool:
    return _run([sys.executable, "-m", "venv", "--clear", VENV]) and _run(
        [program("python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCK]
    )


def _run(command: list[str | Path]) -> bool:
    with LOG.open("ab") as log:
        log.write(f"$ {' '.join(map(str, command))}\n".encode())
        log.flush()
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean(), check=False
        )
    return done.returncode == 0
