"""The corpus in a real Tryton: what its accountant sets up once, and each history written as the engine would.

Histories share the two prepared companies and their products; every run gives the orders numbers of their own.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import cycle
from pathlib import Path
from secrets import randbelow
from typing import Any

from kit.faults import Fault, OutcomeUnknown, Rejected, Transient
from sandbox.erp.tryton import books
from sandbox.erp.tryton.books import tax_name
from sandbox.erp.tryton.places import CURRENCIES
from sandbox.shopify.seed_data import SHOPS, catalogue
from sync.connectors.base import INVOICE_OPEN, Connector, Written
from sync.domain.documents import CustomerDocument, Document, PaymentDocument
from sync.domain.exported import NOTHING_EXPORTED, Exported
from sync.domain.filters import Skip
from sync.domain.money import digits
from sync.domain.plan import Plan, plan_order
from sync.domain.rules import Rules
from sync.domain.rules_json import read_rules
from sync.shopify import bodies
from tests.fixtures.tryton import Erp
from tests.golden import corpus
from tests.golden.rendering import of_node

ORDER = re.compile(r"\b6000000001\b")
YEAR = 2026  # of the corpus
TRIES = 8
SERVICES = {
    "service-shipping": "SHIPPING",
    "service-discount": "DISCOUNT",
    "service-tip": "TIP",
    "service-gift_card": "GIFT-CARD",
    "service-duty": "DUTY",
    "service-fee": "FEE",
    "service-adjustment": "DISCOUNT",
    "service-damage": "DIFFERENCE",
    "service-rounding": "ROUNDING",
    "service-residual": "DIFFERENCE",
    "item-placeholder": "PLACEHOLDER",
    "item-misc": "PLACEHOLDER",
}
TAXES = {
    "tax-ny-state": ("New York State Tax", "0.04"),
    "tax-ny-city": ("New York City Tax", "0.04875"),
    "tax-kuwait": ("Kuwait Tax", "0.05"),
    "tax-japan": ("Consumption Tax", "0.1"),
    "tax-19": ("MwSt", "0.19"),
    "tax-7": ("MwSt", "0.07"),
}
RATES = {"KWD": "0.3072", "CAD": "1.3725", "JPY": "154.37", "EUR": "0.9187", "USD": "1.0884"}


@dataclass(frozen=True)
class Look:
    """What one look at an order led to: the plan with what Tryton has of each document, or why there is none."""

    outcome: str  # proven · paid · held · skipped
    reason: str = ""  # code of the fault
    plan: Plan | None = None
    written: tuple[Written, ...] = ()


@dataclass
class Ledgerkeeper:
    """Writes histories into one company, one after the other."""

    erp: Erp
    ids: Mapping[str, str]
    run: str = field(default_factory=lambda: f"{randbelow(9000) + 1000}")
    _parties: dict[str, str] = field(default_factory=dict)

    def play(self, folder: Path) -> list[Look]:
        """Both roads of a history: body first with the ledger after it, and the ledger alone."""
        rules = self._rules(folder)
        connector = self.erp.connector()
        looks, already, made = [], NOTHING_EXPORTED, list[tuple[Document, Written]]()
        for source, is_first in (("body", True), ("node", False), ("node", True)):
            text = self._text(folder, source)
            look, already = self._look(
                connector, source, text, rules, NOTHING_EXPORTED if is_first else already, made
            )
            looks.append(look)
        return looks

    def _text(self, folder: Path, source: str) -> str:
        number = f"{self.run}{folder.name.partition('_')[0]}"
        return ORDER.sub(number, (folder / f"{source}.json").read_text())

    def _rules(self, folder: Path) -> Rules:
        """The rules of the history, with Tryton's ids in the place of the corpus's names."""
        own = folder / "rules.json"
        told = json.loads((corpus.HERE / "rules.json").read_text())
        if own.exists():
            told = corpus.merged(told, json.loads(own.read_text()))
        return read_rules(self._named(told))

    def _named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._named(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._named(each) for each in value]
        return self.ids.get(value, value) if isinstance(value, str) else value

    def _look(
        self,
        connector: Connector,
        source: str,
        text: str,
        rules: Rules,
        already: Exported,
        made: list[tuple[Document, Written]],
    ) -> tuple[Look, Exported]:
        try:
            order, agreements = (
                (bodies.order(bodies.parse(text)), None) if source == "body" else of_node(text)
            )
            plan = plan_order(order, rules, agreements=agreements, already=already)
            if isinstance(plan, Skip):
                return Look("skipped", plan.code), already
            written = tuple(self._write(connector, each, plan.customer, made) for each in plan.documents)
            for payment in plan.payments:
                self._pay(connector, payment)
        except Fault as fault:
            return Look("held", fault.code), already
        outcome = "paid" if not plan.documents else "proven"
        if not (plan.proof.is_proven and plan.whole.is_proven):
            outcome = "unproven"
        return Look(outcome, plan=plan, written=written), already.with_plan(
            plan.exports, payments=[each.source for each in plan.payments]
        )

    def _write(
        self,
        connector: Connector,
        document: Document,
        customer: CustomerDocument,
        made: list[tuple[Document, Written]],
    ) -> Written:
        """The document as Tryton has it. What the other road wrote already, to the last line, is not written twice."""
        for known, written in made:
            if known == document:
                return written
        whole = replace(document, erp_customer=self._party(connector, customer))
        written = self._again(partial(connector.write, whole, key=""))
        made.append((document, written))
        return written

    def _pay(self, connector: Connector, payment: PaymentDocument) -> None:
        try:
            self._again(partial(connector.pay, payment, key=""))
        except Rejected as refusal:
            if refusal.code != INVOICE_OPEN:  # a draft that a person finishes first
                raise

    def _again(self, act: Callable[[], Written]) -> Written:
        """Does it until it is done, as the engine does: Tryton may be busy, or its answer be lost."""
        for _ in range(TRIES - 1):
            try:
                return act()
            except (Transient, OutcomeUnknown):
                continue
        return act()

    def _party(self, connector: Connector, customer: CustomerDocument) -> str:
        if customer.code not in self._parties:
            self._parties[customer.code] = connector.write_customer(customer).erp_id
        return self._parties[customer.code]


def keeper(erp: Erp) -> Ledgerkeeper:
    """Sets up what the corpus needs beyond the prepared company, and knows the names of everything."""
    with erp.admin() as rpc:
        company = erp.ids["company"]
        if not rpc.find("account.fiscalyear", ("name", "=", str(YEAR))):
            books.open_years(rpc, company=company, years=(YEAR,))
        for code in sorted(set(RATES) - set(erp.ids["currencies"])):
            if not rpc.find("currency.currency", ("code", "=", code)):
                name, symbol = CURRENCIES.get(code, (code, code))[:2]
                rates = [{"date": date(2020, 1, 1), "rate": Decimal(RATES[code])}]
                rpc.one(
                    "currency.currency",
                    code=code,
                    name=name,
                    symbol=symbol,
                    digits=digits(code),
                    rounding=Decimal(1).scaleb(-digits(code)),
                    rates=[["create", rates]],
                )
        taxes = {name: _tax(rpc, erp, *pair) for name, pair in TAXES.items()}
    ids = erp.ids
    methods = dict.fromkeys(("cards", "gift cards", "till", "other"), ids["payment_method"])
    goods = cycle(ids["products"].values())  # what the other shop sells is linked to something of this one's
    names = {
        **{f"item-{sku}": next(goods) for shop in SHOPS for sku, *_ in catalogue(shop.domain)},
        **{f"item-{sku}": number for sku, number in ids["products"].items()},
        **{name: ids["services"][code] for name, code in SERVICES.items()},
        **taxes,
        **methods,
        "WH": next(iter(ids["warehouses"].values())),
        "term-30": ids["payment_term_30"],
    }
    return Ledgerkeeper(erp, {name: str(number) for name, number in names.items()})


def _tax(rpc: Any, erp: Erp, title: str, rate: str) -> int:
    """The company's tax of this title and rate; a new one where it has none."""
    name = tax_name(title, rate)
    found = rpc.find("account.tax", ("name", "=", name))
    if found:
        return int(found[0])
    (row,) = rpc.read("account.tax", [next(iter(erp.ids["taxes"].values()))], "invoice_account")
    account = row["invoice_account"]
    return int(
        rpc.one(
            "account.tax",
            name=name,
            description=name,
            type="percentage",
            rate=Decimal(rate),
            company=erp.ids["company"],
            invoice_account=account,
            credit_note_account=account,
        )
    )


