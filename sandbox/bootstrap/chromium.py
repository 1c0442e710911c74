"""Finds a Chromium for the browser tests, or installs one: an installed browser first, then Playwright's download,
then Debian's package when we are root. Prints the path; stops with one sentence when there is no way.

Only the standard library, so that `make` may run it before a test run.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[str], None]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LOCK = Path(__file__).absolute().parents[2] / ".cache" / "chromium.lock"
DOWNLOAD_SECONDS, INSTALL_SECONDS = 240, 600
ASK = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"


def find() -> str | None:
    """An executable browser: CHROMIUM, one on PATH, Chrome on a Mac, or what Playwright downloaded before."""
    for name in (os.environ.get("CHROMIUM"), *NAMES):
        if name and (path := shutil.which(name)):
            return path
    if MAC.exists():
        return str(MAC)
    return _playwright_path()


def say(what: str) -> None:
    """Progress for whoever reads standard error."""
    print(f"  {what} ...", file=sys.stderr, flush=True)


def ensure(progress: Progress = say) -> str:
    """A browser, installed if there was none. Raises SystemExit with one sentence when that fails."""
    if found := find():
        return found
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:  # several test workers may miss it at the same moment
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find() or _download(progress) or _from_debian(progress) or _give_up()


def _playwright_path() -> str | None:
    if importlib.util.find_spec("playwright") is None:
        return None
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    path = asked.stdout.strip()
    return path if asked.returncode == 0 and os.access(path, os.X_OK) else None


def _download(progress: Progress) -> str | None:
    if importlib.util.find_spec("playwright") is None:
        return None
    progress("downloading Chromium by Playwright")
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    return _playwright_path() if _runs(command, DOWNLOAD_SECONDS) else None


def _from_debian(progress: Progress) -> str | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    progress("installing Debian's chromium")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
    if _runs(install, INSTALL_SECONDS) or (
        _runs(["apt-get", "update", "-q"], INSTALL_SECONDS) and _runs(install, INSTALL_SECONDS)
    ):
        return find()
    return None


def _runs(command: list[str], seconds: int) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _give_up() -> str:
    raise SystemExit(
        "sandbox: there is no Chromium for the browser tests; install Debian's package chromium, or set CHROMIUM"
        " to the path of one."
    )


if __name__ == "__main__":
    print(ensure())
