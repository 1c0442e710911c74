"""Keeps sales away from amounts at which Tryton never answers again.

Tryton shares the cents that rounding leaves over among the taxes of a group of lines, going round and round past
those that came to nothing. When all of them came to nothing (two taxes of 0.4 cents on a base of ten cents), it goes
round for ever (seen in 8.2.1, 2026-11-21). Such lines are sent without taxes; their tax is put on the invoice by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from sync.connectors.tryton.client import Client
from sync.connectors.tryton.fields import Part
from sync.domain.money import digits

ZERO = Decimal(0)
Rates = Mapping[int, Decimal]


class Taxing:
    """The taxes of one company, as far as lines with several of them are concerned."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def safe(self, parts: Sequence[Part], currency: str) -> list[Part]:
        """The parts, with those marked whose taxes must be put on the invoice by hand."""
        several = {tax for part in parts if len(part.taxes) > 1 for tax in part.taxes}
        if not several:
            return list(parts)
        rows = self._client.search("account.tax", [["id", "in", sorted(several)]], ["rate"])
        return marked(parts, {row["id"]: row["rate"] or ZERO for row in rows}, digits(currency))


def marked(parts: Sequence[Part], rates: Rates, places: int) -> list[Part]:
    """Marks the lines of groups that Tryton cannot round, whether it rounds per document or per line."""
    step = Decimal(1).scaleb(-places)
    groups: dict[tuple[tuple[int, ...], bool], list[Part]] = {}
    for part in parts:
        groups.setdefault((part.taxes, _base(part) >= 0), []).append(part)
    whole = {
        key for key, group in groups.items() if len(key[0]) > 1 and _is_endless(group, key[0], rates, step)
    }
    found = []
    for part in parts:
        is_group = (part.taxes, _base(part) >= 0) in whole
        is_endless = len(part.taxes) > 1 and (is_group or _is_endless([part], part.taxes, rates, step))
        found.append(replace(part, is_taxed_by_hand=is_endless))
    return found


def _is_endless(group: Iterable[Part], taxes: Sequence[int], rates: Rates, step: Decimal) -> bool:
    base = sum((_base(part) for part in group), ZERO)
    return never_ends([base * rates.get(tax, ZERO) for tax in taxes], step)


def never_ends(amounts: Sequence[Decimal], step: Decimal) -> bool:
    """Whether sharing out what rounding left over runs out of taxes to share among."""
    rounded = [amount.quantize(step, ROUND_HALF_EVEN) for amount in amounts]
    left = (sum(rounded, ZERO) - sum(amounts, ZERO)).quantize(step, ROUND_HALF_EVEN)
    offset = step.copy_sign(left)
    while abs(left) >= step:
        if not any(rounded):
            return True
        for place, amount in enumerate(rounded):
            if amount and abs(left) >= step:
                rounded[place] -= offset
                left -= offset
    return False


def _base(part: Part) -> Decimal:
    return part.unit_price * part.quantity
