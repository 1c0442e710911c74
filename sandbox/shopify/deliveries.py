"""The webhook sender: writes a delivery for everybody who gets an event, posts it, and tries again after a failure.

It owns due times, attempts and the log. What is due lives in the store, so a restart loses nothing. It runs without
threads through `deliver_due`, or on its own threads between `start` and `stop`.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

import httpx2

from sandbox.shopify import deadlines, times, webhooks
from sandbox.shopify.client_secrets import ClientSecrets
from sandbox.shopify.faults import Fault, FaultKind, Faults
from sandbox.shopify.settings import Settings
from sandbox.shopify.store import Document, Event, Store

log = logging.getLogger(__name__)

RETRIES = 8
RETRY_SPAN_S = 4 * 3_600
REORDER_STEP = timedelta(milliseconds=100)
IDLE_S = 0.5
ANSWER_READ = 65_536
Reference = tuple[datetime, int, str]


def retry_delay_s(failures: int) -> float:
    """Seconds to wait after the n-th failure: doubling, all eight together four hours."""
    return float(RETRY_SPAN_S / (2**RETRIES - 1) * 2 ** (failures - 1))


class Sender:
    """Sends the webhooks of all clients, signed with the one secret that this Shopify hands out.

    `clock_factor` compresses its waits: 3600 turns an hour into a second. The limits of an attempt stay as they are.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        secrets: ClientSecrets,
        faults: Faults,
        client: httpx2.Client | None = None,
    ) -> None:
        self.clock_factor = settings.clock_factor
        self.chores: list[Callable[[], object]] = []  # done before each look at what is due
        self._store = store
        self._settings = settings
        self._secrets = secrets
        self._faults = faults
        self._client = client or httpx2.Client(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(settings.total_timeout_s, connect=settings.connect_timeout_s),
            transport=deadlines.Transport(connections=64, kept_alive=settings.sender_threads),
        )
        self._wake = threading.Condition()
        self._due: list[Reference] = []
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pool: ThreadPoolExecutor | None = None
        self._index_stored()
        store.listen(self.accept)

    def accept(self, event: Event, *, due_at: datetime | None = None) -> None:
        """Writes a delivery for every subscription that the event reaches."""
        for addressee in webhooks.addressees(self._store, self._settings.app, event):
            self._write(event, addressee, due_at=due_at or self._store.now())

    def deliver_due(self) -> int:
        """Sends what is due at this moment, in this thread; returns the number of attempts."""
        self._do_chores()
        attempts = 0
        while (reference := self._pop()) is not None:
            self._attempt(reference)
            attempts += 1
        return attempts

    def next_due_at(self) -> datetime | None:
        """When the next attempt is due; None while nothing waits."""
        with self._wake:
            return self._due[0][0] if self._due else None

    def redeliver(self, shop: str, number: int) -> bool:
        """Makes a stored delivery due again, same webhook id; False when there is none."""
        with self._store.lock:
            delivery = self._store.get(shop, "delivery", number)
            if delivery is None:
                return False
            self._schedule(delivery | {"failures": 0}, self._store.now())
        return True

    def cancel(
        self,
        shop: str,
        *,
        client_id: str,
        topics: frozenset[str] | None = None,
        spare: frozenset[str] = frozenset(),
    ) -> int:
        """Gives up what still waits for a client in a shop, all topics but the spared ones; returns how many."""
        cancelled = 0
        with self._store.lock:
            for delivery in self._store.all(shop, "delivery"):
                named = delivery["client_id"] == client_id and (topics is None or delivery["topic"] in topics)
                if delivery["state"] == "due" and named and delivery["topic"] not in spare:
                    self._store.put(shop, "delivery", delivery["id"], delivery | {"state": "cancelled"})
                    cancelled += 1
        return cancelled

    def start(self) -> None:
        """Begins to send on threads of its own."""
        self._stopping.clear()
        self._pool = ThreadPoolExecutor(self._settings.sender_threads, thread_name_prefix="webhook")
        self._threads = [
            threading.Thread(target=self._run, name="webhook-clock", daemon=True),
            threading.Thread(target=self._run_chores, name="chores", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the threads after the attempts that are under way."""
        with self._wake:
            self._stopping.set()
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()
        if self._pool:
            self._pool.shutdown(wait=True)
        self._threads, self._pool = [], None
        self._client.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            reference = self._pop()
            if reference is not None and self._pool is not None:
                self._pool.submit(self._attempt, reference).add_done_callback(_raise_loudly)
                continue
            with self._wake:
                if not self._stopping.is_set():
                    self._wake.wait(timeout=self._idle_s())

    def _run_chores(self) -> None:
        while not self._stopping.wait(timeout=IDLE_S):
            self._do_chores()

    def _do_chores(self) -> None:
        for chore in self.chores:
            chore()

    def _idle_s(self) -> float:
        if not self._due:
            return IDLE_S
        return min(IDLE_S, max(0.01, (self._due[0][0] - self._store.now()).total_seconds()))

    def _index_stored(self) -> None:
        for shop in self._store.shops():
            for delivery in self._store.views(shop, "delivery"):
                if delivery["state"] == "due":
                    self._push((times.parse(delivery["due_at"]), delivery["id"], shop))

    def _push(self, reference: Reference) -> None:
        with self._wake:
            heapq.heappush(self._due, reference)
            self._wake.notify()

    def _pop(self) -> Reference | None:
        with self._wake:
            if self._due and self._due[0][0] <= self._store.now():
                return heapq.heappop(self._due)
        return None

    def _schedule(self, delivery: Document, due_at: datetime) -> None:
        kept = delivery | {"state": "due", "due_at": times.precise(due_at)}
        self._store.put(delivery["shop"], "delivery", delivery["id"], kept)
        self._push((due_at, delivery["id"], delivery["shop"]))

    def _write(self, event: Event, addressee: webhooks.Addressee, *, due_at: datetime) -> None:
        one = addressee.subscription
        faults = {f.kind: f for f in self._faults.take("webhook", shop=event.shop, text=event.topic)}
        body = webhooks.encoded(webhooks.shaped(event.body, one.include_fields))
        copies = 2 if FaultKind.DUPLICATE in faults else 1
        webhook_id = ""
        for _ in range(copies):
            number = self._store.next_id()
            webhook_id = webhook_id or str(uuid5(NAMESPACE_URL, f"{event.shop}/delivery/{number}"))
            delivery: Document = {
                "id": number,
                "shop": event.shop,
                "client_id": addressee.client_id,
                "webhook_id": webhook_id,
                "event_id": event.event_id,
                "topic": event.topic,
                "name": one.name,
                "subscription_id": one.subscription_id,
                "url": one.uri,
                "api_version": one.api_version,
                "triggered_at": times.precise(event.triggered_at),
                "attempts": [],
                "failures": 0,
                "state": "lost" if FaultKind.DROP in faults else "due",
                "due_at": times.precise(due_at),
            }
            self._store.put(event.shop, "delivery_body", number, {"id": number, "text": body})
            self._store.put(event.shop, "delivery", number, delivery)
            if delivery["state"] == "due":
                self._schedule(delivery, due_at + _shift(faults))
        self._prune(event.shop)

    def _attempt(self, reference: Reference) -> None:
        due_at, number, shop = reference
        delivery = self._store.get(shop, "delivery", number)
        kept = self._store.get(shop, "delivery_body", number)
        if delivery is None or kept is None or delivery["state"] != "due":
            return
        if times.parse(delivery["due_at"]) != due_at:
            return  # rescheduled since: another reference stands for it
        body = kept["text"].encode()
        begun = time.perf_counter()
        status, error = self._post(delivery, body)
        attempt = {
            "at": times.precise(self._store.now()),
            "status": status,
            "error": error,
            "latency_ms": round((time.perf_counter() - begun) * 1000),
        }
        self._settle(shop, number, attempt, ok=status is not None and 200 <= status < 300)

    def _post(self, delivery: Document, body: bytes) -> tuple[int | None, str]:
        headers = webhooks.headers(delivery, body=body, secret=self._secrets.oldest)
        try:
            with (
                deadlines.within(self._settings.total_timeout_s),
                self._client.stream("POST", delivery["url"], content=body, headers=headers) as response,
            ):
                _read_a_little(response)
        except httpx2.TimeoutException:
            return None, "no answer in time"
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return None, f"no connection: {type(error).__name__}"
        return response.status_code, ""

    def _settle(self, shop: str, number: int, attempt: Document, *, ok: bool) -> None:
        with self._store.lock:
            delivery = self._store.get(shop, "delivery", number)
            if delivery is None:
                return
            delivery["attempts"].append(attempt)
            if ok:
                self._store.put(shop, "delivery", number, delivery | {"state": "delivered", "failures": 0})
                return
            delivery["failures"] += 1
            if delivery["state"] != "due":
                self._store.put(shop, "delivery", number, delivery)
            elif delivery["failures"] > RETRIES:
                self._store.put(shop, "delivery", number, delivery | {"state": "failed"})
                if delivery["subscription_id"]:
                    self._store.delete(shop, "subscription", delivery["subscription_id"])
            else:
                wait_s = retry_delay_s(delivery["failures"]) / self.clock_factor
                self._schedule(delivery, self._store.now() + timedelta(seconds=wait_s))

    def _prune(self, shop: str) -> None:
        views = self._store.views(shop, "delivery")
        excess = len(views) - self._settings.kept_deliveries
        if excess <= 0:
            return
        for number in list(_finished(views, excess)):
            self._store.delete(shop, "delivery", number)
            self._store.delete(shop, "delivery_body", number)


def _read_a_little(response: httpx2.Response) -> None:
    """Nobody here wants the text of an answer; reading a short one keeps the connection, a long one costs it."""
    if response.is_stream_consumed:
        return
    read = 0
    for part in response.iter_raw():
        read += len(part)
        if read > ANSWER_READ:
            return


def _raise_loudly(attempt: Future[None]) -> None:
    """A bug in an attempt must not vanish in the pool."""
    if (error := attempt.exception()) is not None:
        log.error("an attempt broke", exc_info=error)


def _finished(views: list[Document], at_most: int) -> Iterator[int]:
    found = 0
    for delivery in views:
        if delivery["state"] != "due":
            yield delivery["id"]
            found += 1
        if found >= at_most:
            return


def _shift(faults: dict[FaultKind, Fault]) -> timedelta:
    """How much later a delivery goes out. Under a reorder the earlier of the marked ones waits longer."""
    shift = timedelta(0)
    if (late := faults.get(FaultKind.DELAY)) is not None:
        shift += timedelta(seconds=late.seconds)
    if (mixed := faults.get(FaultKind.REORDER)) is not None:
        shift += REORDER_STEP * (1 + (mixed.times or 0))
    return shift
