"""Remembers an answer for a moment, so that a busy process does not ask the database the same thing for every job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from kit import clock

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Moment(Generic[Key, Value]):
    """Answers by key, each kept for so many seconds. What was remembered may be that old, never older."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The remembered answer, or a new one. An error is never remembered."""
        now = clock.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and 0 <= now - kept[0] < self._seconds:
            return kept[1]
        value = make()
        with self._lock:
            self._kept[key] = (now, value)
        return value

    def forget(self, key: Key) -> None:
        """The next question is asked anew."""
        with self._lock:
            self._kept.pop(key, None)
