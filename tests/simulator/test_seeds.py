"""Two hundred seeded plays: crashes between any two commits, lost answers, lost and repeated deliveries. At rest both
worlds agree, each fact has one document, nothing is owed and every trouble has a page."""

from __future__ import annotations

import pytest

from sandbox.simulator.run import simulate

SEEDS = 200
SEEDS_PER_TEST = 10


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, SEEDS + 1, SEEDS_PER_TEST))
def test_whatever_goes_wrong_both_worlds_agree_at_rest(fresh_database_url: str, first: int) -> None:
    for story in simulate(fresh_database_url, first=first, count=SEEDS_PER_TEST):
        assert not story.complaints, story.tell()


def test_one_play_is_part_of_the_fast_checks(fresh_database_url: str) -> None:
    (story,) = simulate(fresh_database_url, first=7, count=1)
    assert not story.complaints, story.tell()
