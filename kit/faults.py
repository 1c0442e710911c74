"""The four kinds of fault, and the kind decides what happens next. Anything else is a bug and crashes loudly.

A fault carries a stable `code` (grouped into issues), a `sentence` for the merchant and a `detail` for support
that holds no personal data and no secret.

A sentence of ours names no person. Words of the other side might: they stand in it `quoted`, and are `veiled` for
whoever may not read personal data.
"""

from __future__ import annotations

import re

VEIL = "…"
# Invisible inside the quotation marks: our own sentences quote names of settings, which nobody has to hide.
_EDGE = "\u2060"
_QUOTED = re.compile(f"{_EDGE}[^{_EDGE}]*({_EDGE}|$)")  # a sentence may have been cut


def quoted(words: str) -> str:
    """Words of the other side, as a part of a sentence of ours."""
    return f"“{_EDGE}{words.replace(_EDGE, '')}{_EDGE}”"


def is_quoting(sentence: str) -> bool:
    """Whether a sentence has words of the other side in it."""
    return _EDGE in sentence


def veiled(sentence: str) -> str:
    """The sentence without what the other side said."""
    return _QUOTED.sub(VEIL, sentence)


class Fault(Exception):
    """Something that can go wrong in a known way."""

    kind = "fault"
    counts = True  # as an attempt of the job; waiting for a place or a budget does not

    def __init__(self, code: str, sentence: str, *, detail: str = "", field: str = "") -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.detail = detail
        self.field = field


class Transient(Fault):
    """Nothing happened over there. Try later, with back-off; `after_seconds` is the remote system's own wish."""

    kind = "transient"

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        detail: str = "",
        field: str = "",
        after_seconds: float | None = None,
    ) -> None:
        super().__init__(code, sentence, detail=detail, field=field)
        self.after_seconds = after_seconds


class Rejected(Fault):
    """The remote system, or a rule of ours, refused this record. A person looks."""

    kind = "rejected"


class Misconfigured(Fault):
    """A setting, mapping or credential is missing or wrong: hold, and run again by itself once it is fixed.

    `misses` names the missing thing in a stable form (`mapping:tax:19%:DE`, `credential:12`, `grant`); whoever
    fixes that thing releases exactly the jobs that are held for it.
    """

    kind = "misconfigured"

    def __init__(self, code: str, sentence: str, *, misses: str, detail: str = "", field: str = "") -> None:
        super().__init__(code, sentence, detail=detail, field=field)
        self.misses = misses


class OutcomeUnknown(Fault):
    """A write was sent and no answer came. Ask the remote system before anything else."""

    kind = "unknown"
