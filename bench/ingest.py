"""The door: signed deliveries a second with a durable commit, against the floor of the same run; and its latency."""

from __future__ import annotations

import asyncio
import statistics
from itertools import count

from bench import load
from bench.bodies import OrderBodies
from bench.ground import SECRET, Ground

SHOP = "alpha.myshopify.com"
REQUESTS = 3_000
CONNECTIONS = 48
ROUNDS = 3
STEADY_PER_SECOND = 1_000.0
STEADY_SECONDS = 8
_numbers = count(1)


def figures(ground: Ground) -> dict[str, float]:
    """Ratio to the floor (median of interleaved rounds) and p99 in milliseconds at a thousand a second."""
    bodies = OrderBodies(SHOP)
    ground.shop(SHOP)
    _, door = ground.web()
    _, floor = ground.web("floor", app="bench.floor:app")
    ratios, ours, theirs = [], [], []
    asyncio.run(load.run(door, _requests(bodies, 300), connections=CONNECTIONS))  # warm
    asyncio.run(load.run(floor, _requests(bodies, 300), connections=CONNECTIONS))
    for _ in range(ROUNDS):
        at_floor = asyncio.run(load.run(floor, _requests(bodies, REQUESTS), connections=CONNECTIONS))
        at_door = asyncio.run(load.run(door, _requests(bodies, REQUESTS), connections=CONNECTIONS))
        if set(at_door.statuses) != {200}:
            raise RuntimeError(f"the door answered {at_door.statuses}")
        ours.append(at_door.per_second)
        theirs.append(at_floor.per_second)
        ratios.append(at_door.per_second / at_floor.per_second)
    steady = _requests(bodies, int(STEADY_PER_SECOND * STEADY_SECONDS))
    paced = asyncio.run(load.run(door, steady, connections=CONNECTIONS, per_second=STEADY_PER_SECOND))
    return {
        "ingest_per_s": statistics.median(ours),
        "floor_per_s": statistics.median(theirs),
        "ingest_to_floor": statistics.median(ratios),
        "ingest_p99_ms_at_1000": paced.percentile(0.99) * 1000,
        "ingest_p50_ms_at_1000": paced.percentile(0.5) * 1000,
        "steady_reached_per_s": paced.per_second,
    }


def _requests(bodies: OrderBodies, number: int) -> list[bytes]:
    return [
        load.signed_request(
            bodies.make(n), path="/webhooks", secret=SECRET, shop=SHOP, webhook_id=f"bench-{n}"
        )
        for n in (next(_numbers) for _ in range(number))
    ]
