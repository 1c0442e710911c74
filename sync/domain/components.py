"""What documents come to, by the components of the cent table. The documents' side of every proof is summed here."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from sync.domain.documents import Document, LineKind
from sync.domain.mapper import percent
from sync.domain.money import Both, Tally

TAX = "tax"
TOTAL = "total"
DISCOUNT = LineKind.DISCOUNT.value


@lru_cache(maxsize=1024)
def tax_name(title: str, rate: Decimal) -> str:
    """The row of a tax in the cent table."""
    return f"{TAX} {title} {percent(rate)}"


def of_documents(documents: Iterable[Document], zero: Both) -> dict[str, Both]:
    """The sum of each component, and of all. Where prices include tax, a component includes it too."""
    tally = Tally(zero)
    for document in documents:
        for line in document.lines:
            kind = line.kind.value
            tally.add(kind, line.net)
            tally.add(TOTAL, line.net)
            if line.discount:
                tally.add(kind, line.discount)
                tally.add(DISCOUNT, line.discount, sign=-1)
            for tax in line.taxes:
                if tax.amount:
                    tally.add(TOTAL, tax.amount)
                    tally.add(tax_name(tax.title, tax.rate), tax.amount)
                    if tax.is_included:
                        tally.add(kind, tax.amount)
    return {component: amount for component, amount in tally.sums().items() if amount or component == TOTAL}
