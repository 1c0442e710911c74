"""Waiting on purpose. The only place of the local Shopify that does, so that a simulation can replace it."""

from __future__ import annotations

import time


def pause(milliseconds: float) -> None:
    """Keeps the caller waiting, as a slow remote system does."""
    time.sleep(milliseconds / 1000)
