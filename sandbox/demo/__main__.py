"""`python -m sandbox.demo [--once]`: builds the town, plays the first day, compares both worlds, and stays.

Exit status 0 means that both agreed to the cent; anything that is missing or busy is one sentence and another status.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from sandbox.bootstrap.steps import step
from sandbox.demo import agree, connect, day, place, town
from sandbox.demo.place import Place
from sandbox.demo.town import Town
from sandbox.processes import Crew
from sandbox.shopify.seed_data import SHOPS

INTERRUPTED = 130


def main() -> int:
    """The whole demo; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description="Concord on this machine.")
    parser.add_argument("--once", action="store_true", help="end after the comparison")
    given = parser.parse_args()
    here = place.find(os.environ)
    try:
        with place.alone(here), Crew(here.logs) as crew:
            return _run(crew, here, once=given.once)
    except KeyboardInterrupt:
        print("\nThe demo ends; its state stays in", here.folder)
        return INTERRUPTED if given.once else 0


def _run(crew: Crew, here: Place, *, once: bool) -> int:
    began = time.monotonic()
    print(f"Building two shops, an ERP and Concord (logs in {here.logs}):", flush=True)
    built = town.build(crew, here)
    try:
        connect.all_shops(built)
        with step("the first day of trade"):
            placed, fresh = day.play(built.control)
        with step(f"waiting until {len(placed)} orders agree ({fresh} of them new)") as note:
            verdict = agree.wait(built, placed, note=note)
        print(f"\n{agree.table(verdict)}\n")
        good = sum(row.agrees for row in verdict.rows)
        print(
            f"{good} of {len(verdict.rows)} orders agree to the cent,"
            f" {time.monotonic() - began:.0f} s after the start."
        )
        crew.check()
        if once:
            return 0 if verdict.agrees else 1
        _say_where(built)
        crew.watch()
    finally:
        built.control.close()
    return 0


def _say_where(built: Town) -> None:
    here = built.place
    print(f"\nThe admin of the local Shopify: {here.shopify_url}/")
    for shop in SHOPS:
        name = shop.domain.partition(".")[0]
        print(f"  {shop.name}: {here.shopify_url}/store/{name}/apps/{here.client_id}")
    for erp in built.erp.shops.values():
        print(f"  ERP {erp.url}/{erp.database}/ (log in with a Tryton client as {erp.ids['admin']['login']})")
    print(
        "Ctrl-C ends the demo; `make demo` goes on where it stopped, `make clean` forgets everything.",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
