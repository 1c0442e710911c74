"""`make bench`: measures the door, the engine, the queue and the road of stock, prints a table and writes
bench/results/latest.json.

A figure that could not be measured is null, with the reason beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx2
import psycopg
from sqlalchemy.exc import SQLAlchemyError

from bench import claim, engine, ingest, memory, stock
from bench.bodies import OrderBodies
from bench.ground import prepared

RESULTS = Path(__file__).parent / "results" / "latest.json"
BARS = {
    "ingest_to_floor": (0.60, "at least"),
    "ingest_to_node_express_bullmq": (5.0, "at least"),
    "ingest_p99_ms_at_1000": (10.0, "at most"),
    "engine_orders_per_s": (200.0, "at least"),
    "flash_120s_p99_s": (1.0, "at most"),
    "flash_10s_p99_s": (5.0, "at most"),
    "web_rss_mb": (120.0, "at most"),
    "worker_rss_mb": (150.0, "at most"),
    "claim_ms_at_1m_jobs": (5.0, "at most"),
    "bytes_per_order": (None, ""),
    "stock_push_s": (None, ""),
    "stock_values_per_s": (None, ""),
    "stock_throttled_jobs": (0.0, "at most"),
    "stock_orders_p99_s": (2.0, "at most"),
    "stock_urgent_s": (3.0, "at most"),
    "stock_wrong_values": (0.0, "at most"),
}
ENGINE = ("engine_orders_per_s", "flash_120s_p99_s", "flash_10s_p99_s", "bytes_per_order")
MEMORY = ("web_rss_mb", "worker_rss_mb")
STOCK = tuple(name for name in BARS if name.startswith("stock"))
CLAIM_SHOPS = 5
# What a machine or a server can do to a run; a bug of the benchmark itself ends it loudly.
FAILURES = (
    *(OSError, EOFError, RuntimeError, subprocess.SubprocessError),
    *(psycopg.Error, SQLAlchemyError, httpx2.HTTPError),
)


def main(given: Sequence[str] | None = None) -> None:
    """Runs everything, or the sections that are named."""
    figures: dict[str, float | None] = dict.fromkeys(BARS)
    reasons: dict[str, str] = {}
    extra: dict[str, float] = {}
    sections: Mapping[str, tuple[Callable[[], None], Sequence[str]]] = {
        "door": (
            partial(_door, figures, reasons, extra),
            [name for name in BARS if name.startswith("ingest")],
        ),
        "engine": (partial(_engine, figures), ENGINE),
        "memory": (partial(_memory, figures, extra), MEMORY),
        "queue": (partial(_queue, figures, extra), ["claim_ms_at_1m_jobs"]),
        "stock": (partial(_stock, figures, extra), STOCK),
    }
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sections, help="measure these anew and keep the others")
    only = parser.parse_args(given).only
    if only and RESULTS.exists():
        kept = json.loads(RESULTS.read_text())
        figures |= {name: value for name, value in kept["figures"].items() if name in BARS}
        reasons |= kept["reasons"]
        extra |= kept["beside"]
    for name in only or sections:
        section, names = sections[name]
        figures |= dict.fromkeys(names)
        for each in names:
            reasons.pop(each, None)
        measure(section, names, figures, reasons)
        _write(figures, reasons, extra)  # also after each: what was measured survives whatever comes later
    _print(figures, reasons)


def measure(
    section: Callable[[], None],
    names: Sequence[str],
    figures: Mapping[str, float | None],
    reasons: dict[str, str],
) -> None:
    """Runs a section. What it could not measure because something failed gets that as its reason."""
    try:
        section()
    except FAILURES as failure:
        why = f"{type(failure).__name__}: {failure}".strip().splitlines()[0]
        reasons.update({name: why for name in names if figures[name] is None and name not in reasons})


def _door(figures: dict[str, float | None], reasons: dict[str, str], extra: dict[str, float]) -> None:
    with prepared() as ground:
        found, why = ingest.figures(ground)
    figures |= {name: value for name, value in found.items() if name in BARS}
    extra |= {name: value for name, value in found.items() if name not in BARS}
    reasons |= why


def _engine(figures: dict[str, float | None]) -> None:
    # The one shop may have all the threads of two workers: nobody else is there.
    with prepared(extra={"CONCORD_SHOP_JOBS_LIMIT": "16"}) as ground:
        bodies = OrderBodies(engine.SHOP)
        ground.shop(engine.SHOP)
        empty = engine.database_bytes(ground)
        figures["engine_orders_per_s"] = engine.orders_per_second(ground, bodies)
        figures["bytes_per_order"] = (engine.database_bytes(ground) - empty) / engine.ORDERS
        _, port = ground.web()
        figures["flash_10s_p99_s"] = engine.flash(ground, bodies, port=port, seconds=10, first=2_000_000)
        figures["flash_120s_p99_s"] = engine.flash(ground, bodies, port=port, seconds=120, first=3_000_000)


def _memory(figures: dict[str, float | None], extra: dict[str, float]) -> None:
    with prepared() as ground:
        found = memory.figures(ground)
    figures |= {name: value for name, value in found.items() if name in BARS}
    extra |= {name: value for name, value in found.items() if name not in BARS}


def _queue(figures: dict[str, float | None], extra: dict[str, float]) -> None:
    with prepared(fsync=False) as ground:
        shops = [ground.shop(f"shop-{number}.myshopify.com") for number in range(CLAIM_SHOPS)]
        figures["claim_ms_at_1m_jobs"], extra["claim_p99_ms_at_1m_jobs"] = claim.milliseconds(ground, shops)


def _stock(figures: dict[str, float | None], extra: dict[str, float]) -> None:
    found = stock.figures()
    figures |= {name: value for name, value in found.items() if name in BARS}
    extra |= {name: value for name, value in found.items() if name not in BARS}


def _write(figures: dict[str, float | None], reasons: dict[str, str], extra: dict[str, float]) -> None:
    machine = {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {
                "machine": machine,
                "figures": {name: _rounded(value) for name, value in figures.items()},
                "reasons": reasons,
                "beside": {name: _rounded(value) for name, value in extra.items()},
            },
            indent=2,
        )
        + "\n"
    )


def _print(figures: Mapping[str, float | None], reasons: Mapping[str, str]) -> None:
    print(f"{'figure':34}{'measured':>14}   bar")
    for name, (bar, way) in BARS.items():
        value = figures[name]
        shown = reasons.get(name, "not measured") if value is None else f"{value:14.3f}"
        print(f"{name:34}{shown:>14}   {f'{way} {bar}' if bar is not None else '-'}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


if __name__ == "__main__":
    main()
