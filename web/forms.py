"""What a person filled in: text by field name, trimmed and limited. Files are never asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

LONGEST_TEXT = 2_000
_UNKEPT = str.maketrans("", "", "\x00")  # PostgreSQL keeps every character but this


def plain(text: str, *, limit: int = LONGEST_TEXT) -> str:
    """A text as it can be kept: trimmed, limited, without the character that no database takes."""
    return text.translate(_UNKEPT).strip()[:limit]


class NotFilledIn(Exception):
    """A form cannot be taken as it is: one sentence per field, shown beside it."""

    def __init__(self, **sentences: str) -> None:
        super().__init__(", ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True)
class Form:
    """The fields of one submission, in order; a name may come several times."""

    pairs: Sequence[tuple[str, str]] = field(default=())

    @classmethod
    def of(cls, data: FormData) -> Form:
        """The texts of a parsed form."""
        return cls(tuple((name, value) for name, value in data.multi_items() if isinstance(value, str)))

    def text(self, name: str, *, limit: int = LONGEST_TEXT) -> str:
        """A field's text without the spaces around it; "" when it is not there."""
        return plain(next((value for key, value in self.pairs if key == name), ""), limit=limit)

    def texts(self, name: str) -> list[str]:
        """All texts of a field that may be chosen several times."""
        return [plain(value) for key, value in self.pairs if key == name]

    def is_on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.text(name) != ""

    def number(self, name: str) -> int | None:
        """A whole number, or None."""
        value = self.text(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None

    def after(self, prefix: str) -> dict[str, str]:
        """All fields whose name begins so, by the rest of the name."""
        return {
            plain(key.removeprefix(prefix)): plain(value)
            for key, value in self.pairs
            if key.startswith(prefix)
        }
