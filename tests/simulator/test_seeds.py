"""Two hundred seeded plays: crashes between any two commits, lost answers, lost and repeated deliveries, clocks that
jump, permission that is gone, an ERP whose people act too. At rest both worlds agree, each fact has one document,
nothing is owed and every trouble has a page."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from sandbox.simulator.run import simulate

SEEDS = 200
SEEDS_PER_TEST = 10
MET = {
    *("a delivery met drop", "a delivery met duplicate", "a delivery met reorder", "a delivery met delay"),
    *("a delivery met throttle", "Shopify down", "Shopify busy", "Shopify slow", "Shopify cut"),
    *("the ERP down", "the ERP busy", "the ERP slow", "the ERP cut", "the ERP cut write", "the ERP refuses"),
    *("process killed", "web down", "web killed after its commit"),
    *(
        "clock jumped forwards",
        "clock jumped back",
        "Shopify forgot tokens",
        "uninstalled",
        "installed again",
    ),
    *("order_push wrote", "stock_pull wrote", "shipment_pull wrote", "refund_pull wrote", "price_pull wrote"),
}


@pytest.fixture
def diary(tmp_path_factory: pytest.TempPathFactory, run_name: str) -> Path:
    """A folder that all workers of this run share."""
    folder = tmp_path_factory.getbasetemp().parent / f"seeds-{run_name}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, SEEDS + 1, SEEDS_PER_TEST))
def test_whatever_goes_wrong_both_worlds_agree_at_rest(
    fresh_database_url: str, diary: Path, first: int
) -> None:
    seen: Counter[str] = Counter()
    for story in simulate(fresh_database_url, first=first, count=SEEDS_PER_TEST):
        assert not story.complaints, story.tell()
        seen += story.seen
    (diary / f"{first}.half").write_text(json.dumps(seen))
    (diary / f"{first}.half").rename(diary / f"{first}.json")
    written = [json.loads(page.read_text()) for page in diary.glob("*.json")]
    if len(written) == SEEDS // SEEDS_PER_TEST:  # whoever is the last to finish knows what all seeds met
        missing = MET - {mishap for page in written for mishap in page}
        assert not missing, f"no seed ever meets {sorted(missing)}"
