"""Makes `.venv` from the lock: the only thing that runs on a machine with nothing but Python, make and git.

Any Python 3 can read this file, to say in one sentence that 3.11 is needed. A stamp in `.venv` holds the hash of the
lock, so that a second run does nothing. uv installs, itself taken from the lock with its hashes; where it cannot,
pip does the same more slowly.
"""

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements-dev.lock"
STAMP = VENV / ".concord-stamp"
LOG = ROOT / ".cache" / "install.log"
NEEDED = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")


def stop(sentence: str) -> None:
    """Ends with one sentence and status 1."""
    sys.stderr.write("concord: " + sentence + "\n")
    sys.exit(1)


def use_new_enough_python() -> None:
    """Goes on with a newer interpreter when this one is too old and another is installed."""
    if sys.version_info >= NEEDED:
        return
    for name in NEWER:
        path = shutil.which(name)
        if path:
            os.execv(path, [path, "-m", "sandbox.bootstrap.environment", *sys.argv[1:]])  # noqa: S606
    have = ".".join(map(str, sys.version_info[:3]))
    stop(f"Python 3.11 or newer is needed, and this is {have}; install python3.11 or set PYTHON=/path/to/it.")


def make_venv() -> None:
    """A virtual environment with pip; keeps the one that is there if it works."""
    python = VENV / "bin" / "python"
    if python.exists() and _run([str(python), "-m", "pip", "--version"]):
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        stop(
            f"this Python cannot make virtual environments; install Debian's package {package} and try again."
        )
    shutil.rmtree(str(VENV), ignore_errors=True)
    if not _run([sys.executable, "-m", "venv", str(VENV)]):
        stop(f"the virtual environment {VENV} could not be made:\n{_tail()}")


def get_uv() -> bool:
    """uv in the environment, in the version and with the hashes of the lock; false where it has no build."""
    block = re.search(r"^uv==[^\n]*(\n {4}--hash=[^\n]*)+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if block is None:
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(block.group().rstrip("\\ ") + "\n")
        file.flush()
        return _pip("--only-binary=:all:", "--require-hashes", "-r", file.name)


def install(*, with_uv: bool) -> None:
    """Exactly the packages of the lock, each checked against its hash."""
    python = str(VENV / "bin" / "python")
    uv = [str(VENV / "bin" / "uv"), "pip", "sync", "--require-hashes", "--python", python, str(LOCK)]
    # A mirror that is set for pip only is unknown to uv: then pip has the second word.
    if not (with_uv and _run(uv)) and not _pip("--require-hashes", "-r", str(LOCK)):
        stop(f"the packages could not be installed; the end of {LOG.relative_to(ROOT)} says:\n{_tail()}")


def write_command() -> None:
    """`concord` beside the environment's other commands: this checkout's own code, called from any folder."""
    command = VENV / "bin" / "concord"
    script = '#!/bin/sh\nPYTHONPATH={} exec {} -m sync "$@"\n'.format(
        shlex.quote(str(ROOT)), shlex.quote(str(VENV / "bin" / "python"))
    )
    if command.exists() and command.read_text(encoding="utf-8") == script:
        return
    command.write_text(script, encoding="utf-8")
    command.chmod(0o755)


def main() -> int:
    """Brings `.venv` up to the lock and says what it does while it does something."""
    use_new_enough_python()
    from sandbox.bootstrap.steps import step

    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted and (VENV / "bin" / "python").exists():
        write_command()
        return 0
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_bytes(b"")
    print("Preparing Concord's tools (once; a later run skips this):", file=sys.stderr, flush=True)
    with step("Python environment in .venv"):
        make_venv()
    with step("uv, the installer"):
        with_uv = get_uv()
    with step("packages of requirements-dev.lock"):
        install(with_uv=with_uv)
    write_command()
    STAMP.write_text(wanted, encoding="ascii")
    return 0


def _pip(*options: str) -> bool:
    python = str(VENV / "bin" / "python")
    return _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options])


def _run(command: "list[str]") -> bool:
    """Runs a command into the log; it must neither ask nor be led by settings of another environment."""
    environment = {
        k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")
    }
    with LOG.open("ab") as log:
        log.write(("$ " + " ".join(command) + "\n").encode())
        log.flush()
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, check=False
        )
    return done.returncode == 0


def _tail() -> str:
    return "\n".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])


if __name__ == "__main__":
    sys.exit(main())
