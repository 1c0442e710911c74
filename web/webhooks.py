"""The door for deliveries: verify the raw bytes, store them, answer. No parsing, no call, no branch on the topic.

A delivery is answered 200 only after the commit that holds it; when it cannot be stored in time the answer is 503,
and Shopify sends it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kit import log as logs
from kit.config import Settings
from oauth import signatures
from oauth.signatures import SignedDelivery
from sync.state.inbox import GroupWriter, InboxBusy, Stored
from web.auth import too_many
from web.headers import bare_headers

if TYPE_CHECKING:
    from web.state import State

log = logging.getLogger(__name__)

PATH = "/webhooks"
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


class Deliveries:
    """POST /webhooks, for every topic: an ASGI application of its own, since nothing that pages need is needed here."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one delivery."""
        answer = await answer_to(scope, receive)
        if answer is not None:
            await answer(scope, receive, send)


class Front:
    """Hands deliveries to their door at once, outside of all that pages need; everything else goes to the pages, which
    know the door as well."""

    def __init__(self, pages: ASGIApp, settings: Settings) -> None:
        self._pages = pages
        self._headers = [*bare_headers(settings), (b"cache-control", b"no-store")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._pages(scope, receive, send)
            return
        answer = await answer_to(scope, receive)
        if answer is not None:
            answer.raw_headers += self._headers
            await answer(scope, receive, send)


async def answer_to(scope: Scope, receive: Receive) -> Response | None:
    """The answer to a delivery; none when whoever sent it went away."""
    try:
        body = await _read(receive, limit=scope["state"]["settings"].body_limit_bytes)
    except ClientDisconnect:
        return None
    return PlainTextResponse("Content Too Large", 413) if body is None else await _taken_in(scope, body)


async def _read(receive: Receive, *, limit: int) -> bytes | None:
    """The whole body; None when it is too large. Raises ClientDisconnect when it never came."""
    parts: list[bytes] = []
    size, has_more = 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        has_more = message.get("more_body", False)
    return b"".join(parts) if len(parts) > 1 else parts[0]


async def _taken_in(scope: Scope, body: bytes) -> Response:
    """The answer to a delivery, after the commit that holds it."""
    state: State = scope["state"]
    headers = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if b"shopify-" in name
    }
    try:
        delivery = signatures.verify_delivery(
            headers, body, secrets=signatures.client_secrets(state["settings"])
        )
    except signatures.BadSignature:
        log.info("delivery.not_signed")
        wait = state["doorkeeper"].often(Request(scope), "unsigned delivery")
        return too_many(wait) if wait else Response(status_code=401)
    except signatures.BadDelivery as refusal:
        log.warning("delivery.malformed", extra={"why": str(refusal)})
        return Response(status_code=400)
    with logs.context(shop=delivery.shop_domain, webhook=delivery.webhook_id, topic=delivery.topic):
        try:
            await state["inbox"].write(delivery)
        except InboxBusy as refusal:
            log.warning("delivery.not_stored", extra={"why": str(refusal)})
            return Response(status_code=503, headers={"Retry-After": RETRY_AFTER_SECONDS})
    return Response(status_code=200)


routes = [Route(PATH, Deliveries(), methods=["POST"])]
