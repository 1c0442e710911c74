"""Reading everything of a kind at Shopify by a bulk operation: asked for once, waited for without a worker, read on.

A page of 250 costs points that orders need; a bulk operation costs ten, whatever it finds. Its id is kept with the
shop, so a killed process goes on with the same operation, and there is never a second one for the same purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from kit import clock
from kit.faults import Rejected, Transient
from sync.flows.road import Work
from sync.shopify import bulk, documents
from sync.shopify.bulk import Status
from sync.shopify.client import Client
from sync.state import cursors
from sync.state.models import Lane

# As pages of 250, more than this would take a Standard shop's points of half a minute or longer.
ABOVE = 2_000
POLL_SECONDS = 15.0
CLOCKS_DIFFER = timedelta(minutes=1)


class BulkRunning(Transient):
    """Shopify is still gathering. The job waits without holding a worker. It is no attempt."""

    counts = False

    def __init__(self) -> None:
        super().__init__(
            "bulk_running", "Shopify is gathering what was asked for.", after_seconds=POLL_SECONDS
        )


def is_begun(work: Work, query: str) -> bool:
    """Whether an operation for this document was asked for and not read to its end."""
    return bool(_place(work, query))


def lines(work: Work, query: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What the named document finds, line by line, each with the place to go on from. Starts the operation when there
    is none and raises BulkRunning until it has ended. Call `finished` when all was read."""
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    place = _place(work, query)
    if "gid" not in place:
        _start(work, client, query, place)
        raise BulkRunning
    operation = bulk.look(client, place["gid"], lane=Lane.BACKFILL)
    if operation is not None and operation.status is Status.RUNNING:
        raise BulkRunning
    if operation is None or operation.status is Status.FAILED:
        finished(work, query)
        raise Transient(
            "bulk_failed",
            "Shopify gave up gathering what was asked for. It is asked again.",
            detail="unknown to Shopify" if operation is None else operation.error_code,
            after_seconds=POLL_SECONDS,
        )
    return iter(()) if operation.url is None else _read(work, query, operation.url, place.get("offset", 0))


def keep(work: Work, query: str, offset: int) -> None:
    """Everything before this place is done with; a killed process goes on from there."""
    _keep(work, query, {**_place(work, query), "offset": offset})


def finished(work: Work, query: str) -> None:
    """The result is not needed any more. It is forgotten in the commit that settles the job."""
    work.later(lambda session: cursors.forget(session, _name(query)))


def _start(work: Work, client: Client, query: str, place: Mapping[str, Any]) -> None:
    """Starts the operation, or finds the one whose answer was lost."""
    text = documents.document(query).text
    if "asked_at" in place:
        since = datetime.fromisoformat(place["asked_at"]) - CLOCKS_DIFFER
        for each in bulk.recent(client, lane=Lane.BACKFILL):
            if each.query == text and each.created_at >= since and each.status is not Status.FAILED:
                _keep(work, query, {"gid": each.gid})
                return
    _keep(work, query, {"asked_at": clock.now().isoformat()})
    _keep(work, query, {"gid": bulk.start_query(client, text, lane=Lane.BACKFILL)})


def _read(work: Work, query: str, url: str, offset: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        yield from bulk.result(work.gateways.door, url, offset=offset)
    except Rejected as gone:
        finished(work, query)
        raise Transient("bulk_failed", gone.sentence, detail=gone.code) from gone


def _place(work: Work, query: str) -> Mapping[str, Any]:
    with work.reading() as session:
        return cursors.read(session, _name(query)).position


def _keep(work: Work, query: str, position: Mapping[str, Any]) -> None:
    with work.transaction() as session:
        cursors.move(session, _name(query), shop_id=work.shop.id, position=position, due_at=clock.now())


def _name(query: str) -> str:
    return f"bulk:{query}"
