"""A crew of processes: started one after another or together, ended in the reverse order.

It owns readiness, progress, log files and the end: Ctrl-C, SIGTERM, an error here or a crash of one of the crew
all stop everything. It does not know what the processes do.
"""

from __future__ import annotations

import http.client
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol
from urllib.parse import urlsplit

from sandbox.bootstrap.steps import step
from sandbox.leashed import CannotStart, Leashed, wait_until

READY_SECONDS = 60.0
WATCH_SECONDS = 0.25
PROBE_SECONDS = 2.0
SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Told(SystemExit):
    """The crew was told to stop by a signal; not an error."""


class Stoppable(Protocol):
    """Anything that the crew ends with itself, such as an embedded server."""

    def stop(self) -> None:
        """Ends it; never raises."""
        ...


Probe = Callable[[Leashed], bool]


@dataclass(frozen=True)
class Program:
    """One process of the crew and how to know that it is ready."""

    name: str
    command: Sequence[str | Path]
    ready: Probe
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    seconds: float = READY_SECONDS
    grace: float = 8.0


def answers(url: str, *, below: int = 400) -> Probe:
    """Ready when the address answers with a status below the given one."""
    parts = urlsplit(url)

    def probe(_process: Leashed) -> bool:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", parts.path or "/")
            return connection.getresponse().status < below
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def listens(port: int) -> Probe:
    """Ready when something accepts connections on the port of 127.0.0.1."""

    def probe(_process: Leashed) -> bool:
        with socket.socket() as line:
            line.settimeout(PROBE_SECONDS)
            return line.connect_ex(("127.0.0.1", port)) == 0

    return probe


def says(pattern: str) -> Probe:
    """Ready when a line of its log matches."""
    wanted = re.compile(pattern)

    def probe(process: Leashed) -> bool:
        return bool(wanted.search(process.log.read_text(errors="replace")))

    return probe


def require_free(port: int, *, what: str, setting: str) -> None:
    """Raises CannotStart when the port of 127.0.0.1 is taken, naming the setting that moves it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(
                f"port {port}, where {what} should listen, is taken; stop what uses it or set {setting}."
            ) from error


class Crew:
    """Use it as a context: whatever ends the block ends the crew."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._aboard: list[list[tuple[str, Stoppable]]] = []  # those of one inner list end at the same time
        self._is_together = False
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Crew:
        for number in SIGNALS:
            self._handlers[number] = signal.signal(number, _told)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned

    @contextmanager
    def together(self) -> Iterator[None]:
        """What comes aboard inside the block does not need each other, and is ended at the same time."""
        self._aboard.append([])
        self._is_together = True
        try:
            yield
        finally:
            self._is_together = False

    def hold(self, name: str, what: Stoppable) -> None:
        """Takes something aboard that was started elsewhere."""
        if not self._is_together:
            self._aboard.append([])
        self._aboard[-1].append((name, what))

    def start(self, program: Program) -> Leashed:
        """Starts a process and returns when it is ready. Raises CannotStart with the end of its log otherwise."""
        return self.ready(program, self.launch(program))

    def launch(self, program: Program) -> Leashed:
        """Starts a process and does not wait for it; `ready` does."""
        log = self._logs / f"{program.name.replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        process = Leashed(
            program.name,
            program.command,
            log=log,
            environment=program.environment,
            folder=program.folder,
            grace=program.grace,
        )
        self.hold(program.name, process)
        return process

    def ready(self, program: Program, process: Leashed) -> Leashed:
        """Returns the launched process when it is ready. Raises CannotStart with the end of its log otherwise."""
        with step(program.name):
            is_ready = wait_until(lambda: not process.is_running or program.ready(process), program.seconds)
            if is_ready and process.is_running:
                return process
            ended = (
                f"ended with status {process.exit_code}" if not process.is_running else "did not become ready"
            )
            raise CannotStart(f"{program.name} {ended}; its log {process.log} ends:\n{process.tail()}")

    def run(
        self, name: str, command: Sequence[str | Path], *, environment: Mapping[str, str], folder: Path
    ) -> str:
        """Runs a command to its end and returns its output. Raises CannotStart when it fails."""
        log = self._logs / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        with step(name):
            process = Leashed(name, command, log=log, environment=environment, folder=folder)
            self._aboard.append([(name, process)])
            code = process.wait()
            self._aboard.remove([(name, process)])
            process.stop()
        if code != 0:
            raise CannotStart(f"{name} ended with status {code}; its log {log} ends:\n{process.tail()}")
        return log.read_text(errors="replace")

    def check(self) -> None:
        """Raises CannotStart when one of the crew ended although nobody stopped it."""
        for name, what in [each for group in self._aboard for each in group]:
            if isinstance(what, Leashed) and not what.is_running:
                raise CannotStart(f"{name} ended with status {what.exit_code}; its log ends:\n{what.tail()}")

    def watch(self) -> None:
        """Stays until a signal comes or one of the crew ends."""
        while True:
            self.check()
            time.sleep(WATCH_SECONDS)

    def stop(self) -> None:
        """Ends all, the last group first. A second Ctrl-C does not leave anything behind."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            while self._aboard:
                group = self._aboard.pop()
                with ThreadPoolExecutor(len(group) or 1) as hands:
                    for _, what in group:
                        hands.submit(what.stop)
        finally:
            signal.signal(signal.SIGINT, before)


def _told(number: int, _frame: FrameType | None) -> None:
    raise Told(128 + number)
