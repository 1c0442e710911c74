"""Pages of a list: cursors that name the last row, and Shopify's rules for first, last, after and before.

It owns keyset paging over rows that carry a sort value and an id, so that rows that are added or change between two
pages neither shift nor repeat the rest. It does not filter: see `search`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.documents import type_of
from sandbox.shopify.errors import bad_request, unsupported
from sandbox.shopify.store import Document

LARGEST_PAGE = 250
SortValue = str | int
SortKey = Callable[[Document], SortValue]


@dataclass(frozen=True)
class _Row:
    value: SortValue
    number: int
    document: Any

    def place(self) -> tuple[SortValue, int]:
        return (self.value, self.number)

    def cursor(self) -> str:
        kept = {"last_id": self.number, "last_value": _written(self.value)}
        return base64.b64encode(json.dumps(kept, separators=(",", ":")).encode()).decode()


def _written(value: SortValue) -> str:
    text = str(value)
    if len(text) == 20 and text[10] == "T" and text.endswith("Z"):
        return f"{text[:10]} {text[11:19]}.000000"
    return text


def _read(text: str, like: SortValue) -> SortValue:
    if isinstance(like, int):
        return int(text)
    if len(like) == 20 and like[10] == "T" and like.endswith("Z"):
        return f"{text[:10]}T{text[11:19]}Z"
    return text


def _number(document: Any, position: int) -> int:
    """The numeric id of a row; rows without one count by their place in the list."""
    found = document.get("id") if isinstance(document, Mapping) else None
    if isinstance(found, str) and type_of(found):
        digits = found.rsplit("/", 1)[-1].split("?")[0]
        if digits.isdigit():
            return int(digits)
    return position


def sort_by(keys: Mapping[str, SortKey], arguments: Mapping[str, Any], default: str) -> SortKey:
    """The order that `sortKey` asks for. Raises the named error for one that is not implemented here."""
    wanted = arguments.get("sortKey") or default
    if wanted not in keys:
        raise unsupported(f"sortKey {wanted}")
    return keys[wanted]


def connection(
    rows: Sequence[Any],
    arguments: Mapping[str, Any],
    *,
    sort: SortKey | None = None,
    page_needed: bool = True,
) -> Document:
    """One page of `rows` as a connection; without `sort` the rows keep their order."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None and page_needed:
        raise bad_request("you must provide one of first or last")
    if first is not None and last is not None:
        raise bad_request("providing both first and last is not supported")
    for name in ("first", "last"):
        if (arguments.get(name) or 0) < 0:
            raise bad_request(f"{name} cannot be negative")
    if (first or last or 0) > LARGEST_PAGE:
        raise bad_request(f"first and last must be at most {LARGEST_PAGE}")
    if sort is None:
        ordered = [_Row(index + 1, _number(row, index + 1), row) for index, row in enumerate(rows)]
    else:
        ordered = [_Row(sort(row), _number(row, index + 1), row) for index, row in enumerate(rows)]
        ordered.sort(key=_Row.place)
    backwards = bool(arguments.get("reverse"))
    if backwards:
        ordered.reverse()
    after, before = arguments.get("after"), arguments.get("before")
    window = [row for row in ordered if _inside(row, after, before, backwards)]
    size = first if first is not None else last if last is not None else len(window)
    page = window[:size] if last is None else window[max(0, len(window) - size) :]
    cut_start, cut_end = (last is not None and len(window) > size), (last is None and len(window) > size)
    return {
        "nodes": [row.document for row in page],
        "edges": [{"cursor": row.cursor(), "node": row.document} for row in page],
        "pageInfo": {
            "hasPreviousPage": bool(after) or cut_start,
            "hasNextPage": bool(before) or cut_end,
            "startCursor": page[0].cursor() if page else None,
            "endCursor": page[-1].cursor() if page else None,
        },
    }


def _inside(row: _Row, after: str | None, before: str | None, backwards: bool) -> bool:
    if after and not _beyond(row, after, backwards):
        return False
    return not before or _beyond(row, before, not backwards)


def _beyond(row: _Row, cursor: str, backwards: bool) -> bool:
    """Whether the row comes after the cursor's row in the asked order."""
    try:
        kept = json.loads(base64.b64decode(cursor, validate=True))
        place = (_read(kept["last_value"], row.value), int(kept["last_id"]))
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise bad_request(f"Invalid cursor for current pagination sort: {cursor}") from error
    mine = row.place()
    # Both places hold values of the same sort key, so they compare.
    return mine < place if backwards else mine > place


def count(size: int, limit: int | None = 10_000) -> Document:
    """A Count: exact below the limit, a lower bound from there on."""
    if limit is not None and size >= limit > 0:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": size, "precision": "EXACT"}
