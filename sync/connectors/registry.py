"""Which kinds of ERP there are. A new kind is a new folder and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kit.faults import Misconfigured
from sync.connectors import tryton
from sync.connectors.base import Connector, Field, Opening


@dataclass(frozen=True)
class Kind:
    """One kind of ERP: its name for people, the questions of its form, how it is opened.

    `order_fields` are the fields of its orders that a mapping may fill, with their words for people. `tells_sold`: its
    stock feed can say how much of a level our own sales took, which split ownership of stock needs.
    """

    name: str
    fields: Sequence[Field]
    open: Callable[[Opening], Connector]
    order_fields: Sequence[tuple[str, str]] = ()
    tells_sold: bool = False


KINDS: Mapping[str, Kind] = {
    "tryton": Kind("Tryton", tryton.FIELDS, tryton.open_connector, tryton.ORDER_FIELDS, tells_sold=True),
}


def open_connector(kinds: Mapping[str, Kind], kind: str, opening: Opening) -> Connector:
    """The connector of a kind. Raises Misconfigured for a kind that this version does not have."""
    if kind not in kinds:
        raise Misconfigured(
            "unknown_kind", f"This version has no connector for {kind}.", misses=f"kind:{kind}"
        )
    return kinds[kind].open(opening)
