"""What happens by the clock, and how often: each act only asks for jobs or does one short piece of housekeeping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

Rhythm = tuple[timedelta, Callable[[Any], None]]

RHYTHMS: Sequence[Rhythm] = ()
