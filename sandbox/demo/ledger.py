"""The sales of one company, read over the ERP's own interface as its administrator; Concord is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.demo.town import Town
from sandbox.erp.tryton.rpc import Rpc

FIELDS = ("reference", "web_id", "number", "total_amount", "currency", "state", "invoices", "party")
POSTED = ("posted", "paid")


@dataclass(frozen=True)
class Sale:
    """A sale as the ERP has it, and what its invoices come to; `invoiced` is None when there is none."""

    reference: str
    number: str
    party: str
    total: Decimal
    invoiced: Decimal | None
    currency: str
    state: str
    is_posted: bool

    def comes_to(self, total: Decimal, currency: str) -> bool:
        """Whether the sale, and its invoices if there are any, are about exactly this money."""
        is_invoiced = self.invoiced is None or self.invoiced == total
        return (self.total, self.currency) == (total, currency) and is_invoiced

    @property
    def standing(self) -> str:
        """How far it is, in a word."""
        return "invoiced" if self.is_posted else self.state


def read(town: Town, shop: str) -> list[Sale]:
    """All sales of a shop's company."""
    erp = town.erp.shops[shop]
    with Rpc(erp.url, erp.database, **erp.ids["admin"]) as rpc:
        rows = rpc.read("sale.sale", rpc.find("sale.sale"), *FIELDS)
        invoices = _by_id(
            rpc,
            "account.invoice",
            [each for row in rows for each in row["invoices"]],
            "total_amount",
            "state",
        )
        currencies = _by_id(rpc, "currency.currency", [row["currency"] for row in rows], "code")
        parties = _by_id(rpc, "party.party", [row["party"] for row in rows], "name")
    return [
        _sale(
            row,
            [invoices[each] for each in row["invoices"] if invoices[each]["state"] != "cancelled"],
            currency=currencies[row["currency"]]["code"],
            party=parties[row["party"]]["name"] if row["party"] else "",
        )
        for row in rows
    ]


def _sale(row: Mapping[str, Any], invoices: list[Mapping[str, Any]], *, currency: str, party: str) -> Sale:
    return Sale(
        reference=str(row["web_id"] or row["reference"] or ""),
        number=row["number"] or "draft",
        party=party or "",
        total=row["total_amount"],
        invoiced=sum((each["total_amount"] for each in invoices), Decimal(0)) if invoices else None,
        currency=currency,
        state=row["state"],
        is_posted=bool(invoices) and all(each["state"] in POSTED for each in invoices),
    )


def _by_id(rpc: Rpc, model: str, ids: list[int | None], *fields: str) -> dict[int, Mapping[str, Any]]:
    wanted = sorted({each for each in ids if each is not None})
    return dict(zip(wanted, rpc.read(model, wanted, *fields), strict=True)) if wanted else {}
