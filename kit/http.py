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
from urllib.parse import urlsplit

import httpx2

from kit import clock
from kit.addresses import Allowed, checked_address
from kit.faults import Fault, OutcomeUnknown, Transient

CONNECT_SECONDS = 3.0
READ_SECONDS = 30.0
POOL_SIZE = 32


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
    ) -> None:
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
            host = f"[{pinned}]" if ":" in pinned else pinned
            target = url.replace(parts.netloc, host if parts.port is None else f"{host}:{parts.port}", 1)
            send_headers["Host"] = parts.netloc
            extensions["sni_hostname"] = parts.hostname or ""
        started = clock.monotonic()
        status: int | None = None
        request_id = note = ""
        try:
            response = client.request(
                method,
                target,
                headers=send_headers,
                params=params,
                content=content,
                json=json,
                data=data,
                extensions=extensions,
                timeout=httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS, pool=read_seconds),
            )
            status = response.status_code
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

    def _client(self, origin: str, pinned: str) -> httpx2.Client:
        # The pinned address is part of the key: two names on one address must not share a TLS connection.
        with self._lock:
            client = self._clients.get((origin, pinned))
            if client is None:
                client = self._clients[(origin, pinned)] = httpx2.Client(
                    transport=self._transports.get(origin),
                    follow_redirects=False,
                    trust_env=False,
                    limits=httpx2.Limits(max_connections=POOL_SIZE, max_keepalive_connections=POOL_SIZE),
                )
            return client


def _fault(error: httpx2.TransportError, *, host: str, repeatable: bool) -> Fault:
    never_sent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    detail = f"{type(error).__name__} from {host}"
    if never_sent:
        return Transient("unreachable", f"{host} could not be reached.", detail=detail)
    if repeatable:
        return Transient("no_answer", f"{host} did not answer in time.", detail=detail)
    return OutcomeUnknown("no_answer", f"{host} received the request but its answer was lost.", detail=detail)
