"""Where the time of an order goes: `python -m bench.profile` runs one worker thread over stored orders and prints the
processor time of each part, by package; `--calls` adds the functions that take the most."""

from __future__ import annotations

import argparse
import cProfile
import logging
import pstats
import time
from collections import defaultdict
from collections.abc import Callable

from bench import engine
from bench.bodies import OrderBodies
from bench.ground import Ground, prepared
from kit import config
from sandbox.erp.standin.connector import KIND
from sync import process
from sync.actors import Engine

ORDERS = 600
WARM = 50
CALLS_SHOWN = 40
PARTS = ("sqlalchemy", "psycopg", "httpx2", "httpcore2", "dramatiq", "redis", "sync", "kit", "oauth", "json")


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile")
    parser.add_argument("--calls", action="store_true", help="also the functions that take the most")
    wanted = parser.parse_args()
    with prepared() as ground:
        made = _engine(ground)
        bodies = OrderBodies(engine.SHOP)
        engine.store(ground, bodies, first=engine.BASE, number=ORDERS)
        intake = _cpu_ms(lambda: _until_none(made.process_deliveries)) / ORDERS
        made.run_jobs(WARM)
        half = (ORDERS - WARM) // 2
        order = _cpu_ms(lambda: made.run_jobs(half)) / half
        profile = cProfile.Profile(time.process_time)
        profile.runcall(made.run_jobs, half)
    print(
        f"a delivery becomes a job in {intake:.2f} ms, an order reaches the ERP in {order:.2f} ms of a worker"
    )
    stats = pstats.Stats(profile)
    _print_parts(stats)
    if wanted.calls:
        stats.sort_stats("tottime").print_stats(CALLS_SHOWN)


def _engine(ground: Ground) -> Engine:
    ground.shop(engine.SHOP)
    settings = config.read(ground.environment)
    made, _ = process.build(settings, application="profile", pool_size=4, kinds={"standin": KIND})
    logging.disable(logging.CRITICAL)
    return made


def _until_none(work: Callable[[], int]) -> None:
    while work():
        pass


def _cpu_ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def _print_parts(stats: pstats.Stats) -> None:
    spent: dict[str, float] = defaultdict(float)
    for (file, _, _), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        spent[_part(file)] += own
    total = sum(spent.values())
    for name, seconds in sorted(spent.items(), key=lambda each: -each[1]):
        print(f"  {name:12} {seconds / total:6.1%}")


def _part(file: str) -> str:
    folders = file.replace("\\", "/").split("/")
    return next((part for part in PARTS if part in folders), "the rest")


if __name__ == "__main__":
    main()
