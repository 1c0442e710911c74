"""What the whole test run needs is made before it begins, in front of whoever waits, or refused in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import prepare
from sandbox.erp.tryton import server
from sandbox.servers import free_port

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_given_server_that_will_not_do_ends_the_preparation_with_one_sentence(name: str) -> None:
    scheme = {"DATABASE_URL": "postgresql", "REDIS_URL": "redis"}[name]
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.prepare"],
        cwd=ROOT,
        env={**os.environ, name: f"{scheme}://127.0.0.1:{free_port()}/0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"sandbox: the server of {name} cannot be used")
    assert ended.stderr.count("\n") == 1


@pytest.mark.slow
def test_what_is_prepared_is_not_prepared_again(
    tryton_server: server.Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(browser))
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    assert tryton_server.shops
    assert prepare.main() == 0
    assert capsys.readouterr() == ("", "")


def test_only_the_whole_run_is_prepared_for() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = {block.partition(":")[0]: block for block in makefile.split("\n\n")}
    assert "sandbox.prepare" in recipes["test"]
    assert "sandbox.prepare" not in recipes["check"]
