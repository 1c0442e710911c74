"""Wakes workers for what was just stored, from a thread of its own: the writer of the inbox waits for nobody.

What is stored while a wake-up is under way shares the next one, so a flood costs a few of them a second.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kit.bulkheads import Bulkhead

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.02
STOP_SECONDS = 5.0


class Waker:
    """Calls `wake` with the newest number soon after `ask`, never at the same time twice. `ask` does not block."""

    def __init__(self, wake: Callable[[int], None]) -> None:
        self._wake = wake
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._newest = 0
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
        self._thread.start()

    def ask(self, number: int) -> None:
        """Something with this number is there."""
        self._newest = number
        self._asked.set()

    def close(self) -> None:
        """Wakes for what was asked last, then ends."""
        self._stopping.set()
        self._asked.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        done, is_last = 0, False
        while not is_last:
            self._asked.wait()
            self._asked.clear()
            is_last = self._stopping.is_set()
            newest = self._newest
            if newest != done:
                with Bulkhead(log, "wake.lost"):
                    self._wake(newest)
                done = newest
            self._stopping.wait(PAUSE_SECONDS)
