"""Makes stages on one database, and an order that has everything."""

from __future__ import annotations

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from kit import config
from sandbox.shopify.commands import edits, fulfilments, orders, refunds
from sandbox.shopify.seed_data import catalogue
from sandbox.simulator.run import environment
from sandbox.simulator.stage import Stage, empty

ALPHA = "alpha.myshopify.com"


class StageMaker:
    """Fresh stages on one database."""

    def __init__(self, url: str) -> None:
        self._settings = config.read(environment(url))
        self._engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._inbox = psycopg.connect(plain, autocommit=True)

    def make(self) -> Stage:
        empty(self._engine)
        return Stage(self._settings, self._engine, self._inbox)

    def close(self) -> None:
        self._inbox.close()
        self._engine.dispose()


def one_order(stage: Stage) -> None:
    """An order with everything: two lines, shipping, a discount, an edit, a shipment and a refund."""
    first, second = [sku for sku, *_ in catalogue(ALPHA)][:2]
    gid = orders.create(
        stage.store,
        ALPHA,
        {
            "lines": [{"sku": first, "quantity": 2}, {"sku": second, "quantity": 1}],
            "email": "buyer@example.com",
            "shipping": [{"title": "Standard", "price": "4.90"}],
            "financial_state": "paid",
        },
    )
    edits.edit(stage.store, ALPHA, gid, {"add": [{"sku": first, "quantity": 1}]})
    fulfilments.create(stage.store, ALPHA, gid)
    refunds.create(
        stage.store, ALPHA, gid, {"lines": [{"sku": second, "quantity": 1, "restock_type": "RETURN"}]}
    )
