"""The inbox: signed deliveries, committed before Shopify gets its 200. Many at once are one insert and one commit.

`store` is that insert. `GroupWriter` is the one writer of a process: it takes all that wait and answers them after
the commit that holds them. A delivery whose (shop, webhook id) is known is counted, not stored again.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from kit import clock, outages
from kit.db import LINK, LOCK_TIMEOUT_MS
from kit.packing import pack
from oauth.signatures import SignedDelivery

log = logging.getLogger(__name__)

GROUP_SIZE = 200
COMMIT_TIMEOUT_MS = 4_000  # Shopify waits 5 s; a commit that takes longer is answered 503 and sent again
PAUSE_SECONDS = 0.2  # between tries while the database is away

# What is text goes as one JSON document, and bodies as bytes: each value more to convert costs the door its speed.
_INSERT = """
insert into delivery (shop_id, shop_domain, webhook_id, event_id, topic, api_version, triggered_at, received_at,
                      headers, body, copies)
select shop.id, d.shop_domain, d.webhook_id, d.event_id, d.topic, d.api_version, d.triggered_at, %(received_at)s,
       d.headers, d.body, d.copies
from rows from (
    json_to_recordset(%(rows)s::json) as (
        shop_domain text, webhook_id text, event_id text, topic text, api_version text, triggered_at timestamptz,
        headers jsonb, copies int),
    unnest(%(bodies)b::bytea[])
) as d (shop_domain, webhook_id, event_id, topic, api_version, triggered_at, headers, copies, body)
left join shop on shop.domain = d.shop_domain
on conflict (shop_domain, webhook_id) do update set copies = delivery.copies + excluded.copies
returning id, (xmax = 0) as is_new
"""


class InboxBusy(RuntimeError):
    """The delivery was not stored; the sender must try again (503)."""


@dataclass(frozen=True)
class Stored:
    """What a commit did: ids of deliveries that are new, and how many copies of known ones came."""

    new_ids: tuple[int, ...]
    copies: int


def store(connection: psycopg.Connection[tuple[int, bool]], deliveries: Sequence[SignedDelivery]) -> Stored:
    """Writes all deliveries in one statement, which commits by itself: the connection is in autocommit. Raises
    psycopg.Error: then nothing is stored."""
    unique: dict[tuple[str, str], SignedDelivery] = {}
    copies: dict[tuple[str, str], int] = {}
    for delivery in deliveries:
        key = (delivery.shop_domain, delivery.webhook_id)
        unique.setdefault(key, delivery)
        copies[key] = copies.get(key, 0) + 1
    rows = [
        {
            "shop_domain": each.shop_domain,
            "webhook_id": each.webhook_id,
            "event_id": each.event_id,
            "topic": each.topic,
            "api_version": each.api_version,
            "triggered_at": each.triggered_at and each.triggered_at.isoformat(),
            "headers": each.headers,
            "copies": copies[key],
        }
        for key, each in unique.items()
    ]
    found = connection.execute(
        _INSERT,
        {
            "received_at": clock.now(),
            "rows": json.dumps(rows),
            "bodies": [pack(each.body) for each in unique.values()],
        },
        prepare=True,
    ).fetchall()
    new_ids = tuple(number for number, is_new in found if is_new)
    return Stored(new_ids=new_ids, copies=len(deliveries) - len(new_ids))


Answer = Callable[[InboxBusy | None], None]


@dataclass(slots=True)
class _Waiting:
    delivery: SignedDelivery
    answer: Answer
    since: float
    is_answered: bool = False


class GroupWriter:
    """The one writer of a process. `offer` never blocks; its answer comes after the commit, or with the refusal.

    `answers` receives whole groups of answers at once, so that an event loop is woken once per commit.
    """

    def __init__(
        self,
        database_url: str,
        *,
        waiting_limit: int,
        answers: Callable[[Callable[[], None]], None],
        stored: Callable[[Stored], None],
    ) -> None:
        self._url = _libpq(database_url)
        self._limit = waiting_limit
        self._answers = answers
        self._stored = stored
        self._waiting: deque[_Waiting] = deque()
        self._wake = threading.Event()
        self._stop = False
        self._failed = threading.Event()
        self._group: list[_Waiting] = []
        self._connection: psycopg.Connection[tuple[int, bool]] | None = None
        self._thread = threading.Thread(target=self._run, name="inbox-writer", daemon=True)

    @property
    def has_failed(self) -> bool:
        """Whether the writer has ended by a mistake of ours: nothing will ever be stored by this process again."""
        return self._failed.is_set()

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def stop(self, *, timeout_seconds: float) -> None:
        """Writes what waits, then ends."""
        self._stop = True
        self._wake.set()
        self._thread.join(timeout_seconds)

    def offer(self, delivery: SignedDelivery, answer: Answer) -> None:
        """Queues a delivery. Raises InboxBusy at once when too many wait or the oldest waits too long."""
        if self._stop or self._failed.is_set() or len(self._waiting) >= self._limit:
            raise InboxBusy("too many deliveries are waiting to be stored")
        if self._waiting and clock.monotonic() - self._waiting[0].since > COMMIT_TIMEOUT_MS / 1000:
            raise InboxBusy("the database is not committing")
        self._waiting.append(_Waiting(delivery, answer, clock.monotonic()))
        self._wake.set()
        if self._failed.is_set():  # in this very moment
            self._refuse_all()

    def _run(self) -> None:
        try:
            self._write()
        except Exception:
            self._failed.set()
            log.critical("inbox.writer_ended", exc_info=True)
            raise
        finally:
            if self._connection is not None:
                self._connection.close()
            self._refuse_all()

    def _refuse_all(self) -> None:
        """Nobody shall wait for an answer that cannot come."""
        left = [*self._group, *self._waiting]
        self._waiting.clear()
        self._reply(left, InboxBusy("the inbox does not write any more"))

    def _write(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_SIZE))]
                self._group = group
                try:
                    self._connection = self._connection or self._connect()
                    self._commit(self._connection, group)
                except psycopg.Error as error:
                    told = {"count": len(group), "error_kind": type(error).__name__}
                    log.error("inbox.not_stored", extra=told | {"why": outages.told(error)})
                    self._reply(group, InboxBusy("the database did not commit"))
                    if self._connection is None or self._connection.closed:  # a broken one is closed, too
                        self._connection = None
                        clock.sleep(PAUSE_SECONDS)
            if self._stop:
                return

    def _commit(self, connection: psycopg.Connection[tuple[int, bool]], group: Sequence[_Waiting]) -> None:
        """Stores a group and answers it. When one delivery cannot be stored, the others of its group still are."""
        try:
            stored = store(connection, [each.delivery for each in group])
        except (psycopg.DataError, psycopg.IntegrityError, ValueError) as error:
            if len(group) > 1:
                for each in group:
                    self._commit(connection, [each])
                return
            refused = {"error_kind": type(error).__name__, "webhook": group[0].delivery.webhook_id}
            log.error("inbox.refused", extra=refused)
            self._reply(group, InboxBusy("the database refuses this delivery"))
            return
        self._reply(group, None)
        self._stored(stored)

    def _reply(self, group: Sequence[_Waiting], refusal: InboxBusy | None) -> None:
        owed = [each for each in group if not each.is_answered]
        for each in owed:
            each.is_answered = True

        def answer_all() -> None:
            for each in owed:
                each.answer(refusal)

        if owed:
            self._answers(answer_all)

    def _connect(self) -> psycopg.Connection[tuple[int, bool]]:
        options = (
            f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={COMMIT_TIMEOUT_MS}"
        )
        return psycopg.connect(
            self._url,
            autocommit=True,
            application_name="concord-inbox",
            options=options,
            **LINK,  # type: ignore[arg-type]
        )


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
