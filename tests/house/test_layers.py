"""Imports go one way, and no dependency takes one of our names."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from tests.house import files

NUDGE_CALLERS = {
    "sync/actors.py",
    "sync/schedule.py",
    "sync/state/inbox.py",
    "sync/state/jobs.py",
    "web/webhooks.py",
}
NETWORK = ("socket", "ssl", "urllib.request", "http.client", "requests", "httpx", "urllib3", "aiohttp")


def test_the_layers_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-logo", "--no-cache"], cwd=files.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_dependency_provides_a_package_with_one_of_our_names() -> None:
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)==", files.text(Path("requirements-dev.lock")), re.MULTILINE))
    assert len(locked) > 50
    taken = {
        f"{package.name}: {clash}"
        for package in importlib.metadata.distributions()
        if package.name and _canonical(package.name) in {_canonical(name) for name in locked}
        for clash in {file.parts[0].removesuffix(".py") for file in package.files or []} & set(files.PACKAGES)
    }
    assert not taken


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_only_named_modules_nudge() -> None:
    callers = {
        str(path)
        for path in files.of(*files.PRODUCTION)
        for node in files.nodes(path)
        if isinstance(node, ast.Call) and files.dotted(node.func).endswith("nudge")
    }
    assert callers
    assert callers <= NUDGE_CALLERS


def test_outward_requests_leave_only_through_the_one_door() -> None:
    """Types of the HTTP client may be named anywhere; making a client or a socket may not."""
    strays = []
    for path in files.of(*files.PRODUCTION):
        if path == Path("kit/http.py") or path == Path("kit/addresses.py"):
            continue
        for node in files.nodes(path):
            match node:
                case ast.Import(names=names):
                    strays += [f"{path}:{node.lineno} {n.name}" for n in names if _is_network(n.name)]
                case ast.ImportFrom(module=str(module)) if _is_network(module):
                    strays.append(f"{path}:{node.lineno} {module}")
                case ast.Call(func=func) if _makes_a_client(files.dotted(func)):
                    strays.append(f"{path}:{node.lineno} {files.dotted(func)}")
                case _:
                    pass
    assert not strays


def _is_network(module: str) -> bool:
    return module in NETWORK or module.startswith(tuple(f"{name}." for name in NETWORK))


def _makes_a_client(name: str) -> bool:
    package, _, what = name.partition(".")
    return package == "httpx2" and what in {
        "Client",
        "AsyncClient",
        "get",
        "post",
        "put",
        "request",
        "stream",
    }


def test_async_stops_at_the_door() -> None:
    strays = [
        f"{path}:{node.lineno} {node.name}"
        for path in files.of("kit", "oauth", "sync", "migrations")
        for node in files.nodes(path)
        if isinstance(node, ast.AsyncFunctionDef)
    ]
    assert not strays


def test_only_kit_config_reads_the_environment() -> None:
    readers = {
        str(path)
        for path in files.of(*files.PRODUCTION)
        for node in files.nodes(path)
        if files.dotted(node) in {"os.environ", "os.getenv", "environ", "getenv"}
    }
    assert readers == {"kit/config.py"}
