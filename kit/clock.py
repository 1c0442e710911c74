"""The one source of time. Code asks `clock.now()`; the simulator and tests install another clock.

Times are UTC and aware. Durations are measured with `monotonic`. Nothing else in production reads a clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What can tell the time and wait."""

    def now(self) -> datetime:
        """The present moment, UTC and aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC and aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


class SetClock:
    """A clock that moves only when told: for tests and the simulator."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.at

    def monotonic(self) -> float:
        """Seconds of the moment it was set to."""
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        """Moves on by that much."""
        self.move(seconds)

    def move(self, seconds: float) -> None:
        """Moves on (or back, for a clock jump)."""
        self.at += timedelta(seconds=seconds)


_clock: Clock = SystemClock()


def now() -> datetime:
    """The present moment, UTC and aware."""
    return _clock.now()


def is_set() -> bool:
    """Whether somebody set the time: then it is the same for all, and nothing else tells it."""
    return not isinstance(_clock, SystemClock)


def monotonic() -> float:
    """Seconds that never run backwards; only differences mean anything."""
    return _clock.monotonic()


def sleep(seconds: float) -> None:
    """Waits."""
    _clock.sleep(seconds)


@contextmanager
def using(clock: Clock) -> Iterator[Clock]:
    """Lets the whole process live by another clock for a while."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield clock
    finally:
        _clock = before
