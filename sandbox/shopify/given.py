"""What a client gave and whether a resolver took notice of it: a wish that nobody reads is refused, never forgotten.

It owns the note of which keys were read. A key that was only asked about (`in`) was not read; one that was copied or
walked over was, and so was one that the resolver's module would have read in another case (the note of a refund when
nothing is refunded). Values that a schema fills in for the client do not count as given.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import graphql as g

# What only makes Shopify write to somebody; nobody is written to here.
WITHOUT_EFFECT = frozenset({"notifyCustomer", "notify", "message"})
_MISSING = object()


class Noted(dict[str, Any]):
    """An argument or input object that remembers which of its keys were read."""

    __slots__ = ("read",)

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__({key: _noted(value) for key, value in given.items()})
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        self.read.update(super().keys())
        return super().__iter__()

    def keys(self) -> Any:
        self.read.update(super().keys())
        return super().keys()

    def items(self) -> Any:
        self.read.update(super().keys())
        return super().items()

    def values(self) -> Any:
        self.read.update(super().keys())
        return super().values()


def _noted(value: Any) -> Any:
    if isinstance(value, list):
        return [_noted(one) for one in value]
    return Noted(value) if isinstance(value, dict) else value


@cache
def keys_read_in(module: str) -> frozenset[str]:
    """The keys that the source of a module reads anywhere, as `x["key"]` or `x.get("key")`."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        match node:
            case ast.Subscript(slice=ast.Constant(value=str(key)), ctx=ast.Load()):
                found.add(key)
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), *_]):
                found.add(key)
    return frozenset(found)


def raw(node: g.FieldNode, values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a field as the client wrote them, without what a schema fills in."""
    return {
        argument.name.value: g.value_from_ast_untyped(argument.value, dict(values))
        for argument in node.arguments or ()
    }


def unread(written: Any, noted: Any, path: str = "") -> Iterator[str]:
    """The paths of what was written, is not null, and was not read."""
    if isinstance(noted, list):
        for one, other in zip(written if isinstance(written, list) else [written], noted, strict=True):
            yield from unread(one, other, path)
    elif isinstance(noted, Noted):
        for key, value in written.items():
            here = f"{path}.{key}" if path else key
            found = dict.get(noted, key, _MISSING)
            if value is None or found is _MISSING or key in WITHOUT_EFFECT:
                continue
            if key in noted.read:
                yield from unread(value, found, here)
            else:
                yield here
