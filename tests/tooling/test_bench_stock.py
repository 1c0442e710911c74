"""The benchmark of stock runs through, and sees what it is there to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import stock


def test_jobs_that_met_a_used_up_budget_are_counted_from_the_log(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    lines = [
        json.dumps({"message": "job.fault", "fault_code": "shopify_budget"}),
        json.dumps({"message": "job.fault", "fault_code": "stock_moving"}),
        json.dumps({"message": "job.lease_lost"}),
        "[2026-11-28] Dramatiq is booting up.",
    ]
    log.write_text("\n".join(lines))
    assert stock.throttled_jobs(log) == 1


@pytest.mark.slow
def test_the_smallest_push_ends_with_every_value_right_and_no_job_put_back() -> None:
    found = stock.figures(variants=30, locations=2)
    assert found["stock_wrong_values"] == found["stock_throttled_jobs"] == 0
    assert found["stock_urgent_changes"] >= 1
    assert found["stock_urgent_s"] > 0
    assert found["stock_orders_p99_s"] > 0
    assert 0 < found["stock_told_s"] < found["stock_push_s"]
