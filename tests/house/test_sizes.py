"""A file fits in one head, a function on one screen."""

from __future__ import annotations

import ast

from tests.house import files

LINES_OF_A_FILE = 400
LINES_OF_A_BEHAVIOUR = 60
LINES_OF_A_FUNCTION = 50
SUFFIXES = (".py", ".html", ".js", ".css")


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path): count
        for path in files.committed()
        if path.suffix in SUFFIXES and (count := len(files.text(path).splitlines())) > LINES_OF_A_FILE
    }
    assert not long


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without the promise in the docstring."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1


def test_no_function_is_longer_than_one_screen() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in files.of(*files.PACKAGES)
        if path.parts[0] not in ("tests", "migrations")
        for node in files.nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(node) > LINES_OF_A_FUNCTION
    ]
    assert not long


def test_a_behaviour_of_the_browser_stays_under_60_lines() -> None:
    behaviours = [path for path in files.of("frontend", suffix=".js") if "behaviors" in path.parts]
    assert behaviours
    assert not [path for path in behaviours if len(files.text(path).splitlines()) >= LINES_OF_A_BEHAVIOUR]


def test_every_module_says_what_it_owns() -> None:
    silent = [
        str(path)
        for path in files.of(*files.PACKAGES)
        if files.text(path).strip() and not ast.get_docstring(files.tree(path))
    ]
    assert not silent
