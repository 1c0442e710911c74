"""The checks of the simulator notice what they are there for: each promise is broken by hand, and they say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit import clock
from sandbox.erp.standin.books import Books, Refused
from sandbox.simulator import checks
from sandbox.simulator.play import Story, come_to_rest
from sandbox.simulator.stage import Stage
from tests.simulator.maker import ALPHA, StageMaker, one_order


@pytest.fixture
def rested(fresh_database_url: str) -> Iterator[Stage]:
    """One order went through; everything is well."""
    maker = StageMaker(fresh_database_url)
    stage = maker.make()
    with clock.using(stage.clock):
        stage.open()
        one_order(stage)
        come_to_rest(stage, Story(0))
        assert checks.complaints(stage) == []
        yield stage
    maker.close()


def again(books: Books) -> dict[str, Any]:
    """A document that the books have, as it would be sent again."""
    return dict(books.written[0])


def test_a_document_that_is_sent_again_is_noticed_whether_the_erp_refuses_or_takes_it(rested: Stage) -> None:
    books = rested.erps[ALPHA].books
    reference = books.written[0]["reference"]
    with pytest.raises(Refused):
        books.call("write_document", again(books))
    told = f"{ALPHA}: {reference} was sent again although the ERP had it"
    assert checks.complaints(rested) == [told]

    books.is_careless = True
    books.call("write_document", again(books))
    found = checks.complaints(rested)
    assert found.count(told) == 2
    assert f"{ALPHA}: one key wrote 2 documents" in found
    assert any("in the shop and" in each for each in found), found
