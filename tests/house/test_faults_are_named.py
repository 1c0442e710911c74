"""Catch only what you can name; leave nothing half done and nothing switched off."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house import files

BROAD = {"Exception", "BaseException"}
HALF_DONE = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error)\b")
WAYS_OFF = ("skip", "xfail", "importorskip", "mark.skip", "mark.skipif", "mark.xfail")
SWITCHED_OFF = {f"pytest.{way}" for way in WAYS_OFF} | {
    "unittest.skip",
    "unittest.skipIf",
    "unittest.skipUnless",
}


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(part) for part in caught.elts)
    return caught is None or files.dotted(caught) in BROAD


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and (
        last.exc is None or (isinstance(last.exc, ast.Name) and last.exc.id == handler.name)
    )


def test_nothing_is_caught_that_has_no_name() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path in files.of(*files.PACKAGES)
        for node in files.nodes(path)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _raises_again(node)
    ]
    assert not broad


def test_nothing_is_swallowed_without_a_name() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path in files.of(*files.PACKAGES)
        for node in files.nodes(path)
        if isinstance(node, ast.Call)
        and files.dotted(node.func).endswith("suppress")
        and any(_is_broad(argument) for argument in node.args)
    ]
    assert not broad


def test_nothing_is_left_half_done() -> None:
    marks = [
        f"{path}: {found.group()}"
        for path in files.committed()
        if path.suffix in {".py", ".html", ".js", ".css", ".graphql", ".sql"}
        for found in HALF_DONE.finditer(files.text(path))
    ]
    assert not marks


def _switches_off(node: ast.AST) -> bool:
    """One of the ways by its whole name, or brought in by its short one."""
    if isinstance(node, ast.ImportFrom):
        return any(f"{node.module}.{name.name}" in SWITCHED_OFF | {"pytest.mark"} for name in node.names)
    return isinstance(node, ast.Attribute) and files.dotted(node) in SWITCHED_OFF


def test_no_test_is_switched_off() -> None:
    off = [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path in files.of("tests")
        for node in files.nodes(path)
        if _switches_off(node)
    ]
    assert not off


def test_no_test_replaces_a_part_of_our_own() -> None:
    mocks = [
        str(path)
        for path in files.of("tests")
        for node in files.nodes(path)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest.mock"))
        or (isinstance(node, ast.Import) and any(name.name == "unittest.mock" for name in node.names))
    ]
    assert not mocks


def test_no_test_sleeps() -> None:
    sleepers = [
        f"{path}:{node.lineno}"
        for path in files.of("tests")
        for node in files.nodes(path)
        if isinstance(node, ast.Call) and files.dotted(node.func) in {"time.sleep", "sleep", "asyncio.sleep"}
    ]
    assert not sleepers


def test_the_rules_would_notice(tmp_path: Path) -> None:
    handlers = [
        node
        for node in ast.walk(
            ast.parse("try: a()\nexcept (ValueError, Exception): b()\nexcept BaseException: raise")
        )
        if isinstance(node, ast.ExceptHandler)
    ]
    assert [_is_broad(handler.type) and not _raises_again(handler) for handler in handlers] == [True, False]
    ways = """
import pytest
from pytest import importorskip
from unittest import skipIf
pytest.importorskip("uvloop")
pytest.skip("later")
@pytest.mark.xfail(reason="later")
def test_it(): pytest.fail("now")
"""
    assert sum(_switches_off(node) for node in ast.walk(ast.parse(ways))) == 5
