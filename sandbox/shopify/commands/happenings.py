"""What a command tells the outside: one action, one event id, any number of topics.

It owns the moment at which a body is built (when the command has finished and everything is stored) and the order of
the topics. Who receives them is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from sandbox.shopify import bodies
from sandbox.shopify.store import Document, Event, Store


@dataclass
class Action:
    """One thing that a merchant, a buyer or an app does."""

    store: Store
    shop: str
    told: list[tuple[str, Document]] = field(default_factory=list)

    def tell(self, topic: str, document: Document) -> None:
        """Announces a topic about a document; the same topic about the same record is told once, as it ends up."""
        for place, (known, about) in enumerate(self.told):
            if known == topic and document.get("id") and about.get("id") == document["id"]:
                self.told[place] = (topic, document)
                return
        self.told.append((topic, document))


@contextmanager
def action(store: Store, shop: str) -> Iterator[Action]:
    """Runs a command whole, then tells its topics; a command that fails tells nothing."""
    with store.lock, store.batch():
        happening = Action(store, shop)
        yield happening
        event_id = str(uuid5(NAMESPACE_URL, f"{shop}/{store.next_id()}"))
        events = [
            Event(shop, topic, bodies.build(store, shop, topic, document), event_id, store.now())
            for topic, document in happening.told
        ]
        for event in events:
            store.emit(event)
