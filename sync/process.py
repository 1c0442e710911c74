"""Puts one process together from its settings: database, door, gateways, broker, engine."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware

from kit import garbage
from kit.config import Settings
from kit.db import connect
from kit.http import Door
from sync import broker as brokers
from sync.actors import Engine, declare
from sync.broker import Nudger
from sync.connectors.registry import KINDS, Kind
from sync.gateways import Gateways


def build(
    settings: Settings, *, application: str, pool_size: int, kinds: Mapping[str, Kind] = KINDS
) -> tuple[Engine, RedisBroker]:
    """The engine of a process, and the broker it is woken by."""
    database = connect(settings.database_url, pool_size=pool_size, application=application)
    door = Door(allowed_private=settings.erp_private_hosts)
    broker = brokers.make(settings.redis_url)
    return Engine(Gateways(database, settings, door=door, kinds=kinds), Nudger(broker)), broker


class _Life(Middleware):
    """Starts the heartbeat with the worker process and tells the engine when it stops."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def after_worker_boot(self, _broker: dramatiq.Broker, _worker: Any) -> None:
        """The worker is up: begin to beat."""
        garbage.keep_what_is_there()
        threading.Thread(target=self._engine.beat_forever, name="heartbeat", daemon=True).start()

    def before_worker_shutdown(self, _broker: dramatiq.Broker, _worker: Any) -> None:
        """No new work: each thread ends after the job it runs, or hands it over when the time to drain is up."""
        self._engine.is_stopping.set()
        drain = threading.Timer(self._engine.gateways.settings.drain_seconds, self._engine.hand_over)
        drain.daemon = True
        drain.start()


def worker(settings: Settings, *, kinds: Mapping[str, Kind] = KINDS) -> tuple[Engine, RedisBroker]:
    """The engine of a worker process, with its actors declared on the process's broker."""
    engine, broker = build(
        settings, application="concord-worker", pool_size=settings.worker_threads + 2, kinds=kinds
    )
    broker.add_middleware(_Life(engine))
    declare(broker, engine)
    dramatiq.set_broker(broker)
    return engine, broker
