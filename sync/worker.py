"""The import target of the Dramatiq CLI (`dramatiq sync.worker --skip-logging`): builds the engine and declares the
actors.

It also starts the heartbeat of this process's leases and lets a stop drain what runs.
"""

from __future__ import annotations

from kit import config, log
from sync import process

settings = config.settings()
log.install(settings.log_level)
engine, broker = process.worker(settings)
