"""The cent table of an order as people read it: Shopify's figures against the ERP documents, component by component."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WORDS = {
    "goods": "Goods",
    "discount": "Discounts",
    "shipping": "Shipping",
    "tip": "Tips",
    "gift_card": "Gift cards sold",
    "duty": "Duties",
    "fee": "Fees",
    "adjustment": "Refund adjustments",
    "rounding": "Cash rounding",
    "residual": "Residual",
    "total": "Total",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One component in the shop's currency and in the buyer's."""

    name: str
    shopify: tuple[str, str]
    documents: tuple[str, str]
    difference: tuple[str, str]
    is_memo: bool  # already contained in other rows
    is_total: bool
    is_equal: bool


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The table."""

    is_proven: bool
    has_two_currencies: bool
    residual: str  # named money that nothing explains; "" when there is none
    rows: tuple[Row, ...]

    @property
    def sentence(self) -> str:
        """What the table shows, in words."""
        if not self.is_proven:
            return "Shopify and your ERP differ. The rows that do not agree are marked."
        if self.residual:
            return f"Shopify and your ERP agree to the cent. {self.residual} is booked as a residual, as you allowed."
        return "Shopify and your ERP agree to the cent."


def read(stored: Mapping[str, Any] | None) -> Proof | None:
    """The proof that a snapshot keeps; None while nothing was proven."""
    if not stored or not stored.get("rows"):
        return None
    rows = tuple(_row(row) for row in stored["rows"])
    residual = _pair(stored.get("residual", {}))[0]
    return Proof(
        is_proven=bool(stored.get("is_proven")),
        has_two_currencies=any(row.shopify[0] != row.shopify[1] for row in rows),
        residual=residual if not _is_zero(residual) else "",
        rows=rows,
    )


def as_csv(proof: Proof) -> str:
    """The table for a spreadsheet or an auditor: one line per component, amounts and currencies in columns of their
    own."""
    text = io.StringIO()
    lines = csv.writer(text)
    sides = ("shop", "buyer")
    figures = ("shopify", "documents", "difference", "currency")
    lines.writerow(["component", "counts", *(f"{side}_{figure}" for side in sides for figure in figures)])
    for row in proof.rows:
        counts = "total" if row.is_total else "contained" if row.is_memo else "part"
        cells = [
            cell
            for side in (0, 1)
            for cell in (
                *(pair[side].partition(" ")[0] for pair in (row.shopify, row.documents, row.difference)),
                row.shopify[side].partition(" ")[2],
            )
        ]
        lines.writerow([row.name, counts, *cells])
    return text.getvalue()


def _row(row: Mapping[str, Any]) -> Row:
    component = str(row["component"])
    difference = _pair(row["difference"])
    name = _WORDS.get(component) or component[:1].upper() + component[1:].replace("_", " ")
    return Row(
        name=f"of which {name[:1].lower()}{name[1:]}" if row.get("is_memo") else name,
        shopify=_pair(row["shopify"]),
        documents=_pair(row["documents"]),
        difference=difference,
        is_memo=bool(row.get("is_memo")),
        is_total=component == "total",
        is_equal=all(_is_zero(amount) for amount in difference),
    )


def _pair(amounts: Mapping[str, Any]) -> tuple[str, str]:
    return str(amounts.get("shop", "")), str(amounts.get("presentment", ""))


def _is_zero(amount: str) -> bool:
    return not amount.partition(" ")[0].strip("-0.")
