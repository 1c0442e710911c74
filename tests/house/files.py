"""The repository as its own tests see it: what is committed or about to be, by folder, with parsed Python."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCTION = ("kit", "oauth", "sync", "web", "migrations")
PACKAGES = (*PRODUCTION, "frontend", "sandbox", "bench", "tests")


@cache
def committed() -> tuple[Path, ...]:
    """Every file that git knows or would add, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(
        sorted({Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()})
    )


def of(*folders: str, suffix: str = ".py") -> list[Path]:
    """The committed files below the folders with one suffix."""
    return [path for path in committed() if path.parts[0] in folders and path.suffix == suffix]


@cache
def text(path: Path) -> str:
    """Content of a committed text file."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(text(path), filename=str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of the parsed module."""
    return tuple(ast.walk(tree(path)))


def dotted(node: ast.AST) -> str:
    """`os.environ` for such an expression; empty for anything that is not a chain of names."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            before = dotted(value)
            return f"{before}.{attr}" if before else ""
        case _:
            return ""
