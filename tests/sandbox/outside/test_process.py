"""The process: its one line of greeting, a question at once, webhooks by itself, a busy port."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from sandbox.shopify import __main__ as process
from tests.sandbox.outside.conftest import ALPHA

WAIT_S = 60


class _Hook(BaseHTTPRequestHandler):
    topics: Queue[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        self.topics.put(self.headers["x-shopify-topic"])

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hook() -> Iterator[tuple[str, Queue[str]]]:
    _Hook.topics = Queue()
    server = HTTPServer(("127.0.0.1", 0), _Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", _Hook.topics
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_the_process_greets_answers_and_sends(hook: tuple[str, Queue[str]], tmp_path: Path) -> None:
    url, topics = hook
    command = [sys.executable, "-m", "sandbox.shopify", "--port", "0", "--app-url", url]
    with subprocess.Popen(
        [*command, "--state", str(tmp_path / "state.sqlite")], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        greeting = json.loads(running.stdout.readline())
        with httpx2.Client(trust_env=False, timeout=WAIT_S) as client:
            shop = greeting["shops"][ALPHA]
            answer = client.post(
                shop["graphql"],
                json={"query": "{ shop { name } }"},
                headers={"X-Shopify-Access-Token": shop["token"]},
            )
            assert answer.json()["data"]["shop"]["name"] == "Alpha Outdoor"
            client.post(f"{greeting['control']}/shops/alpha/install")
            client.post(f"{greeting['control']}/shops/alpha/stock", json={"sku": "ALP-MUG", "available": 3})
        assert topics.get(timeout=WAIT_S) == "inventory_levels/update"
        running.terminate()
        assert running.wait(WAIT_S) in (0, -15)


def test_a_busy_port_is_said_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert process.main(["--port", str(port)]) == process.BUSY
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in told.err


def test_a_broken_configuration_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "app.toml").write_text("client_id = 'x'\n", encoding="utf-8")
    assert process.main(["--port", "0", "--config", str(tmp_path / "app.toml")]) == process.MISCONFIGURED
    assert capsys.readouterr().err.startswith("The app configuration cannot be used")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SANDBOX_PORT", "abc", "must be a whole number from 0 to 65535, not 'abc'."),
        ("SANDBOX_PORT", "99999", "must be a whole number from 0 to 65535, not '99999'."),
        ("SANDBOX_PORT", "-1", "must be a whole number from 0 to 65535, not '-1'."),
        ("SANDBOX_CLOCK_FACTOR", "0", "must be a number above 0, not '0'."),
        ("SANDBOX_CLOCK_FACTOR", "-5", "must be a number above 0, not '-5'."),
        ("SANDBOX_CLOCK_FACTOR", "x", "must be a number above 0, not 'x'."),
        ("SANDBOX_CLOCK_FACTOR", "nan", "must be a number above 0, not 'nan'."),
        ("SANDBOX_CLOCK_FACTOR", "inf", "must be a number above 0, not 'inf'."),
    ],
)
def test_a_number_that_is_none_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    assert process.main([]) == process.MISCONFIGURED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(name)
    assert said.err.endswith(f"{told}\n")
    assert said.err.count("\n") == 1


def test_a_crash_is_not_silent() -> None:
    process.serving(Starlette())
    assert logging.getLogger("uvicorn.error").isEnabledFor(logging.ERROR)
    handlers = logging.getLogger("uvicorn").handlers
    streams = [handler.stream for handler in handlers if isinstance(handler, logging.StreamHandler)]
    assert streams == [sys.stderr]


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "9111")
    monkeypatch.setenv("SANDBOX_CLOCK_FACTOR", "3600")
    chosen = process.options(["--port", "9122"])
    assert (chosen.port, chosen.clock_factor) == ("9122", "3600")
