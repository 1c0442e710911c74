"""Structured logs: one JSON object a line, with the shop, delivery and job at hand.

Secrets never reach a line: values of `Secret` print masked, and well-known token shapes are masked in any text.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from kit import crashes
from kit.crypto import MASK

_context: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)
_TOKENS = re.compile(
    r"shp(?:at|rt|ss|ca|pa|ua)_[A-Za-z0-9]+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+|(?i:bearer\s+)[\w.~+/=-]{8,}"
)
_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Servers that give their loggers handlers of their own before our code runs.
_FOREIGN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "dramatiq")


@contextmanager
def context(**values: Any) -> Iterator[None]:
    """Adds fields (shop, delivery, job, ...) to every line logged inside."""
    token = _context.set({**(_context.get() or {}), **values})
    try:
        yield
    finally:
        _context.reset(token)


def note(**values: Any) -> None:
    """Adds fields that are known only now to the innermost `context`, for all its lines from here on, also those of
    the threads that it started and of whoever waits for them. Outside of any context it does nothing."""
    fields = _context.get()
    if fields is not None:
        fields.update(values)


def masked(text: str) -> str:
    """The text without anything that looks like a token."""
    return _TOKENS.sub(MASK, text)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **(_context.get() or {}),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _PLAIN})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = crashes.told(record.exc_info[1])
        return masked(json.dumps(line, default=str, ensure_ascii=False))


def install(level: str, *, to: TextIO | None = None) -> None:
    """Sends all logs of this process to one stream, standard error if none is given, as JSON lines."""
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _FOREIGN:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    # These log whole URLs at INFO, and the address of a document holds an ID token; our own doors log what is needed.
    for name in ("httpx2", "httpcore2", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
