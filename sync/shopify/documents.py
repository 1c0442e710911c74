"""The GraphQL documents that Concord sends, read from `operations/*.graphql`: the file's name is the document's.

One file holds one operation, named alike (`order_refunds` holds `OrderRefunds`); files that begin with `_` hold
fragments, and each operation gets exactly those it spreads. It knows what the client must know of a document before
sending it (is it a write, does it take a key) and leaves validation against the schema to the test run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_OPERATION = re.compile(r"^(query|mutation)\s+(\w+)", re.MULTILINE)
_FRAGMENT = re.compile(r"^fragment\s+(\w+)\s+on\s", re.MULTILINE)
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")
_COMMENT = re.compile(r"#[^\n]*")
_KEYED = re.compile(r"@idempotent\(\s*key:\s*\$key\s*\)")


class UnknownOperation(LookupError):
    """No file holds an operation of that name. Always a bug of ours."""


@dataclass(frozen=True)
class Document:
    """One operation with the fragments that it needs."""

    name: str  # order_refunds
    operation: str  # OrderRefunds
    text: str
    is_write: bool
    roots: tuple[str, ...]  # the fields it asks of Query or Mutation
    takes_key: bool


def document(name: str) -> Document:
    """The document of that name."""
    try:
        return documents()[name]
    except KeyError as error:
        raise UnknownOperation(f"there is no sync/shopify/operations/{name}.graphql") from error


@cache
def documents() -> Mapping[str, Document]:
    """All documents by name."""
    folder = files("sync.shopify") / "operations"
    texts = {
        file.name: file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".graphql")
    }
    return assemble(texts)


def assemble(texts: Mapping[str, str]) -> Mapping[str, Document]:
    """Documents from file names and texts. Raises ValueError when a file breaks the rules above."""
    fragments: dict[str, str] = {}
    for file, text in texts.items():
        if file.startswith("_"):
            fragments.update(_fragments(file, text))
    found: dict[str, Document] = {}
    for file, text in sorted(texts.items()):
        if file.startswith("_"):
            continue
        bare = _COMMENT.sub("", text)
        operations = _OPERATION.findall(bare)
        if len(operations) != 1:
            raise ValueError(f"{file} must hold one named operation, not {len(operations)}")
        name = file.removesuffix(".graphql")
        kind, operation = operations[0]
        if operation.lower() != name.replace("_", ""):
            raise ValueError(f"the operation in {file} must be named like the file, not {operation}")
        found[name] = Document(
            name=name,
            operation=operation,
            text=bare.strip() + "".join(f"\n{part}" for part in _needed(bare, fragments)) + "\n",
            is_write=kind == "mutation",
            roots=_roots(bare),
            takes_key=bool(_KEYED.search(bare)),
        )
    return found


def _fragments(file: str, text: str) -> dict[str, str]:
    bare = _COMMENT.sub("", text)
    starts = list(_FRAGMENT.finditer(bare))
    if not starts or _OPERATION.search(bare):
        raise ValueError(f"{file} must hold fragments and no operation")
    ends = [start.start() for start in starts[1:]] + [len(bare)]
    return {
        start.group(1): bare[start.start() : end].strip() for start, end in zip(starts, ends, strict=True)
    }


def _needed(text: str, fragments: Mapping[str, str]) -> list[str]:
    own = set(_FRAGMENT.findall(text))
    needed: dict[str, str] = {}
    waiting = _SPREAD.findall(text)
    while waiting:
        name = waiting.pop(0)
        if name not in own and name not in needed and name in fragments:
            needed[name] = fragments[name]
            waiting += _SPREAD.findall(fragments[name])
    return list(needed.values())


def _roots(text: str) -> tuple[str, ...]:
    """The fields one brace deep in the operation, by their real names."""
    start = _OPERATION.search(text)
    at = start.end() if start else 0
    roots: list[str] = []
    braces = round_ones = 0
    for token in re.finditer(r'"(?:\\.|[^"\\])*"|[{}()]|@?\$?\w+|:', text[at:]):
        match token.group():
            case "(":
                round_ones += 1
            case ")":
                round_ones -= 1
            case "{" if not round_ones:
                braces += 1
            case "}" if not round_ones:
                braces -= 1
                if not braces:
                    break
            case ":" if braces == 1 and not round_ones:
                roots.pop()  # what stood before was an alias
            case word if braces == 1 and not round_ones and word[0].isalpha():
                roots.append(word)
    return tuple(roots)
