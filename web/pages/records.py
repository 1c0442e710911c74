"""Records: everything that Concord keeps in accord, by where it stands."""

from __future__ import annotations

from starlette.responses import Response

from sync.insight import records
from sync.insight.records import Tab
from web.screens import Asked


def show(asked: Asked) -> Response:
    """One page of one list."""
    with asked.transaction() as session:
        answer = records.page(
            session,
            tab=Tab(asked.word("tab", one_of=tuple(Tab))),
            search=asked.word("search"),
            number=asked.page_number,
        )
    return asked.page("records", answer)