def play_all(
    folders: Sequence[Path], keepers: Mapping[str, Ledgerkeeper]
) -> dict[str, tuple[Ledgerkeeper, list[Look]]]:
    """Who wrote each history, and its looks. The companies work side by side, each on one history at a time: numbers of
    invoices have no gaps, so two at once would only wait. Histories in euros belong to the company that keeps its books
    in euros; for the others, the longest first, every currency but one is foreign to whoever is free."""
    largest = sorted(folders, key=lambda each: -(each / "node.json").stat().st_size)
    shared = deque(each for each in largest if not is_in_euros(each))
    found: dict[str, tuple[Ledgerkeeper, list[Look]]] = {}

    def work(keeper: Ledgerkeeper, own: deque[Path]) -> None:
        for queue in (own, shared):
            while True:
                try:
                    folder = queue.popleft()
                except IndexError:
                    break
                found[folder.name] = (keeper, keeper.play(folder))

    with ThreadPoolExecutor(len(keepers)) as pool:
        begun = [
            pool.submit(work, keeper, deque(filter(is_in_euros, largest)) if currency == "EUR" else deque())
            for currency, keeper in keepers.items()
        ]
        for each in begun:
            each.result()
    return found


def is_in_euros(folder: Path) -> bool:
    """Whether the shop of a history counts in euros."""
    order = json.loads((folder / "node.json").read_text())["order"]
    return bool(order.get("currencyCode") == "EUR")


@dataclass(frozen=True)
class Booked:
    """An invoice as it stands in Tryton, and its taxes by their id."""

    total: Decimal
    currency: str
    state: str
    taxes: Mapping[int, Decimal]


def booked(erp: Erp, invoices: Sequence[int]) -> dict[int, Booked]:
    """All these invoices, by id."""
    with erp.admin() as rpc:
        rows = rpc.read("account.invoice", list(invoices), "total_amount", "currency", "state", "taxes")
        taxes = [each for row in rows for each in row["taxes"]]
        charged = {row["id"]: row for row in rpc.read("account.invoice.tax", taxes, "tax", "amount")}
        codes = {
            row["id"]: row["code"]
            for row in rpc.read("currency.currency", sorted({row["currency"] for row in rows}), "code")
        }
    return {
        row["id"]: Booked(
            row["total_amount"],
            codes[row["currency"]],
            row["state"],
            _summed((charged[each]["tax"], charged[each]["amount"]) for each in row["taxes"]),
        )
        for row in rows
    }


def _summed(pairs: Iterator[tuple[int, Decimal]]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for key, amount in pairs:
        found[key] = found.get(key, Decimal(0)) + amount
    return found


def invoices_of(written: Sequence[Written]) -> list[int]:
    """Ids of the invoices of written documents."""
    return [int(each.erp_id) for one in written for each in one.related if each.model == "account.invoice"]
