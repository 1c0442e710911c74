"""The cent table of an order: Shopify's own figures against the ERP documents, by component, in both currencies.

Shopify's side is what Shopify states itself, and where it states nothing the sum of the record's lines or of the
ledger; never the documents. Where prices include tax, the components include it too and the tax rows only tell how
much of them it is; else the tax rows add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sync.domain.components import DISCOUNT, TAX, TOTAL, of_documents, tax_name
from sync.domain.documents import Document, LineKind
from sync.domain.history import Sale
from sync.domain.lines import KINDS
from sync.domain.money import Both, Money, Tally

NOTHING_OWN: Mapping[str, Both] = MappingProxyType({})
PLACES = {kind.value: place for place, kind in enumerate(LineKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One component: what Shopify says, what the documents say."""

    component: str
    shopify: Both
    documents: Both
    is_memo: bool = False  # contained in the other rows: not part of the sum
    is_figure: bool = False  # Shopify states it itself; else it is summed from its lines or its ledger

    @property
    def difference(self) -> Both:
        """What the documents lack."""
        return self.shopify - self.documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The cent table. Proven: every component and the total agree in both currencies."""

    rows: tuple[Row, ...]
    total: Row
    residual: Both  # named money that nothing explains; posted by policy

    @property
    def is_proven(self) -> bool:
        """No cent is unexplained."""
        return not self.unexplained

    @property
    def unexplained(self) -> tuple[Row, ...]:
        """The rows that do not agree."""
        return tuple(row for row in (*self.rows, self.total) if row.difference)

    def as_json(self) -> dict[str, object]:
        """For the record's page, the auditor's export and `concord explain`."""
        return {
            "is_proven": self.is_proven,
            "residual": _amounts(self.residual),
            "rows": [
                {
                    "component": row.component,
                    "is_memo": row.is_memo,
                    "is_figure": row.is_figure,
                    "shopify": _amounts(row.shopify),
                    "documents": _amounts(row.documents),
                    "difference": _amounts(row.difference),
                }
                for row in (*self.rows, self.total)
            ],
        }


def prove(
    sales: Iterable[Sale],
    documents: Sequence[Document],
    *,
    total: Both,
    rounding: Both,
    taxes_included: bool,
    own: Mapping[str, Both] = NOTHING_OWN,
    before: Sequence[Mapping[str, Both]] = (),
) -> Proof:
    """Compares what Shopify charged with the documents that stand for it.

    `own` are figures that Shopify states itself, by component; what it states nowhere is summed from the sales.
    `total` is Shopify's own figure for these sales; what its components do not explain is the residual. `rounding` is
    cash rounding, which Shopify keeps outside of its totals. `before` are the components of documents that are not
    at hand any more.
    """
    zero = total - total
    said = _shopify(sales, zero, taxes_included=taxes_included)
    if rounding:
        said[LineKind.ROUNDING.value] = rounding
    said.update(own)
    residual = total + rounding - _sum(said, zero, taxes_included=taxes_included)
    if residual:
        said[LineKind.RESIDUAL.value] = residual
    made = _added(of_documents(documents, zero), before, zero)
    whole = made.pop(TOTAL, zero)
    rows = tuple(
        Row(
            component=component,
            shopify=said.get(component, zero),
            documents=made.get(component, zero),
            is_memo=taxes_included and component.startswith(TAX),
            is_figure=component in own,
        )
        for component in sorted({*said, *made}, key=_place)
    )
    return Proof(
        rows=rows,
        total=Row(component=TOTAL, shopify=total + rounding, documents=whole, is_figure=True),
        residual=residual,
    )


def _shopify(sales: Iterable[Sale], zero: Both, *, taxes_included: bool) -> dict[str, Both]:
    tally = Tally(zero)
    for sale in sales:
        kind = KINDS.get(sale.line_type, LineKind.ADJUSTMENT).value
        tally.add(kind, sale.total)
        if not taxes_included:
            tally.add(kind, sale.tax, sign=-1)
        if sale.discount:
            tally.add(kind, sale.discount)
            tally.add(DISCOUNT, sale.discount, sign=-1)
        for tax in sale.taxes:
            if tax.amount:
                tally.add(tax_name(tax.title, tax.rate), tax.amount)
    return tally.sums()


def _added(made: dict[str, Both], before: Sequence[Mapping[str, Both]], zero: Both) -> dict[str, Both]:
    for each in before:
        for component, amount in each.items():
            made[component] = made.get(component, zero) + amount
    return {component: amount for component, amount in made.items() if amount or component == TOTAL}


def _sum(table: Mapping[str, Both], zero: Both, *, taxes_included: bool) -> Both:
    for component, amount in table.items():
        if not (taxes_included and component.startswith(TAX)):
            zero = zero + amount
    return zero


def _place(component: str) -> tuple[int, str]:
    return PLACES.get(component, len(PLACES)), component


def _amounts(both: Both) -> dict[str, str]:
    return {"shop": _text(both.shop), "presentment": _text(both.presentment)}


def _text(money: Money) -> str:
    return str(money)
