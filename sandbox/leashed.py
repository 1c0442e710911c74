"""A process of the sandbox, held on a leash: started here, ended here, and never left behind.

It owns start, wait, stop and kill of one command with its log file. What the command is and when it counts as
ready is the business of `servers` and `processes`.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LEASH = Path(__file__).with_name("bootstrap") / "leash.py"
GRACE_SECONDS = 8.0
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.02, 0.1
TAIL_LINES = 25


class CannotStart(SystemExit):
    """Something that the sandbox needs did not start or is missing: exit status 1 and one clear sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"sandbox: {sentence}")
        self.sentence = sentence


_living: weakref.WeakSet[Leashed] = weakref.WeakSet()
_numbers = itertools.count(1)


class Leashed:
    """One running command. Its output goes to `log`; it ends at the latest when this Python process ends."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stop_with: str = "TERM",
        leash_options: Sequence[str] = (),
        grace: float = GRACE_SECONDS,
    ) -> None:
        self.name, self.log, self._grace = name, log, grace
        log.parent.mkdir(parents=True, exist_ok=True)
        # Two of one name may run side by side, an old version and a new one; they share a log and nothing else.
        self._pid_file = log.with_suffix(f".{next(_numbers)}.pid")
        self._pid_file.unlink(missing_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", str(LEASH)),
                    *("--stop-with", stop_with, "--grace", str(grace), "--pid-file", str(self._pid_file)),
                    *leash_options,
                    "--",
                    *map(str, command),
                ],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=None if environment is None else dict(environment),
                cwd=folder,
                start_new_session=True,
            )
        _living.add(self)

    @property
    def pid(self) -> int:
        """The pid of the command itself (not of the leash)."""
        wait_until(lambda: bool(self._noted_pid()) or not self.is_running, 5)
        return self._noted_pid()

    def _noted_pid(self) -> int:
        return int(self._pid_file.read_text() or 0) if self._pid_file.exists() else 0

    @property
    def is_running(self) -> bool:
        """Whether the command, or something that it started, still lives."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float | None = None) -> int:
        """Waits for the end and returns the exit code. Raises subprocess.TimeoutExpired."""
        return self._process.wait(seconds)

    def stop(self) -> None:
        """Asks it to stop and waits; after the grace it is killed with all that it started. Never raises."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(self._grace + 6)
        except subprocess.TimeoutExpired:
            self._process.kill()  # the kernel then kills the command
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kills the command at once, as a power cut would; its descendants follow. Returns when all are gone."""
        with contextlib.suppress(ProcessLookupError):
            if pid := self.pid:
                os.kill(pid, signal.SIGKILL)
        self.stop()

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Polls the condition; false when it did not hold within the time."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        if waited > seconds:
            return False
        # Who has waited long can wait a moment more: looking all the time would take the time of what is awaited.
        time.sleep(min(max(POLL_SECONDS, waited / 20), LONGEST_POLL_SECONDS))
    return True


@atexit.register
def _release_all() -> None:
    for process in list(_living):
        process.stop()
