"""HTTP with one hard limit over a whole exchange: connecting, sending and reading together.

httpx2 limits each read for itself, so a listener that drips one byte a second is never too late. Here every step on
the socket gets at most what is left. It owns the transport; who sets which limit is the business of the caller.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2


class _Limit(threading.local):
    """When the exchange of this thread has to be over."""

    over_at: float | None = None


_limit = _Limit()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Every exchange in the block ends in time or raises httpx2.TimeoutException."""
    _limit.over_at = time.monotonic() + seconds
    try:
        yield
    finally:
        _limit.over_at = None


def _left(timeout: float | None) -> float | None:
    """A step's own timeout, or the rest of the exchange's when that is shorter."""
    if _limit.over_at is None:
        return timeout
    left = _limit.over_at - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the exchange took too long")
    return left if timeout is None else min(left, timeout)


class Transport(httpx2.HTTPTransport):
    """Plain HTTP/1.1 that keeps to `within`."""

    def __init__(self, *, connections: int, kept_alive: int) -> None:
        trust = httpx2.create_ssl_context(trust_env=False)
        super().__init__(verify=trust)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trust,
            max_connections=connections,
            max_keepalive_connections=kept_alive,
            keepalive_expiry=5.0,
            network_backend=_Backend(),
        )


class _Backend(httpcore2.NetworkBackend):
    def __init__(self) -> None:
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        return _Stream(
            self._plain.connect_tcp(
                host,
                port,
                timeout=_left(timeout),
                local_address=local_address,
                socket_options=socket_options,
            )
        )


class _Stream(httpcore2.NetworkStream):
    def __init__(self, plain: httpcore2.NetworkStream) -> None:
        self._plain = plain

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._plain.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._plain.write(buffer, _left(timeout))

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._plain.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)
