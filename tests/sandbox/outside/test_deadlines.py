"""The limit of a webhook attempt is one for the whole exchange, whatever the listener does with its time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from sandbox.shopify.seed import seed
from sandbox.shopify.settings import Settings, load_app
from sandbox.shopify.store import Store
from sandbox.shopify.world import World
from tests.sandbox.outside.conftest import ALPHA, SECRET, Clock

LIMIT_S = 0.25
PAUSE_S = 0.01  # between two bytes: each read alone would always be in time
JOIN_S = 30


@dataclass
class Dripper:
    """A listener that answers one byte at a time, for ever, until it is told to stop or is hung up on."""

    opening: bytes
    drop: bytes
    told: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        connection, _ = self.socket.accept()
        with connection:
            try:
                connection.sendall(self.opening)
                while not self.told.wait(PAUSE_S):
                    connection.sendall(self.drop)
            except OSError:
                self.hung_up.set()

    def close(self) -> None:
        self.told.set()
        self.socket.close()
        self.thread.join(JOIN_S)


@pytest.fixture(
    params=[
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["headers", "body"],
)
def dripper(request: pytest.FixtureRequest) -> Iterator[Dripper]:
    made = Dripper(*request.param)
    yield made
    made.close()


def world_for(url: str, clock: Clock) -> World:
    store = Store(now=clock)
    seed(store)
    settings = Settings(app=load_app(app_url=url), client_secret=SECRET, total_timeout_s=LIMIT_S)
    return World(settings, store)


def test_a_listener_that_drips_has_not_answered_in_time(dripper: Dripper, clock: Clock) -> None:
    world = world_for(dripper.url, clock)
    world.ask_for_data(ALPHA, {"id": 7}, orders=[])
    assert world.sender.deliver_due() == 1
    (delivery,) = world.store.all(ALPHA, "delivery")
    assert [(one["status"], one["error"]) for one in delivery["attempts"]] == [(None, "no answer in time")]
    assert delivery["state"] == "due"  # it is tried again
    assert dripper.hung_up.wait(JOIN_S)  # and the connection is not kept
    world.sender.stop()
