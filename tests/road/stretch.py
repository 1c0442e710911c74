"""A stretch of the road with real processes: web, worker and clock as in production, on the ERP stand-in.

The stand-in is served from the test's own process, so that a test can take it away or hold an order inside it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from anyio import to_thread
from sqlalchemy import text
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from bench import load, outcome
from bench.bodies import FIRST_ORDER, OrderBodies
from bench.ground import KEY, SECRET, Ground
from sandbox.erp.standin import app as erp_app
from sandbox.erp.standin.connecting import stocked
from sandbox.leashed import Leashed, wait_until
from sandbox.shopify.seed_data import catalogue
from tests.browser.serving import HOST, served

SHOPS = ("alpha.myshopify.com", "beta.myshopify.com")
THREADS = 4
PATIENCE_SECONDS = 240.0


class Erp:
    """The stand-in on a port of its own."""

    def __init__(self) -> None:
        self.books = stocked("USD", catalogue(SHOPS[0]))
        self._serving = ExitStack()
        self._port = 0
        self._cuts = 0
        self._waits: Callable[[str], None] = lambda _reference: None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """It answers, at the same address as before."""
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, self._port))
        self._port = bound.getsockname()[1]

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await self._answer(scope, receive, send)

        self._serving.enter_context(served(answer, bound))

    def stop(self) -> None:
        """Nobody answers; the books stay."""
        self._serving.close()

    def cut(self, answers: int) -> None:
        """The line breaks in the middle of the answers to the next documents, after these were written."""
        self._cuts = answers

    @property
    def cuts_left(self) -> int:
        """How many of these are still to come."""
        return self._cuts

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = erp_app.build(self.books, key=KEY)
        if not (scope["type"] == "http" and scope["path"] == "/write_document"):
            await app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        # In a thread: whoever asks for something else is answered meanwhile.
        await to_thread.run_sync(self._waits, json.loads(body)["reference"])

        async def told() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def half(message: Message) -> None:
            if message["type"] == "http.response.body":
                part = message["body"]
                await send({**message, "body": part[: len(part) // 2], "more_body": True})
                raise ConnectionResetError("the line breaks")
            await send(message)

        is_cut = self._cuts > 0
        self._cuts -= is_cut
        await app(scope, told, half if is_cut else send)

    @contextmanager
    def holding(self, wanted: Callable[[str], bool] = lambda _reference: True) -> Iterator[threading.Event]:
        """Inside the block every order that arrives (or those that are wanted, by their references) waits before it is
        written; others are written at once. The event says that one is there."""
        reached, released = threading.Event(), threading.Event()

        def wait(reference: str) -> None:
            if wanted(reference):
                reached.set()
                released.wait(PATIENCE_SECONDS)

        before, self._waits = self._waits, wait
        try:
            yield reached
        finally:
            released.set()
            self._waits = before


class Stretch:
    """The processes, the deliveries sent to them, and what became of all of these."""

    def __init__(self, ground: Ground, erp: Erp) -> None:
        self.erp = erp
        self.ground = replace(ground, erp_url=erp.url)
        for shop in SHOPS:
            self.ground.shop(shop)
        self._bodies = OrderBodies(SHOPS[0])
        self._numbers: list[int] = []
        self.web, self.port = self.ground.web()
        self.clock = self.ground.clock()
        self.start_worker()

    def start_worker(self) -> None:
        """A worker process."""
        self.worker = self.ground.workers(processes=1, threads=THREADS)

    def start_web(self) -> None:
        """The web process again, at the same address."""
        self.web, self.port = self.ground.web(port=self.port)

    @property
    def all_orders(self) -> list[int]:
        """The numbers of all orders so far."""
        return list(self._numbers)

    def orders(self, count: int) -> list[tuple[str, bytes]]:
        """New orders as signed requests, with their webhook ids."""
        first = len(self._numbers) + 1
        numbers = list(range(first, first + count))
        self._numbers += numbers
        return load.deliveries(self._bodies, numbers, shops=SHOPS, secret=SECRET, prefix="road")

    def shop_of(self, number: int) -> str:
        """Which shop an order is of."""
        return SHOPS[number % len(SHOPS)]

    def send(self, items: list[tuple[str, bytes]]) -> None:
        """Sends deliveries as Shopify does: each until it is acknowledged."""
        for _, request in items:
            assert wait_until(lambda given=request: self.post(given) == 200, PATIENCE_SECONDS)  # type: ignore[misc]

    def post(self, request: bytes) -> int:
        """The status of one request on a connection of its own; 0 when nobody answered or it was cut off."""
        try:
            with socket.create_connection((HOST, self.port), timeout=PATIENCE_SECONDS) as line:
                line.sendall(request)
                answer = line.recv(65_536)
        except ConnectionError:
            return 0
        return int(answer[9:12]) if answer else 0

    def order(self, count: int) -> None:
        """Buyers order."""
        self.send(self.orders(count))

    def arrive(self) -> None:
        """All orders so far are in the ERP, each once, and nothing is owed any more."""
        outcome.settle(self.ground, orders=len(self._numbers), patience_seconds=PATIENCE_SECONDS)
        assert wait_until(lambda: not self.count("job", "state in ('ready', 'running')"), PATIENCE_SECONDS)
        expected = {str(FIRST_ORDER + number): self._bodies.total for number in self._numbers}
        verdict = outcome.judge(self.ground, expected)
        assert verdict.is_good, "\n".join(verdict.lines())

    def count(self, table: str, condition: str) -> int:
        """How many rows of a table there are."""
        with self.ground.database.engine.connect() as connection:
            query = text(f"select count(*) from {table} where {condition}")  # noqa: S608 - the tests' own words
            return int(connection.execute(query).scalar_one())

    def ended(self, process: Leashed) -> int:
        """Asks a process to stop, as an operator or a platform does, and waits for its end."""
        os.kill(process.pid, signal.SIGTERM)
        return process.wait(PATIENCE_SECONDS)
