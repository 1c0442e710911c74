"""The whole engine: from the inbox to the link, with an ERP that answers at once; and flash sales through the door."""

from __future__ import annotations

import asyncio
import os
import time

import psycopg
from sqlalchemy import text

from bench import load
from bench.bodies import OrderBodies
from bench.ground import SECRET, Ground
from oauth.signatures import SignedDelivery
from sandbox.leashed import Leashed
from sync.state import inbox

SHOP = "alpha.myshopify.com"
ORDERS = 2_000
FLASH_ORDERS = 500
PATIENCE_SECONDS = 300.0
BASE = 1_000_000


def orders_per_second(ground: Ground, bodies: OrderBodies) -> float:
    """Orders a second from the first link to the last, deliveries being stored beforehand; the workers stay."""
    store(ground, bodies, first=BASE, number=ORDERS)
    before = _linked(ground)
    ground.workers(processes=2)
    ground.clock()
    wait_for_links(ground, before + 1)
    started = time.perf_counter()
    first = _linked(ground)
    wait_for_links(ground, before + ORDERS)
    return (before + ORDERS - first) / (time.perf_counter() - started)


def flash(ground: Ground, bodies: OrderBodies, *, port: int, seconds: float, first: int) -> float:
    """p99 in seconds from delivery to the ERP's document, for a flash sale of 500 orders in so many seconds."""
    requests = [
        load.signed_request(
            bodies.make(first + n),
            path="/webhooks",
            secret=SECRET,
            shop=SHOP,
            webhook_id=f"flash-{first + n}",
        )
        for n in range(FLASH_ORDERS)
    ]
    before = _linked(ground)
    asyncio.run(load.run(port, requests, connections=16, per_second=FLASH_ORDERS / seconds))
    wait_for_links(ground, before + FLASH_ORDERS)
    with ground.database.engine.connect() as connection:
        return float(
            connection.execute(
                text(
                    "select percentile_cont(0.99) within group"
                    " (order by extract(epoch from l.linked_at - d.received_at))"
                    " from delivery d join link l on l.record = d.record and l.kind = 'order'"
                    " where d.webhook_id like :prefix and d.id > (select max(id) - :number from delivery)"
                ),
                {"prefix": "flash-%", "number": FLASH_ORDERS},
            ).scalar_one()
        )


def memory_mb(process: Leashed) -> float:
    """The largest resident set among a process and its children, in MB: one worker process, not the crew of them."""
    return max((_resident_mb(pid) for pid in _family(process.pid)), default=0.0)


def database_bytes(ground: Ground) -> float:
    """How much the database holds, history and indexes included."""
    with ground.database.engine.connect() as connection:
        size = connection.execute(text("select pg_database_size(current_database())")).scalar_one()
    return float(size)


def store(ground: Ground, bodies: OrderBodies, *, first: int, number: int) -> None:
    """Puts so many orders into the inbox."""
    with psycopg.connect(ground.database_url, autocommit=True) as connection:
        for start in range(0, number, inbox.GROUP_SIZE):
            group = [
                SignedDelivery(
                    shop_domain=SHOP,
                    topic="orders/create",
                    webhook_id=f"engine-{n}",
                    event_id="",
                    api_version="2026-10",
                    triggered_at=None,
                    headers={},
                    body=bodies.make(n),
                )
                for n in range(first + start, first + min(start + inbox.GROUP_SIZE, number))
            ]
            inbox.store(connection, group)


def _linked(ground: Ground) -> int:
    with ground.database.engine.connect() as connection:
        return int(connection.execute(text("select count(*) from link where kind = 'order'")).scalar_one())


def wait_for_links(ground: Ground, count: int) -> None:
    """Returns when so many orders are in the ERP. Raises RuntimeError when that takes too long."""
    end = time.perf_counter() + PATIENCE_SECONDS
    while _linked(ground) < count:
        if time.perf_counter() > end:
            raise RuntimeError(f"only {_linked(ground)} of {count} orders reached the ERP")
        time.sleep(0.05)


def _family(pid: int) -> list[int]:
    found, queue = [], [pid]
    while queue:
        each = queue.pop()
        found.append(each)
        path = f"/proc/{each}/task/{each}/children"
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                queue += [int(child) for child in file.read().split()]
    return found


def _resident_mb(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
    except FileNotFoundError:
        return 0.0
    return 0.0
