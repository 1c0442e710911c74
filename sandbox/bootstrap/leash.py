"""Runs one command on a leash: when whoever started us goes away, in whatever manner, the command goes too.

Standard input is the lifeline: a pipe that nobody writes to. Its end means that our starter is gone, and then
the command is asked to stop, and killed with every descendant after a grace. This holds for `kill -9` of the
starter too, which no exit handler sees. Linux and macOS; only the standard library.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import pwd
import selectors
import signal
import sys
import time
from pathlib import Path

LINUX = sys.platform.startswith("linux")
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_CHILD_SUBREAPER, PR_CAP_AMBIENT = 1, 8, 36, 47
PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, CAPABILITY_VERSION_3 = 2, 1, 0x20080522
CANNOT_START = 127


def prctl(option: int, value: int, second: int = 0) -> bool:
    """One call of Linux prctl(2); false where it does not exist or is refused."""
    if not LINUX:
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(option, value, second, 0, 0) == 0)


def keep_file_access() -> bool:
    """Keeps the one capability that lets a server read below a private folder such as /root after `setuid`."""
    bit = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(
        bit, bit, bit, 0, 0, 0
    )  # effective, permitted, inheritable; then the high halves
    if ctypes.CDLL(None, use_errno=True).capset(header, data) != 0:
        return False
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def become(user: str, *, reach: bool) -> None:
    """Gives up root for `user`; with `reach` it may still enter folders closed to others."""
    entry = pwd.getpwnam(user)
    if reach:
        prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if reach and not keep_file_access():
        raise PermissionError(f"cannot let {user} into a private folder; move the checkout outside of it")


def start(command: list[str], *, user: str | None, reach: bool) -> int:
    """Starts the command in its own session and returns its pid; the kernel kills it if the leash is killed."""
    leash = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        if user:
            become(user, reach=reach)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # after setuid, which would clear it
        if os.getppid() != leash:
            os._exit(CANNOT_START)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606 - the very purpose
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error}\n".encode())
    os._exit(CANNOT_START)


def children() -> list[int]:
    """Our direct children, adopted orphans of the command among them (Linux; empty elsewhere)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat") if LINUX else ():
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.append(int(stat.parent.name))
    return found


def reap() -> dict[int, int] | None:
    """Collects whoever has ended (pid to wait status); None when there is nobody left to wait for."""
    ended: dict[int, int] = {}
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return ended
            ended[pid] = status
    except ChildProcessError:
        return ended or None


def sweep(group: int) -> None:
    """Kills what is left of the command: its process group and every descendant that came to us."""
    until = time.monotonic() + 5
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    while reap() is not None and time.monotonic() < until:
        for pid in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


class Watch:
    """Waits for the command's end, the lifeline's end or a signal to us, whichever comes first."""

    def __init__(self, pid: int, *, stop_with: signal.Signals, grace: float) -> None:
        self.pid, self.stop_with, self.grace = pid, stop_with, grace
        self.wake, writer = os.pipe()
        for end in (self.wake, writer):
            os.set_blocking(end, False)
            os.set_inheritable(end, False)
        signal.set_wakeup_fd(writer)
        self.asked_at: float | None = None
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.wake, selectors.EVENT_READ)

    def ask(self) -> None:
        """Asks the command to stop; only the first time counts."""
        if self.asked_at is None:
            self.asked_at = time.monotonic()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, self.stop_with)

    def until_the_end(self) -> int:
        """The command's wait status."""
        self.selector.register(0, selectors.EVENT_READ)
        while True:
            ended = reap() or {}
            if self.pid in ended:
                return ended[self.pid]
            left = None if self.asked_at is None else self.asked_at + self.grace - time.monotonic()
            if left is not None and left <= 0:
                os.killpg(self.pid, signal.SIGKILL)
                left = 1.0
            for key, _ in self.selector.select(left):
                self._read(int(key.fd))

    def _read(self, number: int) -> None:
        data = os.read(number, 512)
        if number == 0 and not data:
            self.selector.unregister(0)
            self.ask()
        elif number == self.wake and {signal.SIGTERM, signal.SIGINT, signal.SIGHUP} & set(data):
            self.ask()


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a command that ends when standard input ends.")
    parser.add_argument("--as", dest="user", default=None, help="account to run as (only for root)")
    parser.add_argument("--reach", action="store_true", help="let that account into private folders")
    parser.add_argument("--stop-with", default="TERM", help="signal that asks the command to stop")
    parser.add_argument("--grace", type=float, default=8.0, help="seconds until it is killed")
    parser.add_argument("--pid-file", default=None, help="where the command's pid is written")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    pid = start(given.command, user=given.user, reach=given.reach)
    watch = Watch(pid, stop_with=signal.Signals[f"SIG{given.stop_with}"], grace=given.grace)
    if given.pid_file:
        Path(given.pid_file).write_text(str(pid))
    status = watch.until_the_end()
    sweep(pid)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
