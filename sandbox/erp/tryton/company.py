"""Fills an empty Tryton with one company that sells through one shop, from the plain data of that shop.

It owns the order of the set-up and the card that it leaves behind: every id by name, and the key for the connector.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.erp.tryton import books, goods
from sandbox.erp.tryton.books import Ids
from sandbox.erp.tryton.places import COUNTRIES, CURRENCIES, PROVINCES
from sandbox.erp.tryton.rpc import Rpc
from sandbox.shopify.seed_data import Address, ShopSeed
from sync.domain.money import digits

Card = dict[str, Any]
LOGIN = "concord"
GROUPS = (
    "sale.group_sale",
    "sale.group_sale_admin",
    "stock.group_stock",
    "stock.group_stock_force_assignment",
    "stock.group_stock_cancellation",
    "account.group_account",
    "product.group_product_admin",
    "party.group_party_admin",
)
RATES_SINCE = date(2020, 1, 1)


def fill(rpc: Rpc, seed: ShopSeed, *, years: tuple[int, ...], progress: Callable[[str], None]) -> Card:
    """Does the whole set-up and returns the card. Raises TrytonSaysNo; a half-filled database is worth nothing."""
    currencies = _currencies(rpc, seed)
    countries = _countries(rpc)
    company = _company(rpc, seed, currency=currencies[seed.currency], countries=countries)
    progress("chart of accounts, years, taxes")
    accounts = books.open_chart(rpc, company=company)
    books.open_years(rpc, company=company, years=years)
    taxes = books.set_taxes(rpc, seed.taxes, company=company)
    payment = books.set_payment(rpc, accounts, company=company)
    progress("products and stock")
    categories = goods.set_categories(rpc, seed, accounts=accounts, taxes=taxes)
    products = goods.set_products(rpc, seed, categories=categories)
    services = goods.set_services(rpc, categories=categories)
    warehouses, storages = goods.set_warehouses(rpc, seed)
    goods.count_stock(rpc, seed, products=products, storages=storages, company=company)
    carriers = _carriers(rpc, product=services["SHIPPING"])
    shop = _web_shop(
        rpc, seed, company=company, currency=currencies[seed.currency], warehouses=list(warehouses.values())
    )
    return {
        "shop": seed.domain,
        "company": company,
        "currencies": currencies,
        "countries": countries,
        "accounts": accounts,
        "taxes": taxes,
        **payment,
        "journals": books.journals(rpc),
        "categories": categories,
        "products": products,
        "services": services,
        "warehouses": warehouses,
        "storages": storages,
        "carriers": carriers,
        "web_shop": shop,
        **_api_user(rpc, company=company),
    }


def _currencies(rpc: Rpc, seed: ShopSeed) -> Ids:
    rates = {seed.currency: "1", **seed.rates}
    rows = [
        {
            "code": code,
            "name": CURRENCIES[code][0],
            "symbol": CURRENCIES[code][1],
            "digits": digits(code),
            "rounding": Decimal(1).scaleb(-digits(code)),
            "rates": [["create", [{"date": RATES_SINCE, "rate": Decimal(rate)}]]],
        }
        for code, rate in rates.items()
    ]
    return dict(zip(rates, rpc.create("currency.currency", rows), strict=True))


def _countries(rpc: Rpc) -> Ids:
    rows = [
        {
            "code": code,
            "name": name,
            "subdivisions": [["create", [_subdivision(*each) for each in PROVINCES.get(code, ())]]],
        }
        for code, name in COUNTRIES.items()
    ]
    return dict(zip(COUNTRIES, rpc.create("country.country", rows), strict=True))


def _subdivision(code: str, name: str, kind: str) -> dict[str, str]:
    return {"code": code, "name": name, "type": kind}


def _company(rpc: Rpc, seed: ShopSeed, *, currency: int, countries: Ids) -> int:
    """The company, and the administrator working in it from now on."""
    address = [["create", [_address(seed.address, countries)]]]
    party = rpc.one("party.party", name=seed.name, code=f"COMPANY-{seed.domain}", addresses=address)
    company = rpc.one("company.company", party=party, currency=currency, timezone=seed.timezone)
    rpc.write("res.user", [rpc.user], companies=[["add", [company]]], company=company)
    rpc.context |= {"company": company, "companies": [company]}
    return company


def _address(address: Address, countries: Ids) -> dict[str, Any]:
    return {
        "street_unstructured": address.address1,
        "postal_code": address.zip,
        "city": address.city,
        "country": countries[address.country_code],
    }


def _carriers(rpc: Rpc, *, product: int) -> Ids:
    names = ("UPS", "DHL")
    parties = rpc.create("party.party", [{"name": name, "code": f"CARRIER-{name}"} for name in names])
    rows = [{"party": party, "carrier_product": product} for party in parties]
    return dict(zip(names, rpc.create("carrier", rows), strict=True))


def _web_shop(rpc: Rpc, seed: ShopSeed, *, company: int, currency: int, warehouses: list[int]) -> int:
    # Without a guest party: Tryton 8.2 refuses to quote a sale of the guest; every order has a party of its own.
    return rpc.one(
        "web.shop", name=seed.domain, company=company, currency=currency, warehouses=[["add", warehouses]]
    )


def _api_user(rpc: Rpc, *, company: int) -> dict[str, Any]:
    """The user that the connector acts as, with the rights it needs and a key that never expires."""
    groups = [rpc.record(*name.split(".")) for name in GROUPS]
    user = rpc.one(
        "res.user",
        name="Concord",
        login=LOGIN,
        companies=[["add", [company]]],
        company=company,
        groups=[["add", groups]],
    )
    application = rpc.one("res.user.application", user=user, application="rest")
    (row,) = rpc.read("res.user.application", [application], "key")
    return {"user": user, "key": row["key"]}
