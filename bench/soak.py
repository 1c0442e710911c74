"""`make soak`: 100,000 signed deliveries for three shops, 5 % twice, 5 % backwards, workers killed now and then.

Reports lost, doubled, delivery-to-ERP times and memory at the start and the end.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import threading
from collections.abc import Sequence

from bench import engine, outcome, stream
from bench.bodies import FIRST_ORDER, OrderBodies
from bench.ground import SECRET, Ground, prepared
from bench.sender import Sent, send
from sandbox.leashed import Leashed

SHOPS = ("alpha.myshopify.com", "beta.myshopify.com", "gamma.myshopify.com")
CHUNK = 2_500  # orders
LIMITS_MB = (120.0, 150.0)  # web, worker
GROWTH = 1.2
KILL_EVERY_SECONDS = 45.0
QUIET_SECONDS = 600.0


class Workers:
    """A worker crew of which one is killed now and then."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self._ground = ground
        self._random = random.Random(seed)
        self.now: list[Leashed] = [ground.workers(processes=1) for _ in range(2)]
        self.kills = 0

    def kill_one(self) -> None:
        """Kills a worker as a power cut would, and starts another."""
        place = self._random.randrange(len(self.now))
        self.now[place].kill()
        self.now[place] = self._ground.workers(processes=1)
        self.kills += 1

    def kill_until(self, stop: threading.Event, every_seconds: float) -> None:
        """Again and again."""
        while not stop.wait(every_seconds):
            self.kill_one()

    def memory_mb(self) -> float:
        """The largest of them."""
        return max(engine.memory_mb(each) for each in self.now)


def main(given: Sequence[str] | None = None) -> int:
    """0 when nothing was lost, nothing happened twice and memory stayed flat."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100_000, help="two for each order")
    parser.add_argument("--per-second", type=float, default=150.0)
    parser.add_argument("--kill-every", type=float, default=KILL_EVERY_SECONDS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(given)
    with prepared(fsync=False, extra={"CONCORD_LEASE_SECONDS": "15"}) as ground:
        for shop in SHOPS:
            ground.shop(shop)
        return _soak(ground, options)


def _soak(ground: Ground, options: argparse.Namespace) -> int:
    orders = options.deliveries // 2
    web, port = ground.web()
    ground.clock()
    workers = Workers(ground, options.seed)
    bodies = OrderBodies(SHOPS[0])
    stop, sent = threading.Event(), Sent()
    killing = threading.Thread(target=workers.kill_until, args=(stop, options.kill_every), daemon=True)
    killing.start()
    wanted: set[str] = set()
    swapped = repeated = 0
    before: tuple[float, float] | None = None
    for first in range(1, orders + 1, CHUNK):
        numbers = range(first, min(first + CHUNK, orders + 1))
        part = stream.make(
            bodies, numbers, shops=SHOPS, secret=SECRET, prefix="soak", seed=options.seed + first
        )
        asyncio.run(send(port, part.items, connections=24, per_second=options.per_second, sent=sent))
        wanted |= {webhook_id for webhook_id, _ in part.items}
        swapped, repeated = swapped + part.swapped, repeated + part.repeated
        # The first part has warmed every process up; from here on memory is to stay as it is.
        before = before or (engine.memory_mb(web), workers.memory_mb())
        print(f"  {numbers[-1]} of {orders} orders told, {workers.kills} workers killed", flush=True)
    stop.set()
    killing.join()
    outcome.settle(ground, orders=orders, patience_seconds=QUIET_SECONDS)
    after = (engine.memory_mb(web), workers.memory_mb())
    verdict = outcome.judge(ground, {str(FIRST_ORDER + n): bodies.total for n in range(1, orders + 1)})
    unanswered = len(wanted - sent.acknowledged)
    print("\n".join(verdict.lines()))
    print(f"deliveries            {len(wanted)}, {repeated} of them twice, {swapped} orders told backwards")
    print(f"never acknowledged    {unanswered}")
    bad_memory = memory_complaints(before or after, after)
    print("\n".join(bad_memory) or "memory is as it should be")
    return 0 if verdict.is_good and not unanswered and not bad_memory else 1


def memory_complaints(before: tuple[float, float], after: tuple[float, float]) -> list[str]:
    """What is wrong with the memory of web and worker, in MB at the start and at the end."""
    found = []
    for name, start, end, limit in zip(("web", "worker"), before, after, LIMITS_MB, strict=True):
        print(f"memory, {name:13} {start:.0f} MB at the start, {end:.0f} MB at the end")
        if end > limit:
            found.append(f"the {name} process takes {end:.0f} MB, more than {limit:.0f}")
        if end > start * GROWTH:
            found.append(f"the {name} process grew from {start:.0f} to {end:.0f} MB")
    return found


if __name__ == "__main__":
    sys.exit(main())
