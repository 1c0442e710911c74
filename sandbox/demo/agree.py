"""Do both worlds agree? Reads Shopify's orders and the ERP's sales each from its own side, and compares the cents.

Concord is asked only what state its jobs are in; its own proof is not believed here.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from sandbox.bootstrap.steps import Note
from sandbox.demo import ledger
from sandbox.demo.day import Placed
from sandbox.demo.ledger import Sale
from sandbox.demo.town import Town
from sandbox.shopify.seed_data import of

WAIT_SECONDS = 600.0
LOOK_SECONDS = 0.3
SETTLED = ("done", "ignored", "held", "dead")
# By shop and record: state, reason and when it was finished first.
Work = Mapping[tuple[str, str], tuple[str, str, datetime | None]]


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
        """One sale, and the same cents in the same currency on it and on its invoices."""
        return len(self.sales) == 1 and self.sales[0].comes_to(self.total, self.currency)


@dataclass(frozen=True)
class Verdict:
    """Both worlds side by side: the orders of the day, and sales in the ERP that no order of the shop explains."""

    rows: tuple[Row, ...]
    strays: tuple[tuple[str, Sale], ...]

    @property
    def agrees(self) -> bool:
        """Every order has its sale, and every sale its order."""
        return all(row.agrees for row in self.rows) and not self.strays


def wait(town: Town, placed: Sequence[Placed], *, note: Note) -> Verdict:
    """Waits until Concord has settled every order, then looks at both sides; whatever they show is the answer."""
    until = time.monotonic() + WAIT_SECONDS
    keys = {(order.shop, order.gid) for order in placed}
    with psycopg.connect(town.database_url, autocommit=True) as connection:
        while (left := _unsettled(connection, keys)) and time.monotonic() < until:
            note.text = f" {len(keys) - min(left, len(keys))}"
            time.sleep(LOOK_SECONDS)
        work = _work(connection)
    return look(town, placed, work)


def look(town: Town, placed: Sequence[Placed], work: Work) -> Verdict:
    """Both sides as they are now."""
    shops = sorted({order.shop for order in placed})
    with ThreadPoolExecutor(len(shops)) as pool:
        reading = {shop: pool.submit(ledger.read, town, shop) for shop in shops}
        orders = {shop: {each["id"]: each for each in town.control.records(shop, "order")} for shop in shops}
        sales = {shop: by_reference(each.result()) for shop, each in reading.items()}
    rows = [_row(each, orders[each.shop][each.gid], sales[each.shop], work) for each in placed]
    return Verdict(
        tuple(rows), tuple(stray for shop in shops for stray in strays(shop, orders[shop], sales[shop]))
    )


def by_reference(sales: Sequence[Sale]) -> dict[str, list[Sale]]:
    """Sales by the reference that they carry."""
    found: dict[str, list[Sale]] = {}
    for sale in sales:
        found.setdefault(sale.reference, []).append(sale)
    return found


def strays(shop: str, orders: Collection[str], sales: Mapping[str, list[Sale]]) -> Iterator[tuple[str, Sale]]:
    """Sales of no order. What is written later for an order (a credit, a charge) carries `<order>/<what>`."""
    numbers = {gid.rpartition("/")[2] for gid in orders}
    for reference, found in sales.items():
        for sale in found:
            if reference.partition("/")[0] not in numbers:
                yield shop, sale


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


def table(verdict: Verdict) -> str:
    """The comparison for people: a line per order, why where they differ, and what belongs to no order."""
    lines = [
        f"  {'order':<14} {'Shopify':>13}   {'ERP':>13}   {'sale':<10} {'state':<11} {'seconds':>7}  what"
    ]
    for row in verdict.rows:
        name = f"{row.order.shop.partition('.')[0]} {row.order.name}"
        sale = row.sales[0] if row.sales else None
        erp = f"{sale.total:.2f} {sale.currency}" if sale else "-"
        seconds = f"{row.seconds:.1f}" if row.seconds is not None else "-"
        number, state = (sale.number, sale.standing) if sale else ("-", row.job_state)
        lines.append(
            f"  {name:<14} {row.total:>9.2f} {row.currency} {'=' if row.agrees else '≠'} {erp:>13}"
            f"   {number:<10} {state:<11} {seconds:>7}  {row.order.what}"
        )
        if not row.agrees:
            invoiced = ", ".join(f"{each.invoiced:.2f}" for each in row.sales if each.invoiced is not None)
            lines.append(
                f"  {'':<14} {len(row.sales)} sales, invoiced {invoiced or 'nothing'}; job {row.job_state}:"
                f" {row.reason or 'no reason given'}"
            )
    lines += [
        f"  {shop.partition('.')[0]:<14} sale {sale.number} over {sale.total:.2f} {sale.currency}"
        f" ({sale.reference or 'without a reference'}) belongs to no order"
        for shop, sale in verdict.strays
    ]
    return "\n".join(lines)
