"""What one company sells and where it keeps it: categories, products, services, warehouses, counted stock.

Goods carry the shop's SKUs, barcodes and costs; list prices are without tax, as Tryton keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sandbox.erp.tryton.books import Ids, tax_name
from sandbox.erp.tryton.rpc import Rpc
from sandbox.shopify.seed_data import Product, ShopSeed, Variant, barcode

PRICE = Decimal("0.0001")
# Code, name and the account category of what an order holds besides goods.
SERVICES = {
    "shipping": ("SHIPPING", "Shipping"),
    "discounts": ("DISCOUNT", "Order discount"),
    "tips": ("TIP", "Tip"),
    "gift_cards": ("GIFT-CARD", "Gift card"),
    "duties": ("DUTY", "Import duty"),
    "fees_charged": ("FEE", "Fee"),
    "rounding": ("ROUNDING", "Rounding"),
    "residuals": ("DIFFERENCE", "Difference to the shop"),
    "revenue": ("PLACEHOLDER", "Item without a product"),
}
INVOICED_AS_REVENUE = (
    "tips",
    "gift_cards",
    "duties",
)  # a category cannot name a liability; the invoice line can


def set_categories(rpc: Rpc, seed: ShopSeed, *, accounts: Ids, taxes: Ids) -> Ids:
    """Account categories: one per tax class of the shop for goods, one per kind of service."""
    rows: dict[str, dict[str, Any]] = {}
    for name, lines in seed.taxes.items():
        charged = [taxes[tax_name(title, rate)] for title, rate in lines]
        rows[name] = _category(f"Goods, {name} tax", accounts["revenue"], accounts["cost"], charged)
    for kind, (_, label) in SERVICES.items():
        revenue = accounts["revenue"] if kind in INVOICED_AS_REVENUE else accounts[kind]
        rows[kind] = _category(label, revenue, accounts["cost"], [])
    return dict(zip(rows, rpc.create("product.category", list(rows.values())), strict=True))


def set_products(rpc: Rpc, seed: ShopSeed, *, categories: Ids) -> Ids:
    """Every variant of the shop as a product of its own; ids of the products by SKU."""
    unit = rpc.record("product", "uom_unit")
    rows = [
        _product(product, variant, seed, category=categories[product.tax], unit=unit)
        for product in seed.products
        for variant in product.variants
    ]
    return _made(rpc, rows)


def set_services(rpc: Rpc, *, categories: Ids) -> Ids:
    """The service products that carry shipping, discounts and the rest; ids by their code."""
    unit = rpc.record("product", "uom_unit")
    return _made(
        rpc,
        [
            _template(label, kind="service", unit=unit, category=categories[name], code=code)
            for name, (code, label) in SERVICES.items()
        ],
    )


def set_warehouses(rpc: Rpc, seed: ShopSeed) -> tuple[Ids, Ids]:
    """One warehouse per location of the shop, under its name; ids of warehouses and of their storage zones."""
    first, *others = [name for name, _ in seed.locations]
    main = rpc.the("stock.location", ("type", "=", "warehouse"))
    rpc.write("stock.location", [main], name=first, code="WH1")
    warehouses = {first: main}
    for place, name in enumerate(others, 2):
        zones = {
            f"{zone}_location": rpc.one("stock.location", name=f"{name}, {zone}", type="storage")
            for zone in ("input", "output", "storage")
        }
        lost = rpc.one("stock.location", name=f"{name}, lost and found", type="lost_found")
        warehouses[name] = rpc.one(
            "stock.location",
            name=name,
            code=f"WH{place}",
            type="warehouse",
            lost_found_location=lost,
            **zones,
        )
    rows = rpc.read("stock.location", list(warehouses.values()), "storage_location")
    return warehouses, dict(zip(warehouses, (row["storage_location"] for row in rows), strict=True))


def count_stock(
    rpc: Rpc, seed: ShopSeed, *, products: Ids, storages: Mapping[str, int], company: int
) -> None:
    """A confirmed inventory in each storage zone with the quantities that the shop believes in."""
    for place, storage in enumerate(storages.values()):
        lines = [
            {"product": products[variant.sku], "quantity": float(variant.stock[place])}
            for product in seed.products
            for variant in product.variants
            if product.kind == "goods"
        ]
        inventory = rpc.one("stock.inventory", location=storage, company=company, lines=[["create", lines]])
        rpc.press("stock.inventory", "confirm", inventory)


def net_price(price: str, seed: ShopSeed, tax_class: str) -> Decimal:
    """The list price without tax of a price that the shop shows."""
    rates = sum((Decimal(rate) for _, rate in seed.taxes[tax_class]), Decimal(0))
    shown = Decimal(price) / (1 + rates) if seed.taxes_included else Decimal(price)
    return shown.quantize(PRICE, ROUND_HALF_EVEN)


def _product(
    product: Product, variant: Variant, seed: ShopSeed, *, category: int, unit: int
) -> dict[str, Any]:
    name = product.title if variant.option == "Default Title" else f"{product.title} - {variant.option}"
    template = _template(
        name,
        kind="goods" if product.kind == "goods" else "service",
        unit=unit,
        category=category,
        code=variant.sku,
        price=net_price(variant.price, seed, product.tax),
        cost=Decimal(variant.cost),
    )
    (action,) = template["products"]
    action[1][0]["identifiers"] = [["create", [{"type": "ean", "code": barcode(variant.sku)}]]]
    return template


def _template(
    name: str,
    *,
    kind: str,
    unit: int,
    category: int,
    code: str,
    price: Decimal = Decimal(0),
    cost: Decimal = Decimal(0),
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "default_uom": unit,
        "sale_uom": unit,
        "salable": True,
        "list_price": price,
        "account_category": category,
        "products": [["create", [{"suffix_code": code, "cost_price": cost}]]],
    }


def _category(name: str, revenue: int, cost: int, taxes: list[int]) -> dict[str, Any]:
    return {
        "name": name,
        "accounting": True,
        "account_revenue": revenue,
        "account_expense": cost,
        "customer_taxes": [["add", taxes]] if taxes else [],
    }


def _made(rpc: Rpc, rows: list[dict[str, Any]]) -> Ids:
    templates = rpc.create("product.template", rows)
    products = rpc.find("product.product", ("template", "in", templates))
    return {row["code"]: row["id"] for row in rpc.read("product.product", products, "code")}
