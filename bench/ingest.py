"""The door: signed deliveries a second with a durable commit, in turns with the floor and with a Node server."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from itertools import count

from bench import load, node
from bench.bodies import OrderBodies
from bench.ground import SECRET, Ground

SHOP = "alpha.myshopify.com"
REQUESTS = 3_000
CONNECTIONS = 48
ROUNDS = 5
REQUESTS_OF_NODE = 1_000  # it is several times slower
WARM = 300
NODE = "node_express_bullmq"
STEADY_PER_SECOND = 1_000.0
STEADY_SECONDS = 8
_numbers = count(1)


def figures(ground: Ground) -> tuple[dict[str, float], dict[str, str]]:
    """Deliveries a second at the door, at the floor and at a Node server, in turns; medians, and the ratios of each
    turn's neighbours. Beside them the latency at a thousand a second, and why a figure could not be measured."""
    bodies = OrderBodies(SHOP)
    ground.shop(SHOP)
    with node.running(ground) as other:
        speeds = _in_turns(bodies, _doors(ground, other))
    found = {f"{name}_per_s": statistics.median(each) for name, each in speeds.items()}
    found |= {f"ingest_to_{name}": _ratio(speeds["ingest"], each) for name, each in speeds.items()}
    del found["ingest_to_ingest"]
    _, door = ground.web("steady")
    asyncio.run(load.run(door, _requests(bodies, WARM), connections=CONNECTIONS))
    steady = _requests(bodies, int(STEADY_PER_SECOND * STEADY_SECONDS))
    paced = asyncio.run(load.run(door, steady, connections=CONNECTIONS, per_second=STEADY_PER_SECOND))
    found |= {
        "ingest_p99_ms_at_1000": paced.percentile(0.99) * 1000,
        "ingest_p50_ms_at_1000": paced.percentile(0.5) * 1000,
        "steady_reached_per_s": paced.per_second,
    }
    return found, {f"ingest_to_{NODE}": other} if isinstance(other, str) else {}


def _doors(ground: Ground, other: int | str) -> dict[str, int]:
    doors = {"floor": ground.web("floor", app="bench.floor:app")[1], "ingest": ground.web()[1]}
    return doors if isinstance(other, str) else {**doors, NODE: other}


def _in_turns(bodies: OrderBodies, doors: Mapping[str, int]) -> dict[str, list[float]]:
    """Each door's speeds, round by round, so that what else the machine does meets all of them alike."""
    speeds: dict[str, list[float]] = {name: [] for name in doors}
    for port in doors.values():
        asyncio.run(load.run(port, _requests(bodies, WARM), connections=CONNECTIONS))
    for _ in range(ROUNDS):
        for name, port in doors.items():
            requests = _requests(bodies, REQUESTS_OF_NODE if name == NODE else REQUESTS)
            result = asyncio.run(load.run(port, requests, connections=CONNECTIONS))
            if set(result.statuses) != {200}:
                raise RuntimeError(f"the {name} answered {result.statuses}")
            speeds[name].append(result.per_second)
    return speeds


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def _requests(bodies: OrderBodies, number: int) -> list[bytes]:
    return [
        load.signed_request(
            bodies.make(n), path="/webhooks", secret=SECRET, shop=SHOP, webhook_id=f"bench-{n}"
        )
        for n in (next(_numbers) for _ in range(number))
    ]
