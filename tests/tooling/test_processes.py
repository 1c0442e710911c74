"""The crew: started in order, ended in reverse, and nothing of it outlives the block."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import processes
from sandbox.leashed import CannotStart, wait_until
from sandbox.processes import Crew, Program, answers, listens, require_free, says
from sandbox.servers import free_port

ROOT = Path(__file__).parents[2]
BRIEF = """
import os, signal, sys
def stop(*_):
    with open(sys.argv[2], "a") as file: file.write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
signal.pause()
"""
WATCHING = """
import sys
from pathlib import Path
from sandbox.processes import Crew, Program, says
with Crew(Path(sys.argv[1])) as crew:
    process = crew.start(Program("sleeper", ["sh", "-c", "echo ready; sleep 600 & wait"], says("ready")))
    print("pid", process.pid, flush=True)
    crew.watch()
"""


def _web(port: int) -> list[str]:
    return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]


def test_a_crew_ends_in_the_reverse_order_of_its_start(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with Crew(tmp_path / "logs") as crew:
        for name in ("first", "second", "third"):
            crew.start(Program(name, [sys.executable, "-c", BRIEF, name, str(journal)], says("ready")))
    assert journal.read_text().split() == ["third", "second", "first"]


WAITING = """
import os, signal, sys, time
from pathlib import Path
mine, other = Path(sys.argv[1]), Path(sys.argv[2])
def stop(*_):
    mine.touch()
    until = time.monotonic() + 50
    while not other.exists() and time.monotonic() < until: time.sleep(0.01)
    if not other.exists(): mine.with_suffix(".alone").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
signal.pause()
"""


def test_those_that_came_aboard_together_are_ended_at_the_same_time(tmp_path: Path) -> None:
    left, right = tmp_path / "left", tmp_path / "right"
    with Crew(tmp_path / "logs") as crew, crew.together():
        for mine, other in (
            (left, right),
            (right, left),
        ):  # each ends only when the other was told to end, too
            command = [sys.executable, "-c", WAITING, str(mine), str(other)]
            crew.start(Program(mine.name, command, says("ready"), grace=60.0))
    assert not list(tmp_path.glob("*.alone"))
    assert left.exists()
    assert right.exists()


def test_a_process_counts_only_when_it_answers(tmp_path: Path) -> None:
    port = free_port()
    with Crew(tmp_path) as crew:
        process = crew.start(
            Program("web", _web(port), answers(f"http://127.0.0.1:{port}/"), folder=tmp_path)
        )
        assert listens(port)(process)
        with pytest.raises(
            CannotStart, match=f"port {port}, where web should listen, is taken; .* set WEB_PORT"
        ):
            require_free(port, what="web", setting="WEB_PORT")
    require_free(port, what="web", setting="WEB_PORT")


def test_one_that_fails_to_start_shows_the_end_of_its_log_and_ends_the_others(tmp_path: Path) -> None:
    with (
        Crew(tmp_path) as crew,
        pytest.raises(CannotStart, match=r"broken ended with status 3(.|\n)*no such table"),
    ):
        held = crew.start(Program("held", ["sh", "-c", "echo ready; sleep 600 & wait"], says("ready")))
        crew.start(Program("broken", ["sh", "-c", "echo no such table >&2; exit 3"], says("ready")))
    assert not held.is_running


def test_one_that_never_becomes_ready_is_given_up(tmp_path: Path) -> None:
    program = Program("slow", ["sleep", "600"], says("ready"), seconds=0.1)
    with Crew(tmp_path) as crew, pytest.raises(CannotStart, match="slow did not become ready"):
        crew.start(program)


def test_the_watch_ends_when_one_of_the_crew_ends(tmp_path: Path) -> None:
    with Crew(tmp_path) as crew:
        process = crew.start(Program("short", ["sh", "-c", "echo ready; sleep 600 & wait"], says("ready")))
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(CannotStart, match="short ended with status 137"):
            crew.watch()


def test_a_failed_command_is_one_sentence_with_its_log(tmp_path: Path) -> None:
    environment = dict(os.environ)
    with Crew(tmp_path) as crew:
        assert crew.run("good", ["echo", "fine"], environment=environment, folder=tmp_path) == "fine\n"
        with pytest.raises(CannotStart, match="bad ended with status 4"):
            crew.run("bad", ["sh", "-c", "exit 4"], environment=environment, folder=tmp_path)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_whole_crew(tmp_path: Path, number: signal.Signals, status: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WATCHING, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        pid = next(int(line.split()[1]) for line in starter.stdout if line.startswith("pid "))
        starter.send_signal(number)
        starter.wait(20)
    assert starter.returncode in (status, -number)
    assert wait_until(lambda: _is_gone(pid), 10)


def _is_gone(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip()[:1] in ("Z", "")


def test_a_port_that_nobody_has_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=str(port)):
            processes.require_free(port, what="it", setting="PORT")
    processes.require_free(port, what="it", setting="PORT")


def test_two_of_one_name_run_side_by_side_and_each_is_killed_for_itself(tmp_path: Path) -> None:
    program = Program("worker", ["sh", "-c", "echo ready; exec sleep 600"], says("ready"))
    with Crew(tmp_path) as crew:
        old, new = crew.start(program), crew.start(program)
        assert old.pid != new.pid
        old.kill()
        assert new.is_running
        assert not old.is_running
