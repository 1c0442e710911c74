"""What a soak says of memory."""

from __future__ import annotations

from bench import soak


def test_memory_that_grows_or_is_too_much_is_told() -> None:
    assert soak.memory_complaints((80, 90), (90, 100)) == []
    assert soak.memory_complaints((80, 90), (100, 151)) == [
        "the web process grew from 80 to 100 MB",
        "the worker process takes 151 MB, more than 150",
        "the worker process grew from 90 to 151 MB",
    ]
