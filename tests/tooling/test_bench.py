"""The benchmark ends with its figures, whatever a machine does to it."""

from __future__ import annotations

import pytest

from bench.__main__ import measure


def test_what_a_failed_section_could_not_measure_has_its_reason() -> None:
    figures: dict[str, float | None] = {"first": None, "second": None, "third": None}
    reasons = {"third": "Node is not there"}

    def section() -> None:
        figures["first"] = 1.0
        raise RuntimeError("only 3 of 5 orders reached the ERP")

    measure(section, list(figures), figures, reasons)
    assert figures == {"first": 1.0, "second": None, "third": None}
    assert reasons == {
        "second": "RuntimeError: only 3 of 5 orders reached the ERP",
        "third": "Node is not there",
    }


def test_a_bug_of_the_benchmark_is_not_hidden_as_a_reason() -> None:
    def section() -> None:
        raise KeyError("figure")

    with pytest.raises(KeyError):
        measure(section, ["first"], {"first": None}, {})
