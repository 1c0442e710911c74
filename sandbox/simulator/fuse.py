"""Kills the simulated process at a chosen moment: before or after a commit, before or after a call.

A killed process does nothing more: every later commit or call of it fails the same way, until it is started again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from kit import clock
from kit.db import Database

SLOW_SECONDS = 25.0  # almost as long as anybody waits
CUT_WRITE = "cut write"  # waits for a write of an ERP, and loses its answer


class Killed(BaseException):
    """The process is gone. Not an `Exception`, so that no handler of the product can survive it."""


class Fuse:
    """Counts the moments at which a process can die. `burns_at` is the number of moments it still has."""

    def __init__(self) -> None:
        self.burns_at: int | None = None
        self.is_dead = False
        self.moments = 0
        self.last_moment = ""
        self.seen: Counter[str] = Counter()  # what really went wrong, by its name

    def arm(self, moments: int) -> None:
        """Lets the process die at the n-th moment from now."""
        self.burns_at = moments

    def renew(self) -> None:
        """Starts the process again, unharmed."""
        self.burns_at, self.is_dead = None, False

    def pass_by(self, moment: str) -> None:
        """A moment at which the process can die. Raises Killed."""
        self.refuse_the_dead()
        self.moments += 1
        if self.burns_at is None:
            return
        self.burns_at -= 1
        if self.burns_at <= 0:
            self.is_dead, self.last_moment = True, moment
            self.seen["process killed"] += 1
            raise Killed(moment)

    def refuse_the_dead(self) -> None:
        """A dead process does nothing more. Raises Killed."""
        if self.is_dead:
            raise Killed(self.last_moment)


class FusedDatabase(Database):
    """A database whose commits are moments to die at."""

    def __init__(self, bind: Engine | Connection, fuse: Fuse) -> None:
        super().__init__(bind)
        self._fuse = fuse

    @contextmanager
    def transaction(self, *, shop_id: int | None = None) -> Iterator[Session]:
        """Like any transaction, with a moment to die before and one after its commit."""
        self._fuse.refuse_the_dead()
        with super().transaction(shop_id=shop_id) as session:
            yield session
            wrote = bool(session.info.pop("wrote", False)) or session.in_transaction()
            if wrote:
                self._fuse.pass_by("before a commit")
        self._fuse.pass_by("after a commit")


class FusedTransport(httpx2.BaseTransport):
    """A way to a remote system whose calls are moments to die at, and that can be made to fail."""

    def __init__(self, inner: httpx2.BaseTransport, fuse: Fuse, name: str) -> None:
        self._inner = inner
        self._fuse = fuse
        self.name = name
        self.plan: list[str] = []  # what happens to the next calls: ok · down · busy · slow · cut · cut write

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends the request, unless something was planned for it."""
        self._fuse.pass_by(f"before a call to {self.name}")
        fate = self._fate(request)
        if fate == "down":
            raise httpx2.ConnectError("connection refused", request=request)
        if fate == "busy":
            return httpx2.Response(503, json={"error": "busy"}, request=request)
        response = self._inner.handle_request(request)
        response.read()
        if fate == "slow":
            clock.sleep(SLOW_SECONDS)
        self._fuse.pass_by(f"after a call to {self.name}")
        if fate in ("cut", CUT_WRITE):
            raise httpx2.ReadTimeout("the answer was lost", request=request)
        return response

    def _fate(self, request: httpx2.Request) -> str:
        if not self.plan or (self.plan[0] == CUT_WRITE and "/write_" not in request.url.path):
            return "ok"
        fate = self.plan.pop(0)
        if fate != "ok":
            self._fuse.seen[f"{self.name} {fate}"] += 1
        return fate
