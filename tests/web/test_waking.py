"""The waker: whatever is stored is followed by a wake-up that begins afterwards, and a flood shares a few."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from web.waking import Waker

PATIENCE_SECONDS = 20.0


class Calls:
    """Wake-ups as they come; the first one waits at the gate."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.begun = threading.Event()
        self.gate = threading.Event()

    def wake(self, number: int) -> None:
        self.numbers.append(number)
        self.begun.set()
        assert self.gate.wait(PATIENCE_SECONDS)


@pytest.fixture
def calls() -> Iterator[Calls]:
    made = Calls()
    yield made
    made.gate.set()


def test_what_comes_during_a_wake_up_shares_the_next_one(calls: Calls) -> None:
    waker = Waker(calls.wake)
    waker.ask(1)
    assert calls.begun.wait(PATIENCE_SECONDS)
    for number in range(2, 100):
        waker.ask(number)
    calls.gate.set()
    waker.close()
    assert calls.numbers == [1, 99]


def test_the_last_one_asked_for_is_not_forgotten_at_the_end(calls: Calls) -> None:
    calls.gate.set()
    waker = Waker(calls.wake)
    waker.ask(7)
    waker.close()
    assert calls.numbers == [7]


def test_a_wake_up_that_goes_wrong_does_not_end_the_next_ones() -> None:
    came: list[int] = []
    first, second = threading.Event(), threading.Event()

    def wake(number: int) -> None:
        came.append(number)
        if number == 1:
            first.set()
            raise RuntimeError("once")
        second.set()

    waker = Waker(wake)
    waker.ask(1)
    assert first.wait(PATIENCE_SECONDS)
    waker.ask(2)
    assert second.wait(PATIENCE_SECONDS)
    waker.close()
    assert came == [1, 2]
