"""Which party of the ERP a buyer is, and why: a chain of exact matches that the mapping puts in order.

A person's own choice always wins and is never overwritten. A match needs exactly one party by an exact, normalised
value; two candidates are a question, not an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from sync.domain.documents import CustomerDocument
from sync.domain.rules import MatchBy

WORDS: Final = {
    MatchBy.LINK: "code",
    MatchBy.EXTERNAL_ID: "external id",
    MatchBy.EMAIL: "email",
    MatchBy.PHONE: "phone",
    MatchBy.VAT: "VAT number",
}


class Candidate(Protocol):
    """A party of the ERP that could be the buyer, as connectors give it: once for each reason."""

    @property
    def erp_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def by(self) -> str: ...


class Verdict(StrEnum):
    """What to do about a buyer."""

    LINKED = "linked"  # a person or an earlier export said who it is
    MATCHED = "matched"
    CREATE = "create"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The decision, with the reason for people."""

    verdict: Verdict
    erp_id: str = ""
    because: str = ""
    candidates: tuple[str, ...] = ()


def choose(
    candidates: Iterable[Candidate],
    *,
    order: Sequence[MatchBy] = tuple(MatchBy),
    link: str = "",
    chosen: str = "",
) -> Choice:
    """Which party it is. `chosen` is a person's choice, `link` what an earlier export recorded."""
    if chosen:
        return Choice(verdict=Verdict.LINKED, erp_id=chosen, because="chosen by a person")
    found = list(candidates)
    for by in order:
        if by is MatchBy.LINK and link:
            return Choice(verdict=Verdict.LINKED, erp_id=link, because="linked before")
        ids = sorted({each.erp_id for each in found if reason(each) is by})
        if len(ids) == 1:
            return Choice(verdict=Verdict.MATCHED, erp_id=ids[0], because=f"same {WORDS[by]}")
        if ids:
            return Choice(
                verdict=Verdict.AMBIGUOUS,
                because=f"{len(ids)} parties have the same {WORDS[by]}",
                candidates=tuple(ids),
            )
    return Choice(verdict=Verdict.CREATE, because="nobody matches")


def link_decides(order: Sequence[MatchBy]) -> bool:
    """Whether an earlier export settles who it is before anybody asks the ERP."""
    return order[:1] == (MatchBy.LINK,)


def reason(candidate: Candidate) -> MatchBy:
    """The link of the chain that found a candidate; our code on a party is our link, kept by the ERP."""
    return MatchBy.LINK if candidate.by == "code" else MatchBy(candidate.by)


def looked_up_by(document: CustomerDocument, order: Sequence[MatchBy]) -> tuple[str, ...]:
    """What this buyer is looked up by, in order, in words: the links of the chain for which it has a value."""
    values = {
        MatchBy.LINK: document.code,
        MatchBy.EXTERNAL_ID: document.external_id,
        MatchBy.EMAIL: document.email,
        MatchBy.PHONE: document.phone,
        MatchBy.VAT: document.vat_number,
    }
    return tuple(WORDS[by] for by in order if values[by])
