"""Activity: throughput, budgets, the ERP's door and what waits behind it."""

from __future__ import annotations

from starlette.responses import Response

from sync.insight import activity
from web.screens import Asked


def show(asked: Asked) -> Response:
    """The activity page."""
    with asked.transaction() as session:
        answer = activity.of(session)
    return asked.page("activity", answer)
