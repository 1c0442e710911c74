"""Issues: what is wrong, grouped by cause."""

from __future__ import annotations

from starlette.responses import Response

from sync.insight import issues
from web.screens import Asked

STATES = ("open", "ignored", "resolved")


def show(asked: Asked) -> Response:
    """The list of one state."""
    with asked.transaction() as session:
        answer = issues.listed(session, state=asked.word("state", one_of=STATES))
    return asked.page("issues", answer)
