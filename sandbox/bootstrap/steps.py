"""Progress for a person who waits: one line per long step, with the seconds that it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

WIDTH = 52
SIGN_OF_LIFE_SECONDS = 15.0


@contextmanager
def step(title: str) -> Iterator[None]:
    """Prints the title, now and then a dot while the block runs, and at the end how long it took."""
    began = time.monotonic()
    print(f"  {title} ".ljust(WIDTH, "."), end="", flush=True)
    over = threading.Event()
    watcher = threading.Thread(target=_signs_of_life, args=(over,), daemon=True)
    watcher.start()
    try:
        yield
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


def _signs_of_life(over: threading.Event) -> None:
    while not over.wait(SIGN_OF_LIFE_SECONDS):
        print(".", end="", flush=True)


def _finish(over: threading.Event, watcher: threading.Thread, word: str) -> None:
    over.set()
    watcher.join()
    print(f" {word}", flush=True)
