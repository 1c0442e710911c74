"""What the domain costs: a webhook body to a record, a record to a plan. `python -m bench.domain` prints the figures.

Processor time, the best of several rounds, beside its floor: the JSON parser for the body, the decimals alone for the
plan.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal

from sandbox.shopify import bodies as rest
from sandbox.shopify.commands import orders
from sandbox.shopify.documents import load
from sandbox.shopify.seed import seed
from sandbox.shopify.seed_data import ALPHA, catalogue
from sandbox.shopify.store import Store
from sync.domain.documents import LineKind
from sync.domain.plan import Plan, plan_order
from sync.domain.records import Order
from sync.domain.rules import ProductRules, Rules, Service, TaxRule
from sync.shopify import bodies

ROUNDS = 7
BIG_ORDER_LINES = 50


def measure() -> dict[str, float]:
    """Milliseconds by name."""
    small, big = body(lines=3), body(lines=BIG_ORDER_LINES)
    parsed, order = bodies.parse(small), bodies.order(bodies.parse(big))
    rules = _rules()
    plan = plan_order(order, rules)
    assert isinstance(plan, Plan)
    assert plan.proof.is_proven
    return {
        "body_bytes": float(len(small)),
        "body_parse_ms": _best(lambda: bodies.parse(small), times=300),
        "body_to_record_ms": _best(lambda: bodies.order(parsed), times=300),
        "body_parse_and_record_ms": _best(lambda: bodies.order(bodies.parse(small)), times=300),
        "record_50_lines_ms": _best(lambda: bodies.order(bodies.parse(big)), times=30),
        "plan_50_lines_ms": _best(lambda: plan_order(order, rules), times=30),
        "floor_50_lines_ms": _best(lambda: _additions(order), times=30),
    }


def body(*, lines: int) -> str:
    """An orders/create body in two currencies with two taxes and a discount per line."""
    store = Store()
    seed(store)
    wanted = [
        {"sku": "ALP-MUG", "quantity": 1 + place % 3, "discount": {"percent": 5}} for place in range(lines)
    ]
    spec = {
        "lines": wanted,
        "email": "bench@example.com",
        "shipping": [{"title": "Standard", "price": "8.90"}],
        "discounts": [{"percent": 7, "code": "BENCH"}],
        "presentment_currency": "CAD",
    }
    document = load(store, ALPHA, orders.create(store, ALPHA, spec))
    assert document is not None
    return json.dumps(rest.build(store, ALPHA, "orders/create", document))


def _rules() -> Rules:
    codes = {sku: f"item-{sku}" for sku, *_ in catalogue(ALPHA)}
    rates = ("0.04", "0.04875")
    return Rules(
        products=ProductRules(codes=codes),
        taxes=tuple(TaxRule(erp_tax=f"tax-{rate}", rate=Decimal(rate)) for rate in rates),
        services={kind: Service(item=kind.value) for kind in LineKind if kind is not LineKind.GOODS},
    )


def _additions(order: Order) -> Decimal:
    """The bare sum of every amount on the lines: what no plan can do without."""
    summed = Decimal(0)
    for line in order.lines:
        for amount in (line.unit_price, *(a.amount for a in line.discounts), *(t.amount for t in line.taxes)):
            summed += amount.shop.amount
            summed += amount.presentment.amount
    return summed


def _best(work: Callable[[], object], *, times: int) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - start) / times)
    return round(best * 1000, 4)


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:>10}")
