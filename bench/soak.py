"""`make soak`: 100,000 signed deliveries for three shops, 5 % twice, 5 % out of order, workers killed now and then.

Reports lost, doubled, delivery-to-ERP times and memory at the start and the end.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import threading

from bench import engine, load, outcome
from bench.bodies import FIRST_ORDER, OrderBodies
from bench.ground import SECRET, Ground, prepared
from bench.sender import Sent, send, shuffled
from sandbox.leashed import Leashed

SHOPS = ("alpha.myshopify.com", "beta.myshopify.com", "gamma.myshopify.com")
CHUNK = 5_000
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

    def kill_until(self, stop: threading.Event) -> None:
        """Again and again."""
        while not stop.wait(KILL_EVERY_SECONDS):
            self.kill_one()

    def memory_mb(self) -> float:
        """The largest of them."""
        return max(engine.memory_mb(each) for each in self.now)


def main() -> int:
    """0 when nothing was lost and nothing happened twice."""
    parser = argparse.ArgumentParser(prog="bench.soak", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--per-second", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with prepared(fsync=False, extra={"CONCORD_LEASE_SECONDS": "15"}) as ground:
        for shop in SHOPS:
            ground.shop(shop)
        web, port = ground.web()
        ground.clock()
        workers = Workers(ground, options.seed)
        before = (engine.memory_mb(web), workers.memory_mb())
        stop, sent = threading.Event(), Sent()
        killing = threading.Thread(target=workers.kill_until, args=(stop,), daemon=True)
        killing.start()
        bodies = OrderBodies(SHOPS[0])
        for first in range(1, options.deliveries + 1, CHUNK):
            last = min(first + CHUNK - 1, options.deliveries)
            numbers = range(first, last + 1)
            batch = load.deliveries(bodies, numbers, shops=SHOPS, secret=SECRET, prefix="soak")
            items = shuffled(batch, seed=options.seed + first)
            asyncio.run(send(port, items, connections=24, per_second=options.per_second, sent=sent))
            print(f"  {last} of {options.deliveries} sent, {workers.kills} workers killed", flush=True)
        stop.set()
        killing.join()
        outcome.settle(ground, orders=options.deliveries, patience_seconds=QUIET_SECONDS)
        after = (engine.memory_mb(web), workers.memory_mb())
        references = [str(FIRST_ORDER + number) for number in range(1, options.deliveries + 1)]
        verdict = outcome.judge(ground, references)
    print("\n".join(verdict.lines()))
    print(f"memory, web           {before[0]:.0f} MB at the start, {after[0]:.0f} MB at the end")
    print(f"memory, worker        {before[1]:.0f} MB at the start, {after[1]:.0f} MB at the end")
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
