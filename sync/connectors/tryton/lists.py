"""Lists that a mapping chooses from: products, warehouses, taxes, accounts, ways and terms of payment, carriers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from sync.connectors.base import Option, OptionKind
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shop import Shop

PRODUCT_FIELDS = ("code", "rec_name", "name", "active", "identifiers.code")


class Lists:
    """The lists of one company."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self._client = client
        self._shop = shop

    def options(self, kind: OptionKind, codes: Sequence[str]) -> list[Option]:
        """One list; products may be asked by their codes or barcodes."""
        company = ["company", "=", self._shop.record.company]
        match kind:
            case OptionKind.PRODUCT:
                return self._products(codes)
            case OptionKind.WAREHOUSE:
                rows = self._client.all("stock.location", [["type", "=", "warehouse"]], ["name", "code"])
                return [_option(row, row["name"], code=row["code"]) for row in rows]
            case OptionKind.TAX:
                # A tax that consists of others shows up on invoices as those others: it cannot carry one amount.
                domain = [company, ["childs", "=", None]]
                rows = self._client.all("account.tax", domain, ["name", "rate", "type"])
                return [_option(row, row["name"], rate=row["rate"]) for row in rows]
            case OptionKind.ACCOUNT:
                domain = [company, ["type", "!=", None], ["closed", "!=", True]]
                rows = self._client.all("account.account", domain, ["name", "code"])
                return [_option(row, row["name"], code=row["code"]) for row in rows]
            case OptionKind.PAYMENT_METHOD:
                rows = self._client.all("account.invoice.payment.method", [company], ["name"])
                return [_option(row, row["name"]) for row in rows]
            case OptionKind.PAYMENT_TERM:
                rows = self._client.all("account.invoice.payment_term", [], ["name"])
                return [_option(row, row["name"]) for row in rows]
            case OptionKind.CARRIER:
                rows = self._client.all("carrier", [], ["rec_name"])
                return [_option(row, row["rec_name"]) for row in rows]
            case _:
                assert_never(kind)

    def _products(self, codes: Sequence[str]) -> list[Option]:
        domain: list[Any] = [["salable", "=", True]]
        if codes:
            wanted = list(codes)
            domain.append(["OR", ["code", "in", wanted], ["identifiers.code", "in", wanted]])
        rows = self._client.all("product.product", domain, PRODUCT_FIELDS)
        return [
            Option(
                erp_id=str(row["id"]),
                name=row["name"],
                code=row["code"] or "",
                barcodes=tuple(each["code"] for each in row["identifiers"]),
                is_active=row["active"],
            )
            for row in rows
        ]


def _option(row: Row, name: str, *, code: str | None = None, rate: Any = None) -> Option:
    return Option(erp_id=str(row["id"]), name=name, code=code or "", rate=rate)
