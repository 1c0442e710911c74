"""Puts one process together from its settings: database, door, gateways, broker, engine."""

from __future__ import annotations

from dramatiq.brokers.redis import RedisBroker

from kit.config import Settings
from kit.db import connect
from kit.http import Door
from sync import broker as brokers
from sync.actors import Engine
from sync.broker import Nudger
from sync.gateways import Gateways


def build(settings: Settings, *, application: str, pool_size: int) -> tuple[Engine, RedisBroker]:
    """The engine of a process, and the broker it is woken by."""
    database = connect(settings.database_url, pool_size=pool_size, application=application)
    door = Door(allowed_private=settings.erp_private_hosts)
    broker = brokers.make(settings.redis_url)
    return Engine(Gateways(database, settings, door=door), Nudger(broker)), broker
