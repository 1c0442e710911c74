"""The road of stock under load: the ERP tells a whole shop's stock through the budget of a Standard shop, while orders
come in and things run out. `python -m bench.stock --variants 200` runs it small.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from bench import installed
from bench.ground import prepared
from bench.push import Push
from sandbox.servers import free_port

SHOP = "alpha.myshopify.com"
VARIANTS, LOCATIONS = 10_000, 5
THROTTLED = {"throttled", "shopify_budget"}  # codes of faults that put a job back


def figures(*, variants: int = VARIANTS, locations: int = LOCATIONS) -> dict[str, float]:
    """All figures of one run."""
    ports = (free_port(), free_port())
    with (
        tempfile.TemporaryDirectory(prefix="concord-shopify-") as folder,
        prepared(extra=installed.settings(ports[0])) as ground,
    ):
        sizes = {"variants": variants, "locations": locations}
        shop = installed.install(ground, Path(folder) / "shopify.db", SHOP, sizes=sizes, ports=ports)
        ground.web(port=ports[1])
        workers = ground.workers(processes=2)
        ground.clock()
        with closing(shop.http):
            return _figures(Push(shop), workers.log)


def _figures(push: Push, log: Path) -> dict[str, float]:
    push.run()
    return {
        "stock_push_s": push.whole_s,
        "stock_values_per_s": len(push.pieces) / push.whole_s,
        "stock_throttled_jobs": float(throttled_jobs(log)),
        "stock_orders_p99_s": push.order_p99_s(),
        "stock_urgent_s": max(push.urgent_s),
        "stock_wrong_values": float(push.wrong()),
        "stock_throttled_answers": float(push.shop.throttled()),
        "stock_told_s": push.told_s,
        "stock_urgent_changes": float(len(push.urgent_s)),
    }


def throttled_jobs(log: Path) -> int:
    """How many jobs were put back because Shopify's budget was used up, by the log of the workers."""
    lines = log.read_text(errors="replace").splitlines()
    faults = [json.loads(line) for line in lines if line.startswith("{") and '"job.fault"' in line]
    return sum(fault.get("fault_code") in THROTTLED for fault in faults)


def main(given: Sequence[str] | None = None) -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="bench.stock", description=__doc__)
    parser.add_argument("--variants", type=int, default=VARIANTS)
    parser.add_argument("--locations", type=int, default=LOCATIONS)
    options = parser.parse_args(given)
    show(figures(variants=options.variants, locations=options.locations))


def show(found: Mapping[str, float]) -> None:
    """One figure a line."""
    for name, value in found.items():
        print(f"{name:34}{value:14.3f}")


if __name__ == "__main__":
    main()
