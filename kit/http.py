"""The one door to the network: pooled blocking clients, explicit time-outs, no redirects, faults instead of errors.

Addresses that a merchant typed go through `guarded`: https only, and every address that the name resolves to must be
public (or be allowed by the operator); the connection then goes to exactly the address that was checked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2

from kit import clock
from kit.addresses import Allowed, ascii_host, checked_address
from kit.faults import Fault, OutcomeUnknown, Transient

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
POOL_SIZE = 32
# What a server that a merchant named may cost us: memory, and a thread for so long.
GUARDED_LIMIT_BYTES = 32 * 2**20
GUARDED_LIMIT_SECONDS = 180.0
MOST_CLIENTS = 512
OF_TRANSFER = ("content-encoding", "content-length", "transfer-encoding")


@dataclass(frozen=True)
class Exchange:
    """What one call was, without bodies, queries or secrets: for the timeline and for support."""

    method: str
    host: str
    path: str
    status: int | None
    took_ms: int
    request_id: str = ""
    note: str = ""


_record: ContextVar[list[Exchange] | None] = ContextVar("http_record", default=None)


@contextmanager
def recording() -> Iterator[list[Exchange]]:
    """Collects the exchanges made inside."""
    exchanges: list[Exchange] = []
    token = _record.set(exchanges)
    try:
        yield exchanges
    finally:
        _record.reset(token)


def annotate(note: str) -> None:
    """Adds to the note of the last recorded exchange: an operation, its cost. Nothing when none is recorded."""
    record = _record.get()
    if record:
        record[-1] = replace(record[-1], note=f"{record[-1].note} {note}".strip())


class Door:
    """Opens clients by origin and keeps them. `transports` sends an origin elsewhere: a sandbox in process."""

    def __init__(
        self,
        *,
        allowed_private: Sequence[str] = (),
        transports: Mapping[str, httpx2.BaseTransport] | None = None,
        guarded_limit_bytes: int = GUARDED_LIMIT_BYTES,
    ) -> None:
        self._limit_bytes = guarded_limit_bytes
        self._allowed = Allowed.parse(allowed_private)
        self._transports = dict(transports or {})
        self._clients: dict[tuple[str, str], httpx2.Client] = {}
        self._lock = threading.Lock()

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        content: bytes | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        repeatable: bool,
        guarded: bool = False,
        read_seconds: float = READ_SECONDS,
    ) -> httpx2.Response:
        """One request. Raises Transient when nothing can have happened (or `repeatable`: when asking again is
        harmless), OutcomeUnknown when a write was sent and no whole answer came. Any HTTP status is an answer."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        pinned = checked_address(url, self._allowed) if guarded and origin not in self._transports else None
        client = self._client(origin, pinned or "")
        send_headers = dict(headers or {})
        extensions: dict[str, Any] = {}
        target = url
        if pinned:
            address = f"[{pinned}]" if ":" in pinned else pinned
            place = address if parts.port is None else f"{address}:{parts.port}"
            target = urlunsplit(parts._replace(netloc=place))
            host = ascii_host(parts.hostname or "")
            send_headers["Host"] = host if parts.port is None else f"{host}:{parts.port}"
            extensions["sni_hostname"] = host
        started = clock.monotonic()
        status: int | None = None
        request_id = note = ""
        try:
            with client.stream(
                method,
                target,
                headers=send_headers,
                params=params,
                content=content,
                json=json,
                data=data,
                extensions=extensions,
                timeout=httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS, pool=read_seconds),
            ) as answer:
                status = answer.status_code
                response = self._limited(answer, since=started) if guarded else answer
                response.read()
            request_id = response.headers.get("x-request-id", "")
        except httpx2.TransportError as error:
            note = type(error).__name__
            raise _fault(error, host=parts.hostname or "", repeatable=repeatable) from error
        finally:
            record = _record.get()
            if record is not None:
                took_ms = round((clock.monotonic() - started) * 1000)
                record.append(
                    Exchange(method, parts.hostname or "", parts.path, status, took_ms, request_id, note)
                )
        return response

    def close(self) -> None:
        """Closes all pooled connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _limited(self, answer: httpx2.Response, *, since: float) -> httpx2.Response:
        """The answer with its whole body. Raises ReadError when there is no end to it, in bytes or in time."""
        parts: list[bytes] = []
        size = 0
        for part in answer.iter_bytes():
            size += len(part)
            if size > self._limit_bytes or clock.monotonic() - since > GUARDED_LIMIT_SECONDS:
                raise httpx2.ReadError("the answer has no end")
            parts.append(part)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in OF_TRANSFER}
        return httpx2.Response(
            answer.status_code, headers=kept, content=b"".join(parts), request=answer.request
        )

    def _client(self, origin: str, pinned: str) -> httpx2.Client:
        # The pinned address is part of the key: two names on one address must not share a TLS connection.
        with self._lock:
            client = self._clients.pop((origin, pinned), None)
            if client is None:
                while len(self._clients) >= MOST_CLIENTS:  # a name that keeps moving must not fill our memory
                    self._clients.pop(next(iter(self._clients))).close()
                client = httpx2.Client(
                    transport=self._transports.get(origin),
                    follow_redirects=False,
                    trust_env=False,
                    limits=httpx2.Limits(max_connections=POOL_SIZE, max_keepalive_connections=POOL_SIZE),
                )
            self._clients[(origin, pinned)] = client
            return client


def _fault(error: httpx2.TransportError, *, host: str, repeatable: bool) -> Fault:
    never_sent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    detail = f"{type(error).__name__} from {host}"
    if never_sent:
        return Transient("unreachable", f"{host} could not be reached.", detail=detail)
    if repeatable:
        return Transient("no_answer", f"{host} did not answer in time.", detail=detail)
    return OutcomeUnknown("no_answer", f"{host} received the request but its answer was lost.", detail=detail)
