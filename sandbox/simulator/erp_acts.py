"""What the ERP's own people do in a play: they count, ship, credit and change prices; all goes back to Shopify."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from sandbox.simulator.stage import CURRENCIES, SHOPS, WAREHOUSE, Erp, Stage
from sync.domain.feeds import (
    CreditLine,
    CreditTold,
    Parcel,
    PriceTold,
    Quantity,
    ShipmentState,
    ShipmentTold,
)
from sync.domain.money import Money

CENT = Decimal("0.01")


class ErpActs:
    """The repertoire of the other side."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        self.stage = stage
        self.random = rng

    def act(self) -> str:
        """Somebody does something in one of the ERPs."""
        domain = self.random.choice(SHOPS)
        act = self.random.choice([self._count, self._ship, self._ship, self._credit, self._price])
        return f"the ERP of {domain}: {act(domain, self.stage.erps[domain])}"

    def _count(self, _domain: str, erp: Erp) -> str:
        product = self.random.choice(list(erp.books.products))
        pieces = self.random.choice([0, 2, 40, 75])
        erp.books.count(product, WAREHOUSE, str(pieces))
        return f"{pieces} pieces of {product} are counted"

    def _ship(self, _domain: str, erp: Erp) -> str:
        shipped = set(erp.parcels.values())
        open_ones = [each for each in _sales(erp) if each["reference"] not in shipped]
        if not open_ones:
            return "nothing to ship"
        sale = self.random.choice(open_ones)
        number = f"{len(erp.parcels) + 1}"
        erp.parcels[f"JD{number}"] = sale["reference"]
        told = ShipmentTold(
            number=f"SH-{number}",
            state=ShipmentState.DONE,
            origin=sale["reference"],
            warehouse=WAREHOUSE,
            lines=tuple(Quantity(line["item"], Decimal(line["quantity"])) for line in _goods(sale)),
            parcels=(Parcel(f"JD{number}", "DHL"),),
        )
        erp.books.note("shipments", f"S{number}", told.plain())
        return f"{sale['number']} is shipped as JD{number}"

    def _credit(self, domain: str, erp: Erp) -> str:
        credited = {order for order, _ in erp.credits.values()}
        open_ones = [each for each in _sales(erp) if each["reference"] not in credited]
        if not open_ones:
            return "nothing to credit"
        sale = self.random.choice(open_ones)
        line = self.random.choice(_goods(sale))
        gross = Decimal(line["net"]) + Decimal(line["tax"])
        number = f"CN-{len(erp.credits) + 1}"
        erp.credits[number] = (sale["reference"], gross)
        told = CreditTold(
            number=number,
            origin=sale["reference"],
            total=Money(gross, CURRENCIES[domain]),
            lines=(CreditLine(item=line["item"], quantity=Decimal(line["quantity"]), gross=gross),),
            warehouse=WAREHOUSE,
        )
        erp.books.note("credits", f"C{number}", told.plain())
        return f"{gross} of {sale['number']} are credited as {number}"

    def _price(self, domain: str, erp: Erp) -> str:
        product = self.random.choice(list(erp.books.products))
        sku = erp.books.products[product]["code"]
        present = next(
            each for each in self.stage.store.views(domain, "product_variant") if each["sku"] == sku
        )
        factor = Decimal(self.random.randint(90, 110)) / 100
        price = (Decimal(present["price"]) * factor).quantize(CENT)
        if price <= 0:
            return "a gift has no price"
        erp.prices[product] = price
        told = PriceTold(product=product, price=Money(price, CURRENCIES[domain]))
        erp.books.note("prices", product, told.plain())
        return f"{product} costs {price}"


def _sales(erp: Erp) -> list[dict[str, Any]]:
    return [each for each in erp.books.documents.values() if each["kind"] == "sale" and _goods(each)]


def _goods(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in document["lines"] if line["kind"] == "goods"]
