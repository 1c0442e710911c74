"""The settings file of gunicorn: its processes end at once when their work is done.

Taking an interpreter with all of Tryton in it apart takes seconds of processor time for nothing: requests are answered
by then, and PostgreSQL closes what a process leaves open. It runs in Tryton's environment, not in Concord's.
"""

from __future__ import annotations

import os


def worker_exit(_server: object, _worker: object) -> None:
    """A worker has answered its last request."""
    os._exit(0)


def on_exit(_server: object) -> None:
    """All workers are gone."""
    os._exit(0)
