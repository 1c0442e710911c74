"""The import target of the Dramatiq CLI (`dramatiq sync.worker`): builds the engine and declares the actors.

It also starts the heartbeat of this process's leases and lets a stop drain what runs.
"""

from __future__ import annotations

import threading
from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from kit import config, log
from sync import process
from sync.actors import declare


class Life(Middleware):
    """Starts the heartbeat with the worker process and tells the engine when it stops."""

    def after_worker_boot(self, _broker: dramatiq.Broker, _worker: Any) -> None:
        """The worker is up: begin to beat."""
        threading.Thread(target=engine.beat_forever, name="heartbeat", daemon=True).start()

    def before_worker_shutdown(self, _broker: dramatiq.Broker, _worker: Any) -> None:
        """No new work: each thread ends after the job it runs."""
        engine.is_stopping.set()


settings = config.settings()
log.install(settings.log_level)
engine, broker = process.build(settings, application="concord-worker", pool_size=settings.worker_threads + 2)
broker.add_middleware(Life())
declare(broker, engine)
dramatiq.set_broker(broker)
