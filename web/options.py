"""The ERP's lists for forms: asked when a form needs them, remembered for a minute, and never a reason to fail.

When the ERP does not answer, the form says so and shows the ids that are stored.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kit import clock
from kit.faults import Fault
from sync.connectors.base import Option, OptionKind
from sync.gateways import Gateways
from sync.state.settings_models import Connection

REMEMBER_SECONDS = 60.0
MOST_SHOWN = 300  # a longer list is asked for by code instead of being chosen from


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Lists by kind, or the sentence that says why they could not be read."""

    by_kind: Mapping[OptionKind, Sequence[Option]] = field(default_factory=dict)
    problem: str = ""

    def choices(self, kind: OptionKind) -> tuple[tuple[str, str], ...]:
        """What to choose from: id and label, by label. Empty when the list is too long to choose from."""
        options = [option for option in self.by_kind.get(kind, ()) if option.is_active]
        if len(options) > MOST_SHOWN:
            return ()
        return tuple(sorted(((each.erp_id, label(each)) for each in options), key=lambda each: each[1]))

    def named(self, kind: OptionKind, erp_id: str) -> str:
        """What people call the option with this id; the id when it is not on the list."""
        found = next((each for each in self.by_kind.get(kind, ()) if each.erp_id == erp_id), None)
        return label(found) if found else erp_id

    def id_of(self, kind: OptionKind, typed: str) -> str:
        """The id of what a person typed or chose: an id, a code, a barcode or a name. "" when there is no such one."""
        options = self.by_kind.get(kind, ())
        for matches in (
            lambda each: typed == each.erp_id,
            lambda each: typed.casefold() == each.code.casefold(),
            lambda each: typed in each.barcodes,
            lambda each: typed.casefold() in (each.name.casefold(), label(each).casefold()),
        ):
            found = [each.erp_id for each in options if matches(each)]
            if len(found) == 1:
                return found[0]
        return ""


def label(option: Option) -> str:
    """What people read for an option."""
    return f"{option.code} – {option.name}" if option.code and option.code != option.name else option.name


class Memory:
    """The lists of a moment ago. One per process, held in its state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[int, OptionKind], tuple[float, Sequence[Option]]] = {}

    def find(self, connection_id: int, kind: OptionKind) -> Sequence[Option] | None:
        """The list, unless it is too old or was never read."""
        with self._lock:
            until, options = self._known.get((connection_id, kind), (0.0, ()))
        return options if until > clock.monotonic() else None

    def keep(self, connection_id: int, kind: OptionKind, options: Sequence[Option]) -> None:
        """Remembers a list, and forgets the old ones."""
        now = clock.monotonic()
        with self._lock:
            self._known = {key: value for key, value in self._known.items() if value[0] > now}
            self._known[connection_id, kind] = (now + REMEMBER_SECONDS, options)


def read(
    memory: Memory,
    gateways: Gateways,
    connection: Connection,
    *,
    shop_domain: str,
    kinds: Sequence[OptionKind],
) -> Lists:
    """The lists of these kinds."""
    found: dict[OptionKind, Sequence[Option]] = {}
    try:
        for kind in kinds:
            options = memory.find(connection.id, kind)
            if options is None:
                options = gateways.open(connection, shop_domain).options(kind)
                memory.keep(connection.id, kind, options)
            found[kind] = options
    except Fault as fault:
        return Lists(by_kind=found, problem=fault.sentence)
    return Lists(by_kind=found)
