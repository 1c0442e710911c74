"""Memory of web and worker after a hundred thousand deliveries: how much they hold, and whether it grows."""

from __future__ import annotations

import asyncio

from bench import engine, load
from bench.bodies import OrderBodies
from bench.ground import SECRET, Ground
from sandbox.leashed import Leashed

SHOP = "alpha.myshopify.com"
DELIVERIES = 100_000
PARTS = 20
ORDERS = 1_000  # of each part; the rest of its deliveries tell of changes to them
PER_SECOND = 400.0
FIRST = 5_000_000


def figures(ground: Ground) -> dict[str, float]:
    """MB of one web and of one worker process, after the first part and after all."""
    ground.shop(SHOP)
    bodies = OrderBodies(SHOP)
    web, port = ground.web()
    workers = ground.workers(processes=1)
    ground.clock()
    found: dict[str, float] = {}
    for part in range(PARTS):
        asyncio.run(load.run(port, _part(bodies, part), connections=24, per_second=PER_SECOND))
        engine.wait_for_links(ground, (part + 1) * ORDERS)
        if part == 0:
            found |= _memory(web, workers, "_after_5k")
    return found | _memory(web, workers, "")


def _part(bodies: OrderBodies, part: int) -> list[bytes]:
    each = DELIVERIES // PARTS
    requests = []
    for n in range(each):
        number, revision = FIRST + part * ORDERS + n % ORDERS, n // ORDERS
        topic = "orders/updated" if revision else "orders/create"
        body = bodies.make(number, revision=revision)
        webhook_id = f"memory-{number}-{revision}"
        requests.append(
            load.signed_request(
                body,
                path="/webhooks",
                secret=SECRET,
                shop=SHOP,
                webhook_id=webhook_id,
                topic=topic,
                revision=revision,
            )
        )
    return requests


def _memory(web: Leashed, workers: Leashed, suffix: str) -> dict[str, float]:
    return {
        f"web_rss_mb{suffix}": engine.memory_mb(web),
        f"worker_rss_mb{suffix}": engine.memory_mb(workers),
    }
