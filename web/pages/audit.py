"""The audit log: who did what."""

from __future__ import annotations

from starlette.responses import Response

from sync.insight import acts
from web.screens import Asked


def show(asked: Asked) -> Response:
    """One page of the log."""
    with asked.transaction() as session:
        answer = acts.page(session, actor=asked.word("actor"), number=asked.page_number)
    return asked.page("audit", answer)
