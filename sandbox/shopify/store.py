"""The memory of the local Shopify: plain dictionaries per shop and kind, written through to one file.

It owns identity (one number sequence for everything, as Shopify's ids never collide in practice), locking and the
event bus between what happens in a shop and the webhook sender. It knows no Shopify rule.
"""

from __future__ import annotations

import json
import marshal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Document = dict[str, Any]
FIRST_ID = 6_000_000_001


@dataclass(frozen=True)
class Event:
    """One thing that happened in a shop, with the REST-shaped body as of that moment (None: no topic body)."""

    shop: str
    topic: str
    body: Document
    event_id: str
    triggered_at: datetime


Listener = Callable[[Event], None]


class Store:
    """Documents by (shop, kind, id). `path=None` keeps them in memory only; a file survives a restart.

    `get` and `all` give copies, so that nobody changes a document except through `put`; `view` and `views` give
    the kept documents themselves, for readers that change nothing (a query over a thousand orders cannot copy them).
    `lock` is re-entrant: hold it around a command that must be seen whole.
    """

    def __init__(self, path: Path | None = None, *, now: Callable[[], datetime] | None = None) -> None:
        self.lock = threading.RLock()
        self.now: Callable[[], datetime] = now or (lambda: datetime.now(UTC))
        self._documents: dict[tuple[str, str], dict[str, Document]] = {}
        self._listeners: list[Listener] = []
        self._next = FIRST_ID
        self._depth = 0  # of batches
        self._replaced: list[tuple[str, str, str, Document | None]] = []  # by the batches that are open
        self._file = self._open(path) if path else None

    def _open(self, path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        file.execute("pragma journal_mode=wal")
        file.execute("pragma synchronous=off")  # a crash of the machine may lose the sandbox; a kill may not
        file.execute(
            "create table if not exists document"
            " (shop text, kind text, id text, body text, primary key (shop, kind, id))"
        )
        for shop, kind, key, body in file.execute("select shop, kind, id, body from document order by rowid"):
            if kind == "_sequence":
                self._next = json.loads(body)["next"]
            else:
                self._documents.setdefault((shop, kind), {})[key] = json.loads(body)
        return file

    def next_id(self) -> int:
        """A number never given before in this store."""
        with self.lock:
            number = self._next
            self._next += 1
            self._write("", "_sequence", "next", {"next": self._next})
            return number

    def put(self, shop: str, kind: str, key: str | int, document: Document) -> Document:
        """Stores a copy of the document (plain JSON values only) and returns it."""
        with self.lock:
            kept = _copy(document)
            self._note(shop, kind, str(key))
            self._documents.setdefault((shop, kind), {})[str(key)] = kept
            self._write(shop, kind, str(key), kept)
            return _copy(kept)

    def get(self, shop: str, kind: str, key: str | int) -> Document | None:
        """A copy of the document, or None."""
        with self.lock:
            found = self._documents.get((shop, kind), {}).get(str(key))
            return None if found is None else _copy(found)

    def view(self, shop: str, kind: str, key: str | int) -> Document | None:
        """The kept document itself, or None. Never change it."""
        with self.lock:
            return self._documents.get((shop, kind), {}).get(str(key))

    def all(self, shop: str, kind: str) -> list[Document]:
        """Copies of all documents of a kind, in the order in which they were first put."""
        with self.lock:
            return [_copy(document) for document in self._documents.get((shop, kind), {}).values()]

    def views(self, shop: str, kind: str) -> list[Document]:
        """The kept documents of a kind themselves, in the order in which they were first put. Never change them."""
        with self.lock:
            return list(self._documents.get((shop, kind), {}).values())

    def delete(self, shop: str, kind: str, key: str | int) -> None:
        """Forgets a document; forgetting twice is fine."""
        with self.lock:
            self._note(shop, kind, str(key))
            self._documents.get((shop, kind), {}).pop(str(key), None)
            if self._file:
                self._file.execute(
                    "delete from document where shop = ? and kind = ? and id = ?", (shop, kind, str(key))
                )

    def snapshot(self) -> dict[tuple[str, str], dict[str, Document]]:
        """Everything that is kept, as it is now; empty kinds are left out."""
        with self.lock:
            return {place: _copy(kept) for place, kept in self._documents.items() if kept}

    def shops(self) -> list[str]:
        """Domains of the shops that were seeded (documents of kind `shop`)."""
        with self.lock:
            return [shop for (shop, kind) in self._documents if kind == "shop"]

    def listen(self, listener: Listener) -> None:
        """Calls `listener` for every later event, in the thread that caused it."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        """Tells all listeners."""
        for listener in list(self._listeners):
            listener(event)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Many writes (a command, seeding) as one: all of them, or none when the block raises. Batches may nest."""
        with self.lock:
            self._depth += 1
            name, begun = f"batch_{self._depth}", len(self._replaced)
            self._on_file(f"savepoint {name}")
            try:
                yield
            except BaseException:
                self._undo(begun)
                self._on_file(f"rollback to {name}")
                raise
            finally:
                self._on_file(f"release {name}")
                self._depth -= 1
                if not self._depth:
                    self._replaced.clear()

    def close(self) -> None:
        """Closes the file."""
        with self.lock:
            if self._file:
                self._file.close()
                self._file = None

    def _on_file(self, statement: str) -> None:
        if self._file:
            self._file.execute(statement)

    def _note(self, shop: str, kind: str, key: str) -> None:
        """Remembers what stands under a key, so that a batch can be undone."""
        if self._depth:
            self._replaced.append((shop, kind, key, self._documents.get((shop, kind), {}).get(key)))

    def _undo(self, begun: int) -> None:
        while len(self._replaced) > begun:
            shop, kind, key, before = self._replaced.pop()
            if before is None:
                self._documents.get((shop, kind), {}).pop(key, None)
            else:
                self._documents[shop, kind][key] = before

    def _write(self, shop: str, kind: str, key: str, document: Document) -> None:
        if self._file:
            self._file.execute(
                "insert into document (shop, kind, id, body) values (?, ?, ?, ?)"
                " on conflict (shop, kind, id) do update set body = excluded.body",
                (shop, kind, key, json.dumps(document)),
            )


def _copy(document: Document) -> Document:
    # Ten times faster than copy.deepcopy, and it refuses whatever is not plain JSON.
    copied: Document
    try:
        copied = marshal.loads(marshal.dumps(document))  # noqa: S302
    except ValueError:  # a part of a client's input, which is a kind of dict of its own
        copied = json.loads(json.dumps(document))
    return copied
