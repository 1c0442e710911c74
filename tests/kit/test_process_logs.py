"""Every line of a process is an object, from its first to its last: also those of the servers that run our code."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sandbox.leashed import Leashed, wait_until
from sandbox.servers import free_port

ROOT = Path(__file__).parents[2]
SECONDS = 120
COMMANDS = {
    "uvicorn": ("uvicorn web.app:app --port {port}", "Uvicorn running on"),
    "dramatiq": ("dramatiq sync.worker --processes 1 --threads 2 --skip-logging", "ready for action"),
}


@pytest.mark.slow
@pytest.mark.parametrize("server", COMMANDS)
def test_every_line_of_a_process_is_an_object(
    fresh_environment: dict[str, str], tmp_path: Path, server: str
) -> None:
    command, ready = COMMANDS[server]
    process = Leashed(
        server,
        [sys.executable, "-m", *command.format(port=free_port()).split()],
        log=tmp_path / "log",
        environment={**os.environ, **fresh_environment},
        folder=ROOT,
        grace=SECONDS,
    )
    assert wait_until(lambda: ready in process.tail() or not process.is_running, SECONDS)
    process.stop()
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    assert any(ready in line["message"] for line in lines)
    assert any(line["logger"].startswith(server) for line in lines)
    assert all({"at", "level", "logger", "message"} <= set(line) for line in lines)
