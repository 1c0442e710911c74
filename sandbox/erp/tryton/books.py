"""The accounting of one company: chart, years, accounts, taxes, payment. Written as its accountant would click it.

It owns which accounts a shop needs besides the chart that Tryton brings, and gives all ids by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sandbox.erp.tryton.rpc import Rpc

Ids = dict[str, int]

TYPES = {
    "cash": "Cash and Cash Equivalents",
    "owed": "Unearned revenue for services paid for by customers but not yet provided",
    "tax": "Liabilities and assets for current tax",
    "revenue": "Revenue",
    "expense": "Selling, General and Administrative expenses",
}


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """An account that the chart lacks. `kind` names its type; what is owed to a party must name the party."""

    code: str
    name: str
    kind: str


ACCOUNTS = {
    "clearing": NewAccount(code="1.1.9", name="Shopify clearing", kind="cash"),
    "gift_cards": NewAccount(code="2.2.5", name="Gift cards outstanding", kind="owed"),
    "tips": NewAccount(code="2.2.6", name="Tips owed to staff", kind="owed"),
    "duties": NewAccount(code="2.2.7", name="Import duties collected", kind="owed"),
    "shipping": NewAccount(code="4.1.3", name="Shipping charged", kind="revenue"),
    "fees_charged": NewAccount(code="4.1.4", name="Fees charged", kind="revenue"),
    "discounts": NewAccount(code="4.3.4", name="Discounts and adjustments", kind="revenue"),
    "rounding": NewAccount(code="4.3.5", name="Rounding differences", kind="revenue"),
    "residuals": NewAccount(code="4.3.6", name="Shop differences to look into", kind="revenue"),
    "fees": NewAccount(code="5.2.4", name="Payment processing fees", kind="expense"),
}
CHART_ACCOUNTS = {
    "bank": "1.1.1",
    "receivable": "1.2.1",
    "payable": "2.1.1",
    "revenue": "4.1.1",
    "cost": "5.2.1",
    "exchange": "6.2.1",
}


def open_chart(rpc: Rpc, *, company: int) -> Ids:
    """The universal chart and the accounts of this page; ids by our names for them."""
    template = rpc.record("account", "account_template_root_en")
    chosen = {"account": {"company": company, "account_template": template}}
    rpc.wizard("account.create_chart", ("account", {}), ("create_account", chosen))
    accounts = {
        name: rpc.the("account.account", ("code", "=", code)) for name, code in CHART_ACCOUNTS.items()
    }
    types = {kind: rpc.the("account.account.type", ("name", "=", name)) for kind, name in TYPES.items()}
    rpc.write("account.account.type", [types["owed"]], deposit=True, template_override=True)
    rows = [
        {
            "code": new.code,
            "name": new.name,
            "type": types[new.kind],
            "company": company,
            "reconcile": new.kind in ("cash", "owed"),
            "party_required": new.kind == "owed",
        }
        for new in ACCOUNTS.values()
    ]
    accounts |= dict(zip(ACCOUNTS, rpc.create("account.account", rows), strict=True))
    rpc.write(
        "account.configuration",
        [1],
        default_account_receivable=accounts["receivable"],
        default_account_payable=accounts["payable"],
        default_category_account_revenue=accounts["revenue"],
        default_category_account_expense=accounts["cost"],
        currency_exchange_debit_account=accounts["exchange"],
        currency_exchange_credit_account=accounts["exchange"],
        currency_exchange_journal=rpc.the("account.journal", ("code", "=", "EXC")),
    )
    return accounts


def open_years(rpc: Rpc, *, company: int, years: tuple[int, ...]) -> None:
    """Calendar years with monthly periods and gap-less numbers for invoices and credit notes."""
    move = rpc.the("ir.sequence.type", ("name", "=", "Account Move"))
    invoice = rpc.the("ir.sequence.type", ("name", "=", "Invoice"))
    for year in years:
        kinds = (("Moves", move, ""), ("Invoices", invoice, "INV"), ("Credit notes", invoice, "CN"))
        rows = [
            {
                "name": f"{name} {year}",
                "sequence_type": kind,
                "company": company,
                "prefix": f"{prefix}/{year}/" if prefix else "",
                "padding": 5,
            }
            for name, kind, prefix in kinds
        ]
        moves, invoices, credits = rpc.create("ir.sequence.strict", rows)
        numbers = {
            "company": company,
            "out_invoice_sequence": invoices,
            "in_invoice_sequence": invoices,
            "out_credit_note_sequence": credits,
            "in_credit_note_sequence": credits,
        }
        made = rpc.one(
            "account.fiscalyear",
            name=str(year),
            company=company,
            start_date=date(year, 1, 1),
            end_date=date(year, 12, 31),
            move_sequence=moves,
            invoice_sequences=[["create", [numbers]]],
        )
        rpc.press("account.fiscalyear", "create_period", made)


def set_taxes(rpc: Rpc, classes: Mapping[str, tuple[tuple[str, str], ...]], *, company: int) -> Ids:
    """One tax with its own account and report codes for each pair of title and rate; ids by `title rate`."""
    kind = rpc.the("account.account.type", ("name", "=", TYPES["tax"]))
    pairs = sorted({pair for lines in classes.values() for pair in lines})
    taxes: Ids = {}
    for place, (title, rate) in enumerate(pairs, 1):
        name = tax_name(title, rate)
        account = rpc.one(
            "account.account", code=f"2.2.3.{place}", name=f"{name} payable", type=kind, company=company
        )
        taxes[name] = rpc.one(
            "account.tax",
            name=name,
            description=name,
            type="percentage",
            rate=Decimal(rate),
            company=company,
            invoice_account=account,
            credit_note_account=account,
        )
        rpc.create(
            "account.tax.code",
            [_tax_code(name, taxes[name], amount=amount, company=company) for amount in ("base", "tax")],
        )
    return taxes


def tax_name(title: str, rate: str) -> str:
    """What the accountant calls a tax: `MwSt 19 %`."""
    percent = f"{(Decimal(rate) * 100).normalize():f}"
    return f"{title} {percent} %"


def set_payment(rpc: Rpc, accounts: Ids, *, company: int) -> Ids:
    """How invoices are paid: at once, through the clearing account of the shop."""
    journal = rpc.the("account.journal", ("code", "=", "CASH"))
    method = rpc.one(
        "account.invoice.payment.method",
        name="Shopify Payments",
        company=company,
        journal=journal,
        debit_account=accounts["clearing"],
        credit_account=accounts["clearing"],
    )
    term = rpc.one(
        "account.invoice.payment_term", name="Paid online", lines=[["create", [{"type": "remainder"}]]]
    )
    thirty = {"type": "remainder", "relativedeltas": [["create", [{"days": 30}]]]}
    credit = rpc.one("account.invoice.payment_term", name="30 days net", lines=[["create", [thirty]]])
    return {"payment_method": method, "payment_term": term, "payment_term_30": credit}


def journals(rpc: Rpc) -> Ids:
    """Ids of the journals by their code."""
    rows = rpc.read("account.journal", rpc.find("account.journal"), "code")
    return {row["code"]: row["id"] for row in rows}


def _tax_code(name: str, tax: int, *, amount: str, company: int) -> dict[str, object]:
    lines = [{"operator": "+", "tax": tax, "amount": amount, "type": kind} for kind in ("invoice", "credit")]
    return {"name": f"{name}: {amount}", "company": company, "lines": [["create", lines]]}
