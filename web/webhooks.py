"""The door for deliveries: verify the raw bytes, store them, answer. No parsing, no call, no branch on the topic.

A delivery is answered 200 only after the commit that holds it; when it cannot be stored in time the answer is 503,
and Shopify sends it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kit import log as logs
from kit.config import Settings
from oauth import signatures
from oauth.signatures import SignedDelivery
from sync.state.inbox import GroupWriter, InboxBusy, Stored
from web.auth import Doorkeeper, too_many

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = "2"


class Inbox:
    """The async face of the group writer: one per web process."""

    def __init__(self, settings: Settings, *, stored: Callable[[Stored], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = GroupWriter(
            settings.database_url,
            waiting_limit=settings.inbox_waiting_limit,
            answers=self._in_loop,
            stored=stored,
        )
        self._drain_seconds = settings.drain_seconds
        self._writer.start()

    async def write(self, delivery: SignedDelivery) -> None:
        """Returns after the commit that holds the delivery. Raises InboxBusy."""
        answered: asyncio.Future[None] = self._loop.create_future()

        def answer(refusal: InboxBusy | None) -> None:
            if answered.done():  # the client went away
                return
            if refusal is None:
                answered.set_result(None)
            else:
                answered.set_exception(refusal)

        self._writer.offer(delivery, answer)
        await answered

    @property
    def has_failed(self) -> bool:
        """Whether this process can store nothing any more."""
        return self._writer.has_failed

    def close(self) -> None:
        """Stores what waits and ends."""
        self._writer.stop(timeout_seconds=self._drain_seconds)

    def _in_loop(self, answer_all: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(answer_all)


async def receive(request: Request) -> Response:
    """POST /webhooks, for every topic."""
    body = await request.body()
    secrets = signatures.client_secrets(request.state["settings"])
    try:
        delivery = signatures.verify_delivery(request.headers, body, secrets=secrets)
    except signatures.BadSignature:
        log.info("delivery.not_signed")
        doorkeeper: Doorkeeper = request.state["doorkeeper"]
        wait = doorkeeper.often(request, "unsigned delivery")
        return too_many(wait) if wait else Response(status_code=401)
    except signatures.BadDelivery as refusal:
        log.warning("delivery.malformed", extra={"why": str(refusal)})
        return Response(status_code=400)
    logs.note(shop=delivery.shop_domain, webhook=delivery.webhook_id, topic=delivery.topic)
    inbox: Inbox = request.state["inbox"]
    try:
        await inbox.write(delivery)
    except InboxBusy as refusal:
        log.warning("delivery.not_stored", extra={"why": str(refusal)})
        return Response(status_code=503, headers={"Retry-After": RETRY_AFTER_SECONDS})
    log.debug("delivery.stored")
    return Response(status_code=200)


routes = [Route("/webhooks", receive, methods=["POST"])]
