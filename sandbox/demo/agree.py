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

from sandbox.bootstrap.steps import Note
from sandbox.demo.day import Placed
from sandbox.demo.shopify import Document
from sandbox.demo.town import Town
from sandbox.erp.tryton.rpc import Rpc
from sandbox.shopify.seed_data import of

WAIT_SECONDS = 600.0
LOOK_SECONDS = 0.3
SETTLED = ("done", "ignored", "held", "dead")
# By shop and record: state, reason and when it was finished first.
Work = Mapping[tuple[str, str], tuple[str, str, datetime | None]]


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


def wait(town: Town, placed: Sequence[Placed], *, note: Note) -> list[Row]:
    """Waits until Concord has settled every order, then looks at both sides; whatever they show is the answer."""
    until = time.monotonic() + WAIT_SECONDS
    keys = {(order.shop, order.gid) for order in placed}
    with psycopg.connect(town.database_url, autocommit=True) as connection:
        while (left := _unsettled(connection, keys)) and time.monotonic() < until:
            note.text = f" {len(keys) - min(left, len(keys))}"
            time.sleep(LOOK_SECONDS)
        work = _work(connection)
    return look(town, placed, work)


def look(town: Town, placed: Sequence[Placed], work: Work) -> list[Row]:
    """Both sides as they are now."""
    orders: dict[tuple[str, str], Document] = {}
    sales: dict[str, dict[str, list[Sale]]] = {}
    for shop in {order.shop for order in placed}:
        orders |= {(shop, order["id"]): order for order in town.control.records(shop, "order")}
        ledger = Ledger(town, shop)
        sales[shop] = ledger.sales()
        ledger.close()
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
        """All sales by the reference that they carry, each with what was invoiced for it."""
        found: dict[str, list[Sale]] = {}
        fields = ("reference", "web_id", "number", "total_amount", "currency", "state", "invoices")
        for row in self._rpc.read("sale.sale", self._rpc.find("sale.sale"), *fields):
            invoices = self._rpc.read("account.invoice", row["invoices"], "total_amount", "state")
            posted = [each["total_amount"] for each in invoices if each["state"] in ("posted", "paid")]
            sale = Sale(
                number=row["number"] or "draft",
                total=sum(posted, Decimal(0)) if posted else row["total_amount"],
                currency=self._code(row["currency"]),
                state="invoiced" if posted else row["state"],
            )
            found.setdefault(str(row["web_id"] or row["reference"]), []).append(sale)
        return found

    def _code(self, currency: int) -> str:
        if currency not in self._codes:
            self._codes[currency] = self._rpc.read("currency.currency", [currency], "code")[0]["code"]
        return self._codes[currency]


def _work(connection: psycopg.Connection) -> Work:
    """State and reason of the newest export of each order, and when an export of it was finished first."""
    query = """
        select shop.domain, job.record, (array_agg(job.state order by job.id desc))[1],
            (array_agg(job.reason order by job.id desc))[1], min(job.finished_at)
        from job join shop on shop.id = job.shop_id where job.flow = 'order_push' group by 1, 2
    """
    return {
        (domain, record): (state, reason, at)
        for domain, record, state, reason, at in connection.execute(query)
    }


def _unsettled(connection: psycopg.Connection, keys: set[tuple[str, str]]) -> int:
    """How much still waits or runs: orders, or deliveries that may become work for them."""
    work = _work(connection)
    open_orders = sum(key not in work or work[key][0] not in SETTLED for key in keys)
    waiting = connection.execute("select count(*) from delivery where state = 'waiting'").fetchone()
    return open_orders or int(waiting[0] if waiting else 0)


def _row(
    placed: Placed,
    order: Mapping[str, Any],
    sales: Mapping[str, list[Sale]],
    work: Work,
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
