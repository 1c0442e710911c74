"""Progress for a person who waits: one line per long step, with the seconds that it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

WIDTH = 52
SIGN_OF_LIFE_SECONDS = 10.0


class Note:
    """What a waiting person sees now and then: dots, or how far the step is."""

    def __init__(self) -> None:
        self.text = "."


@contextmanager
def step(title: str) -> Iterator[Note]:
    """Prints the title, a sign of life while the block runs, and at the end how long it took.

    All of it goes to stderr: stdout belongs to what a command makes.
    """
    began, note = time.monotonic(), Note()
    print(f"  {title} ".ljust(WIDTH, "."), end="", file=sys.stderr, flush=True)
    over = threading.Event()
    watcher = threading.Thread(target=_signs_of_life, args=(over, note), daemon=True)
    watcher.start()
    try:
        yield note
    except BaseException:
        _finish(over, watcher, "failed")
        raise
    _finish(over, watcher, f"{time.monotonic() - began:.1f} s")


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Gives a function that ends the step before and begins the next; for work that names its own steps."""
    lock = threading.Lock()
    with ExitStack() as running:

        def begin(title: str) -> None:
            with lock:
                running.close()
                running.enter_context(step(title))

        yield begin


def _signs_of_life(over: threading.Event, note: Note) -> None:
    while not over.wait(SIGN_OF_LIFE_SECONDS):
        print(note.text, end="", file=sys.stderr, flush=True)


def _finish(over: threading.Event, watcher: threading.Thread, word: str) -> None:
    over.set()
    watcher.join()
    print(f" {word}", file=sys.stderr, flush=True)
