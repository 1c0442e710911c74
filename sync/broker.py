"""The Dramatiq broker on Redis, with an explicit list of middleware, and the one way to wake workers.

Redis carries wake-ups, never work: a nudge that is lost is made up for by the clock, so `nudge` never raises. It is
a blocking call: never from an event loop.
"""

from __future__ import annotations

import logging

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import CurrentMessage, ShutdownNotifications, TimeLimit

from kit import clock

log = logging.getLogger(__name__)

QUEUES = ("deliveries", "jobs", "bulk")
# Dramatiq only gives a killed worker's messages back now and then; this makes it look often. Our leases are the rule.
MAINTENANCE_CHANCE = 30_000
HEARTBEAT_TIMEOUT_MS = 15_000
SOCKET_SECONDS = 2.0
TURN_LIMIT_MS = (
    600_000  # a wake-up takes no new turn after `actors.WAKE_SECONDS`, so this stops one job that is too slow
)
PAUSE_SECONDS = 1.0


def make(redis_url: str) -> RedisBroker:
    """The broker of this process."""
    client = redis.Redis.from_url(
        redis_url, socket_timeout=SOCKET_SECONDS + 5, socket_connect_timeout=SOCKET_SECONDS
    )
    broker: RedisBroker = RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=[TimeLimit(time_limit=TURN_LIMIT_MS), ShutdownNotifications(), CurrentMessage()],
        maintenance_chance=MAINTENANCE_CHANCE,
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
    )
    for queue in QUEUES:
        broker.declare_queue(queue)
    return broker


class Nudger:
    """Wakes workers. While Redis is away it stays silent for a moment instead of making everybody wait for it."""

    def __init__(self, broker: dramatiq.Broker) -> None:
        self._broker = broker
        self._silent_until = 0.0

    def nudge(self, actor: str, queue: str, *, number: int, times: int = 1) -> None:
        """Sends an id to an actor, `times` over so that several workers wake. Never raises."""
        if clock.monotonic() < self._silent_until:
            return
        try:
            for _ in range(times):
                self._broker.enqueue(
                    dramatiq.Message(
                        queue_name=queue, actor_name=actor, args=(number,), kwargs={}, options={}
                    )
                )
        except (redis.exceptions.RedisError, dramatiq.errors.ConnectionError, OSError) as error:
            self._silent_until = clock.monotonic() + PAUSE_SECONDS
            log.warning("nudge.lost", extra={"actor": actor, "error_kind": type(error).__name__})
