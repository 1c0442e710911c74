"""What a sheet is: lines that pair a value of Shopify with a choice of the ERP, read from rules and written back.

A sheet never writes: it turns rules and a filled-in form into new rules. An empty choice means: not mapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync.connectors.base import OptionKind
from sync.domain.rules import Rest, Rules
from sync.insight.missing import Missing
from web.forms import Form, NotFilledIn
from web.options import Lists

LINES_LIMIT = 400


@dataclass(frozen=True, kw_only=True)
class Line:
    """One pair. `name` is the name of its field in the form."""

    name: str
    key: str
    label: str
    chosen: str = ""
    chosen_label: str = ""
    note: str = ""
    records: int = 0  # that are held for it
    share: str | None = None  # percent of what the choice has; None: not asked for
    account: Line | None = None  # a second choice for the same value: the account that it is booked on

    @property
    def is_missing(self) -> bool:
        """Whether records wait for it."""
        return self.records > 0


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Everything that one sheet shows."""

    lines: tuple[Line, ...]
    choices: tuple[tuple[str, str], ...]  # empty: asked for by code
    erp_label: str
    rest: Line | None = None  # what everything else becomes
    rest_is_placeholder: bool | None = None  # whether that leaves the document a draft; None: it cannot
    add_label: str = ""  # a line for a new value is offered under this label
    adds_tax: bool = False
    accounts: tuple[tuple[str, str], ...] = ()  # what the second choice of a line chooses from
    account_label: str = ""
    unmapped: str = ""  # what happens with a value that is not mapped
    policy: str = ""  # the chosen policy for what is not mapped
    policies: tuple[tuple[str, str], ...] = ()


class Kind(Protocol):
    """One kind of sheet."""

    @property
    def heading(self) -> str: ...
    @property
    def intro(self) -> str: ...
    @property
    def misses(self) -> str:
        """The kind of missing mapping that it answers."""
        ...

    @property
    def options(self) -> OptionKind:
        """The ERP list that it chooses from."""
        ...

    @property
    def more_options(self) -> Sequence[OptionKind]:
        """Further lists that it chooses from."""
        ...

    def sheet(
        self, rules: Rules, missing: Sequence[Missing], lists: Lists, *, names: Mapping[str, str]
    ) -> Sheet:
        """The sheet for rules, with what is missing first."""
        ...

    def apply(self, rules: Rules, form: Form, lists: Lists) -> Rules:
        """The rules as the form wants them. Raises NotFilledIn."""
        ...


def placeholders(rules: Rules, form: Form, kind: Rest) -> tuple[Rest, ...]:
    """The placeholders of the rules with this kind as the form wants it."""
    wanted = {*rules.placeholders} - {kind} | ({kind} if form.is_on("rest_is_placeholder") else set())
    return tuple(each for each in Rest if each in wanted)


@dataclass(frozen=True)
class Choices:
    """Reads choices out of a form: ids, or codes that are looked up in the ERP's list."""

    form: Form
    lists: Lists
    kind: OptionKind
    known: frozenset[str] = field(default=frozenset())  # ids that are stored already

    def of(self, name: str) -> str:
        """The chosen id, "" for none. Raises NotFilledIn for something that the ERP does not have."""
        typed = self.form.text(name, limit=128)
        if not typed or typed in self.known:
            return typed
        found = self.lists.id_of(self.kind, typed)
        if not found:
            problem = self.lists.problem or f"Your ERP has nothing that is called “{typed}”."
            raise NotFilledIn(**{name: problem})
        return found

    def lines(self) -> list[tuple[str, str]]:
        """The lines of the form: name of the field and key."""
        pairs = [
            (name, value)
            for name, value in self.form.pairs
            if name.startswith("key_") and name != "key_new" and value
        ]
        return [(f"line_{name.removeprefix('key_')}", value) for name, value in pairs[:LINES_LIMIT]]

    def new_key(self) -> str:
        """The value of a new line; "" when none was typed."""
        return self.form.text("key_new", limit=255)
