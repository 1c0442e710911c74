"""Serves an application on a free port of this machine, from a thread, for as long as a block lasts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

HOST = "127.0.0.1"
END_SECONDS = 10.0


def free_socket() -> tuple[socket.socket, str]:
    """A bound socket and the origin that it will answer under."""
    bound = socket.socket()
    bound.bind((HOST, 0))
    return bound, f"http://{HOST}:{bound.getsockname()[1]}"


@contextmanager
def served(app: Any, bound: socket.socket) -> Iterator[None]:
    """The application answers inside the block. The socket queues what comes before it is ready."""
    bound.listen(128)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="on", ws="none", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="uvicorn", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(END_SECONDS)
        bound.close()
