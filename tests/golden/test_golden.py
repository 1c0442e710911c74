"""Every order of the corpus becomes what a person approved: proven to 0.00, or held for a named reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.shopify import bodies
from tests.golden import corpus
from tests.golden.rendering import of_node

FOLDERS = corpus.folders()
ENOUGH = 60


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_history_becomes_what_was_approved(folder: Path) -> None:
    assert corpus.approved(folder) == (folder / "expected.txt").read_text()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_history_is_proven_to_the_cent_or_has_a_reason(folder: Path) -> None:
    text, outcomes = corpus.story(folder)
    assert "unproven" not in outcomes
    assert text.count("PROOF proven") == outcomes.count("proven")


def test_the_corpus_is_large_enough() -> None:
    assert len(FOLDERS) >= ENOUGH


def _payments(section: str) -> list[str]:
    return sorted(line for line in section.splitlines() if line.startswith("  paid "))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_both_roads_book_the_same_payments(folder: Path) -> None:
    placed, later, alone = (folder / "expected.txt").read_text().split("\n=== ")[1:]
    if "PROOF" in placed and "PROOF" in alone:
        assert _payments(placed) == []  # a body does not tell them
        assert _payments(later) == _payments(alone)


def _is_unchanged(folder: Path) -> bool:
    later = (folder / "expected.txt").read_text().split("\n=== ")[2]
    return "SKIPPED nothing_new" in later or ("PAYMENTS of" in later and "PROOF" not in later)


UNCHANGED = [folder for folder in FOLDERS if _is_unchanged(folder)]


@pytest.mark.parametrize("folder", UNCHANGED, ids=lambda folder: folder.name)
def test_both_readers_tell_the_same_record_of_an_order_that_did_not_change(folder: Path) -> None:
    body = bodies.order(bodies.parse((folder / "body.json").read_text()))
    node, _ = of_node((folder / "node.json").read_text())
    assert body.updated_at != node.updated_at or body == node
