"""Bulkheads: what goes wrong in one part does not sink the parts beside it.

Each part gets its turn though another one failed. A failure is logged with its trace when it happens; who holds the
bulkheads decides what comes of it. Whatever tells the process to end passes through.
"""

from __future__ import annotations

from logging import Logger
from types import TracebackType


class Bulkhead:
    """One part: a failure inside ends the block early and is kept, not raised. `letting` names what passes through."""

    def __init__(self, log: Logger, event: str, *, letting: tuple[type[Exception], ...] = ()) -> None:
        self._log = log
        self._event = event
        self._letting = letting
        self.failure: Exception | None = None

    def __enter__(self) -> Bulkhead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, self._letting):
            return False
        self.failure = error
        self._log.error(self._event, exc_info=error, extra={"error_kind": type(error).__name__})
        return True
