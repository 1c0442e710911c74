"""The web shop record that stands for our shop, and what hangs on it: company, currency, countries.

It is where Tryton says in which company we work; without it nothing can be written. Asked once per connector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kit.faults import Misconfigured, Rejected
from sync.connectors.base import Opening
from sync.connectors.tryton.client import Client


@dataclass(frozen=True, kw_only=True)
class WebShop:
    """The record and its company."""

    id: int
    company: int
    company_name: str
    company_currency: str  # what goods cost is kept in it
    currency: str


class Shop:
    """Looks things up that belong to the whole shop, and remembers them while the connector is open."""

    def __init__(self, client: Client, opening: Opening) -> None:
        self._client = client
        self._name = str(opening.address.get("web_shop") or "").strip() or opening.shop_domain
        self._found: dict[tuple[str, str], int] = {}

    @cached_property
    def record(self) -> WebShop:
        """The web shop. From here on every call is made in its company. Raises Misconfigured."""
        fields = ["company.rec_name", "company.currency.code", "currency.code"]
        found = self._client.search("web.shop", [["name", "=", self._name]], fields, size=2)
        if len(found) != 1:
            raise Misconfigured(
                "no_web_shop",
                f"Tryton has {'no' if not found else 'more than one'} web shop named {self._name}. Create it there,"
                " or enter the name of the right one on the Connection page.",
                misses="connection:web_shop",
            )
        (row,) = found
        company = row["company"]
        self._client.context |= {"company": company["id"], "companies": [company["id"]]}
        return WebShop(
            id=row["id"],
            company=company["id"],
            company_name=company["rec_name"],
            company_currency=company["currency"]["code"],
            currency=row["currency"]["code"],
        )

    def currency(self, code: str) -> int:
        """Id of a currency. Raises Misconfigured when Tryton does not have it."""
        return self._required(
            "currency.currency", code, f"Tryton does not know the currency {code}. Create it with a rate."
        )

    def country(self, code: str) -> int | None:
        """Id of a country; None for no country. Raises Misconfigured when Tryton does not have it."""
        if not code:
            return None
        return self._required(
            "country.country", code, f"Tryton does not know the country {code}. Load the countries there."
        )

    def subdivision(self, country_code: str, code: str) -> int | None:
        """Id of a province; None when Tryton does not list it."""
        if not code or not country_code:
            return None
        full = code if code.startswith(f"{country_code}-") else f"{country_code}-{code}"
        return self._id("country.subdivision", full)

    def zones(self, warehouse: int) -> dict[str, int]:
        """The warehouse with the zones that goods leave through, as a shipment names them. Raises Rejected."""
        fields = ["output_location", "picking_location", "storage_location"]
        row = self._client.get("stock.location", warehouse, fields)
        if row is None:
            raise Rejected("warehouse_gone", "A warehouse is not in Tryton any more.", field="warehouse")
        return {
            "warehouse": warehouse,
            "warehouse_output": row["output_location"],
            "warehouse_storage": row["picking_location"] or row["storage_location"],
        }

    def _required(self, model: str, code: str, sentence: str) -> int:
        found = self._id(model, code)
        if found is None:
            raise Misconfigured("unknown_code", sentence, misses=f"erp:{model}:{code}")
        return found

    def _id(self, model: str, code: str) -> int | None:
        if (model, code) not in self._found:
            rows: list[dict[str, Any]] = self._client.search(model, [["code", "=", code]], ["id"], size=1)
            if not rows:
                return None
            self._found[model, code] = int(rows[0]["id"])
        return self._found[model, code]
