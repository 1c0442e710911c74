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
from collections.abc import Callable

import redis

from bench import load, outcome
from bench.bodies import FIRST_ORDER, OrderBodies
from bench.ground import SECRET, Ground, prepared
from bench.sender import Sent, send, shuffled
from sandbox.leashed import Leashed
from sync.schedule import TICK_SECONDS

SHOPS = ("alpha.myshopify.com", "beta.myshopify.com")
LEASE_SECONDS = "8"
QUIET_SECONDS = 180.0


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

    def strike(self) -> str:
        """Kills something and starts it again; says what."""
        what = self.random.choice(["web", "worker", "worker", "clock", "postgres", "redis", "flush"])
        match what:
            case "postgres":
                self.ground.postgres.kill()
                self.ground.postgres.restart()
            case "redis":
                self.ground.redis.kill()
                self.ground.redis.restart()
            case "flush":
                redis.Redis.from_url(self.ground.redis.url).flushall()
            case _:
                process, again = self.crew[what]
                process.kill()
                self.crew[what] = (again(), again)
        return what

    def strike_until(self, stop: threading.Event, pause_seconds: float) -> None:
        """Strikes again and again."""
        while not stop.wait(pause_seconds):
            print(f"  struck: {self.strike()}", flush=True)


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
        batch = load.deliveries(OrderBodies(SHOPS[0]), numbers, shops=SHOPS, secret=SECRET, prefix="chaos")
        items = shuffled(batch, seed=options.seed)
        town = Town(ground, options.seed)
        stop, sent = threading.Event(), Sent()
        striking = threading.Thread(target=town.strike_until, args=(stop, 4.0), daemon=True)
        striking.start()
        started = time.monotonic()
        asyncio.run(send(town.port, items, connections=16, per_second=options.per_second, sent=sent))
        stop.set()
        striking.join()
        print(f"sent within {time.monotonic() - started:.0f} s; answers {dict(sorted(sent.answers.items()))}")
        outcome.settle(ground, orders=count, patience_seconds=QUIET_SECONDS)
        time.sleep(4 * TICK_SECONDS)
        verdict = outcome.judge(ground, [str(FIRST_ORDER + number) for number in range(1, count + 1)])
    print("\n".join(verdict.lines()))
    return 0 if verdict.is_good and len(sent.acknowledged) == count else 1


if __name__ == "__main__":
    sys.exit(main())
