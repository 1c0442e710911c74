"""Times as the platform writes them: UTC, whole seconds where a person reads them, always aware."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    """`2026-11-20T10:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise(moment: datetime) -> str:
    """With microseconds, for what we sort and compare ourselves."""
    return moment.astimezone(UTC).isoformat()


def parse(text: str) -> datetime:
    """The moment in a text written by `iso` or `precise`."""
    return datetime.fromisoformat(text)


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())


def nanoseconds(moment: datetime) -> str:
    """With nine digits and a Z, as webhook headers carry it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
