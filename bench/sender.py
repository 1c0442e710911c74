"""Sends signed deliveries as Shopify does: again and again until a 2xx, some twice, some in the wrong order.

It keeps going while the other side is killed, and remembers what was acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

ANSWER_SECONDS = 5.0
AGAIN_SECONDS = 0.5


@dataclass
class Sent:
    """What came of the sending."""

    acknowledged: set[str] = field(default_factory=set)
    answers: dict[int, int] = field(default_factory=dict)
    lost_connections: int = 0
    first_at: float = field(default_factory=time.time)


def shuffled(items: Sequence[tuple[str, bytes]], *, seed: int) -> list[tuple[str, bytes]]:
    """5 % of them twice, 5 % far from their place."""
    rng = random.Random(seed)
    found = [item for item in items for _ in range(2 if rng.random() < 0.05 else 1)]
    for place in range(len(found)):
        if rng.random() < 0.05:
            other = min(len(found) - 1, place + rng.randint(1, 200))
            found[place], found[other] = found[other], found[place]
    return found


async def send(
    port: int, items: Sequence[tuple[str, bytes]], *, connections: int, per_second: float, sent: Sent
) -> None:
    """Sends all items (webhook id, request), each until it is acknowledged."""
    queue: asyncio.Queue[tuple[float, str, bytes]] = asyncio.Queue()
    started = time.perf_counter()
    for number, (webhook_id, request) in enumerate(items):
        queue.put_nowait((started + number / per_second, webhook_id, request))
    workers = [asyncio.create_task(_worker(port, queue, sent)) for _ in range(connections)]
    await queue.join()
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def _worker(port: int, queue: asyncio.Queue[tuple[float, str, bytes]], sent: Sent) -> None:
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    while True:
        due, webhook_id, request = await queue.get()
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        status = 0
        try:
            line = line or await asyncio.open_connection("127.0.0.1", port)
            line[1].write(request)
            head = await asyncio.wait_for(line[0].readuntil(b"\r\n\r\n"), ANSWER_SECONDS)
            status = int(head[9:12])
            length = next(
                (int(row[15:]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")),
                0,
            )
            await line[0].readexactly(length)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            sent.lost_connections += 1
            if line:
                with contextlib.suppress(OSError):
                    line[1].close()
            line = None
        sent.answers[status] = sent.answers.get(status, 0) + 1
        if 200 <= status < 300:
            sent.acknowledged.add(webhook_id)
        else:
            queue.put_nowait((time.perf_counter() + AGAIN_SECONDS, webhook_id, request))
        queue.task_done()
