"""`make chaos`: kills and restarts real web, workers, clock, PostgreSQL and Redis under load, for a bounded time, and
shows that nothing was lost and nothing happened twice. Exit status 0 means so.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx2
import redis

from bench import load, outcome
from bench.bodies import FIRST_ORDER, OrderBodies
from bench.ground import SECRET, Ground, prepared
from bench.sender import Sent, send, shuffled
from sandbox.leashed import Leashed

SHOPS = ("alpha.myshopify.com", "beta.myshopify.com")
LEASE_SECONDS = "8"
QUIET_SECONDS = 180.0
PAUSE_SECONDS = 4.0
ERP_AWAY_SECONDS = 8.0
STRIKES = ("web", "worker", "clock", "postgres", "redis", "flush", "erp")


class Town:
    """The processes that can be killed, and how each comes back."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self.ground = ground
        self.random = random.Random(seed)
        self.web, self.port = ground.web()
        self.crew: dict[str, tuple[Leashed, Callable[[], Leashed]]] = {
            "web": (self.web, lambda: ground.web(port=self.port)[0]),
            "worker": (ground.workers(processes=1), lambda: ground.workers(processes=1)),
            "clock": (ground.clock(), ground.clock),
        }

    def strike(self, what: str) -> None:
        """Kills something and starts it again."""
        match what:
            case "postgres":
                self.ground.postgres.kill()
                self.ground.postgres.restart()
            case "redis":
                self.ground.redis.kill()
                self.ground.redis.restart()
            case "flush":
                redis.Redis.from_url(self.ground.redis.url).flushall()
            case "erp":
                httpx2.post(f"{self.ground.erp_url}/away", params={"seconds": ERP_AWAY_SECONDS}, timeout=60)
            case _:
                process, again = self.crew[what]
                process.kill()
                self.crew[what] = (again(), again)

    def strike_all(self, stop: threading.Event, pause_seconds: float, done: Counter[str]) -> None:
        """Strikes everything once, in an order of chance, and again until it is told to stop."""
        while not (stop.is_set() and done.keys() == set(STRIKES)):
            for what in self.random.sample(STRIKES, len(STRIKES)):
                if stop.wait(pause_seconds) and what in done:
                    continue
                self.strike(what)
                done[what] += 1
                print(f"  struck: {what}", flush=True)


def main() -> int:
    """0 when nothing was lost and nothing happened twice."""
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--per-second", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with prepared(extra={"CONCORD_LEASE_SECONDS": LEASE_SECONDS}) as ground:
        for shop in SHOPS:
            ground.shop(shop)
        count = int(options.seconds * options.per_second)
        numbers = range(1, count + 1)
        bodies = OrderBodies(SHOPS[0])
        batch = load.deliveries(bodies, numbers, shops=SHOPS, secret=SECRET, prefix="chaos")
        items = shuffled(batch, seed=options.seed)
        town = Town(ground, options.seed)
        stop, sent, done = threading.Event(), Sent(), Counter[str]()
        striking = threading.Thread(target=town.strike_all, args=(stop, PAUSE_SECONDS, done), daemon=True)
        striking.start()
        started = time.monotonic()
        asyncio.run(send(town.port, items, connections=16, per_second=options.per_second, sent=sent))
        stop.set()
        striking.join()
        print(f"sent within {time.monotonic() - started:.0f} s; answers {dict(sorted(sent.answers.items()))}")
        outcome.settle(ground, orders=count, patience_seconds=QUIET_SECONDS)
        verdict = outcome.judge(ground, {str(FIRST_ORDER + number): bodies.total for number in numbers})
    print(f"struck                {dict(sorted(done.items()))}")
    print("\n".join(verdict.lines()))
    return 0 if verdict.is_good and len(sent.acknowledged) == count else 1


if __name__ == "__main__":
    sys.exit(main())
