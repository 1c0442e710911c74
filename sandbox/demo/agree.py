"""Do both worlds agree? Reads Shopify's orders and the ERP's sales each from its own side, and compares the cents.

Concord is asked only what state its jobs are in; its own proof is not believed here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from sandbox.demo.day import Placed
from sandbox.demo.town import Town
from sandbox.erp.tryton.rpc import Rpc
from sandbox.shopify.seed_data import of

WAIT_SECONDS = 240.0
LOOK_SECONDS = 0.4


@dataclass(frozen=True)
class Sale:
    """A sale as the ERP has it."""

    number: str
    total: Decimal
    currency: str
    state: str


@dataclass(frozen=True)
class Row:
    """One order on both sides. Several sales for one order are as wrong as none."""

    order: Placed
    total: Decimal
    currency: str
    sales: tuple[Sale, ...]
    job_state: str
    reason: str
    seconds: float | None

    @property
    def agrees(self) -> bool:
        """One document, the same currency, the same cents."""
        return [(sale.total, sale.currency) for sale in self.sales] == [(self.total, self.currency)]


def wait(town: Town, placed: Sequence[Placed]) -> list[Row]:
    """Looks until all agree, or until nothing more can be hoped for. The last look is given, whatever it shows."""
    until = time.monotonic() + WAIT_SECONDS
    ledgers = {shop: Ledger(town, shop) for shop in {order.shop for order in placed}}
    try:
        while True:
            rows = look(town, placed, ledgers)
            is_hopeless = all(row.agrees or row.job_state in ("held", "dead") for row in rows)
            if is_hopeless or time.monotonic() > until:
                return rows
            time.sleep(LOOK_SECONDS)
    finally:
        for ledger in ledgers.values():
            ledger.close()


def look(town: Town, placed: Sequence[Placed], ledgers: Mapping[str, Ledger]) -> list[Row]:
    """Both sides as they are now."""
    orders = {
        (shop, str(order["id"])): order for shop in ledgers for order in town.control.records(shop, "order")
    }
    sales = {shop: ledger.sales() for shop, ledger in ledgers.items()}
    with psycopg.connect(town.database_url) as connection:
        work = _work(connection)
    return [_row(each, orders[each.shop, each.gid], sales[each.shop], work) for each in placed]


class Ledger:
    """The sales of one company, read over the ERP's own interface as its administrator."""

    def __init__(self, town: Town, shop: str) -> None:
        erp = town.erp.shops[shop]
        self._rpc = Rpc(erp.url, erp.database, **erp.ids["admin"])
        self._codes: dict[int, str] = {}

    def close(self) -> None:
        """Ends the session."""
        self._rpc.close()

    def sales(self) -> dict[str, list[Sale]]:
        """All sales by the reference that they carry."""
        found: dict[str, list[Sale]] = {}
        fields = ("reference", "web_id", "number", "total_amount", "currency", "state")
        for row in self._rpc.read("sale.sale", self._rpc.find("sale.sale"), *fields):
            sale = Sale(
                row["number"] or "draft", row["total_amount"], self._code(row["currency"]), row["state"]
            )
            found.setdefault(str(row["web_id"] or row["reference"]), []).append(sale)
        return found

    def _code(self, currency: int) -> str:
        if currency not in self._codes:
            self._codes[currency] = self._rpc.read("currency.currency", [currency], "code")[0]["code"]
        return self._codes[currency]


def _work(connection: psycopg.Connection) -> dict[tuple[str, str], tuple[str, str, datetime | None]]:
    """State and reason of the newest export of each order, and when its last one was finished."""
    query = """
        select shop.domain, job.record, job.state, job.reason, job.finished_at
        from job join shop on shop.id = job.shop_id where job.flow = 'order_push' order by job.id
    """
    return {
        (domain, record): (state, reason, at)
        for domain, record, state, reason, at in connection.execute(query)
    }


def _row(
    placed: Placed,
    order: Mapping[str, Any],
    sales: Mapping[str, list[Sale]],
    work: Mapping[tuple[str, str], tuple[str, str, datetime | None]],
) -> Row:
    money = order["totalPriceSet"]["shopMoney"]
    state, reason, finished_at = work.get((placed.shop, placed.gid), ("not begun", "", None))
    created_at = datetime.fromisoformat(order["createdAt"])
    return Row(
        order=placed,
        total=Decimal(str(money["amount"])),
        currency=of(placed.shop).currency,
        sales=tuple(sales.get(placed.gid.rpartition("/")[2], ())),
        job_state=state,
        reason=reason,
        seconds=(finished_at - created_at).total_seconds() if finished_at else None,
    )


def table(rows: Sequence[Row]) -> str:
    """The comparison for people: a line per order, and why where they differ."""
    lines = [
        f"  {'order':<14} {'Shopify':>13}   {'ERP':>13}   {'sale':<10} {'state':<11} {'seconds':>7}  what"
    ]
    for row in rows:
        name = f"{row.order.shop.partition('.')[0]} {row.order.name}"
        sale = row.sales[0] if row.sales else None
        erp = f"{sale.total:.2f} {sale.currency}" if sale else "-"
        seconds = f"{row.seconds:.1f}" if row.seconds is not None else "-"
        number, state = (sale.number, sale.state) if sale else ("-", row.job_state)
        lines.append(
            f"  {name:<14} {row.total:>9.2f} {row.currency} {'=' if row.agrees else '≠'} {erp:>13}"
            f"   {number:<10} {state:<11} {seconds:>7}  {row.order.what}"
        )
        if not row.agrees:
            lines.append(
                f"  {'':<14} {len(row.sales)} sales; job {row.job_state}: {row.reason or 'no reason given'}"
            )
    return "\n".join(lines)
