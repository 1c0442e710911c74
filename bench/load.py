"""A load generator on raw sockets: keep-alive connections, requests made beforehand, each answer timed.

It spends as little as possible itself, for it shares the machine with what it measures.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bench.bodies import OrderBodies

READ_LIMIT = 65_536


@dataclass
class Result:
    """What a run of the generator saw."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return sum(self.statuses.values()) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """A latency in seconds that this share of the answers stayed below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def signed_request(
    body: bytes,
    *,
    path: str,
    secret: str,
    shop: str,
    webhook_id: str,
    topic: str = "orders/create",
    revision: int = 0,
) -> bytes:
    """One whole HTTP request with the headers that Shopify sends; a later revision happened seconds later."""
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Shopify-Topic: {topic}\r\nX-Shopify-Hmac-Sha256: {digest}\r\nX-Shopify-Shop-Domain: {shop}\r\n"
        f"X-Shopify-API-Version: 2026-10\r\nX-Shopify-Webhook-Id: {webhook_id}\r\n"
        f"X-Shopify-Triggered-At: 2026-11-20T09:00:{revision:02}.000000000Z\r\nX-Shopify-Event-Id: e-{webhook_id}\r\n"
        "User-Agent: Shopify-Captain-Hook\r\nAccept: */*\r\n"
        "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n"
        "X-Shopify-Name: orders\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"
    )
    return head.encode() + body


def deliveries(
    bodies: OrderBodies, numbers: Iterable[int], *, shops: Sequence[str], secret: str, prefix: str
) -> list[tuple[str, bytes]]:
    """Webhook ids and whole requests, spread over the shops."""
    found = []
    for number in numbers:
        webhook_id = f"{prefix}-{number}"
        shop = shops[number % len(shops)]
        body = bodies.make(number)
        request = signed_request(body, path="/webhooks", secret=secret, shop=shop, webhook_id=webhook_id)
        found.append((webhook_id, request))
    return found


async def run(
    port: int, requests: Sequence[bytes], *, connections: int, per_second: float | None = None
) -> Result:
    """Sends all requests over so many connections, as fast as they are answered or at a steady rate."""
    result = Result()
    queue = iter(enumerate(requests))
    started = time.perf_counter()
    workers = [_worker(port, queue, result, _pace(started, per_second)) for _ in range(connections)]
    await asyncio.gather(*workers)
    result.seconds = time.perf_counter() - started
    return result


def _pace(started: float, per_second: float | None) -> Callable[[int], float]:
    """When the n-th request is due (0: at once)."""
    return lambda number: 0.0 if per_second is None else started + number / per_second


async def _worker(
    port: int, queue: Iterable[tuple[int, bytes]], result: Result, due: Callable[[int], float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=READ_LIMIT)
    for number, request in queue:
        wait = due(number) - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        # At a steady rate a request that starts late is late: time counts from when it was due.
        begun = min(time.perf_counter(), due(number)) if due(number) else time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = _content_length(head)
        if length:
            await reader.readexactly(length)
        result.latencies.append(time.perf_counter() - begun)
        result.statuses[status] = result.statuses.get(status, 0) + 1
    writer.close()
    await writer.wait_closed()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
