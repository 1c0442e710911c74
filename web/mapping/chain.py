"""How buyers are recognised: the chain of matches and the external id, as a form asks for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sync.domain.rules import SHOPIFY_ID, MatchBy, Rules
from web.forms import Form, NotFilledIn
from web.mapping import sources

WORDS = (
    (MatchBy.LINK.value, "What Concord wrote or matched before"),
    (MatchBy.EXTERNAL_ID.value, "External id"),
    (MatchBy.EMAIL.value, "The same email address"),
    (MatchBy.PHONE.value, "The same phone number"),
    (MatchBy.VAT.value, "The same VAT number"),
)
OWN = "own"  # what a company has in Shopify; stored as no rule at all
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")
EXTERNAL_IDS = (
    (OWN, "Companies: their external id in Shopify"),
    (SHOPIFY_ID, "The number of the customer in Shopify"),
    *sources.NAMED,
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place of the chain."""

    name: str
    label: str
    chosen: str


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The questions with their answers."""

    places: tuple[Place, ...]
    choices: tuple[tuple[str, str], ...]
    external: str
    externals: tuple[tuple[str, str], ...]
    external_name: str


def chain(rules: Rules) -> Chain:
    """The chain of rules."""
    order = [each.value for each in rules.match_order]
    external, name = sources.apart(rules.external_id)
    return Chain(
        places=tuple(
            Place(
                name=f"match_{number}",
                label=ORDINALS[number - 1],
                chosen=order[number - 1] if number <= len(order) else "",
            )
            for number in range(1, len(MatchBy) + 1)
        ),
        choices=WORDS,
        external=external or OWN,
        externals=EXTERNAL_IDS,
        external_name=name,
    )


def apply(rules: Rules, form: Form) -> Rules:
    """The rules with the chain of the form. Raises NotFilledIn."""
    found: list[MatchBy] = []
    for number in range(1, len(MatchBy) + 1):
        value = form.text(name := f"match_{number}")
        if value not in dict(WORDS):
            continue
        if MatchBy(value) in found:
            raise NotFilledIn(**{name: "This stands further up already. Leave it empty, or choose another."})
        found.append(MatchBy(value))
    if not found:
        raise NotFilledIn(match_1="Choose at least one; else every order would make a new customer.")
    chosen = form.text("external").removeprefix(OWN)
    source = (
        chosen if chosen in ("", SHOPIFY_ID) else sources.typed(form, choice="external", name="external_name")
    )
    return replace(rules, match_order=tuple(found), external_id=source)
