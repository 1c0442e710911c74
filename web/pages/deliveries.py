"""Deliveries: what Shopify sent, and what became of it."""

from __future__ import annotations

from starlette.responses import Response

from sync.insight import deliveries
from sync.state.models import DeliveryState
from web.screens import Asked


def show(asked: Asked) -> Response:
    """One page of deliveries."""
    with asked.transaction() as session:
        answer = deliveries.page(
            session,
            state=asked.word("state", one_of=("", *DeliveryState)),
            topic=asked.word("topic"),
            number=asked.page_number,
        )
    return asked.page("deliveries", answer)
