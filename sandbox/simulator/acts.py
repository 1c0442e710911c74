"""What happens in a play: merchants and buyers act, deliveries travel, workers work.

Each act draws from one seeded source, so a seed is a story that can be told again. An act that the shop refuses
(nothing left to refund) is part of the story too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.shopify.commands import edits, fulfilments, orders, refunds
from sandbox.shopify.commands.order_store import Refused
from sandbox.shopify.seed_data import catalogue
from sandbox.simulator.stage import SHOPS, Stage

Act = Callable[[], str]
LONGEST_PAUSE_SECONDS = 90


class Acts:
    """The repertoire of one play."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = random.Random(seed)
        self.skus = {domain: self._sellable(domain) for domain in SHOPS}

    def merchant(self) -> str:
        """Something happens in one of the shops."""
        domain = self.random.choice(SHOPS)
        placed = self.stage.store.all(domain, "order")
        chance = self.random.random()
        if not placed or chance < 0.4:
            return f"{domain}: {self._place(domain)}"
        order = self.random.choice(placed)
        act = self.random.choice(
            [self._refund, self._edit, self._fulfil, self._cancel, self._note, self._pay]
        )
        try:
            return f"{domain}: {order['name']} {act(domain, order)}"
        except Refused as refusal:
            return f"{domain}: {order['name']} {act.__name__[1:]} is refused ({refusal})"

    def travel(self) -> str:
        """Deliveries that are due reach us, in whatever order and number the plan says."""
        return f"{self.stage.world.sender.deliver_due()} deliveries travel"

    def time_passes(self) -> str:
        """The clock goes on."""
        seconds = self.random.randint(1, LONGEST_PAUSE_SECONDS)
        self.stage.clock.move(seconds)
        return f"{seconds} seconds pass"

    def intake(self) -> str:
        """A worker turns deliveries into jobs."""
        return f"{self.stage.engine.process_deliveries(limit=1)} deliveries are read"

    def work(self) -> str:
        """A worker runs a few jobs."""
        return f"{self.stage.engine.run_jobs(limit=self.random.randint(1, 4))} jobs run"

    def tick(self) -> str:
        """The clock process looks around."""
        self.stage.clockwork.tick()
        return "the clock ticks"

    def _sellable(self, domain: str) -> list[str]:
        return [sku for sku, *_ in catalogue(domain)]

    def _place(self, domain: str) -> str:
        rng = self.random
        lines = [
            {"sku": sku, "quantity": rng.randint(1, 4)}
            for sku in rng.sample(self.skus[domain], rng.randint(1, 3))
        ]
        spec: dict[str, Any] = {
            "lines": lines,
            "email": f"buyer{rng.randint(1, 5)}@example.com",
            "financial_state": rng.choice(["paid", "paid", "paid", "pending"]),
        }
        if rng.random() < 0.6:
            spec["shipping"] = [{"title": "Standard", "price": str(Decimal(rng.randint(0, 1500)) / 100)}]
        if rng.random() < 0.4:
            spec["discounts"] = [rng.choice([{"percent": "15"}, {"amount": "3.33"}])]
        orders.create(self.stage.store, domain, spec)
        return f"an order of {len(lines)} lines is placed, {spec['financial_state']}"

    def _refund(self, domain: str, order: dict[str, Any]) -> str:
        open_lines = [line for line in order["lineItems"] if line["refundableQuantity"]]
        if not open_lines:
            raise Refused("nothing is left to refund")
        line = self.random.choice(open_lines)
        spec = {
            "lines": [
                {
                    "line_id": line["id"],
                    "quantity": self.random.randint(1, line["refundableQuantity"]),
                    "restock_type": self.random.choice(["RETURN", "NO_RESTOCK"]),
                }
            ]
        }
        refunds.create(self.stage.store, domain, order["id"], spec)
        return "is refunded in part"

    def _edit(self, domain: str, order: dict[str, Any]) -> str:
        sku = self.random.choice(self.skus[domain])
        edits.edit(self.stage.store, domain, order["id"], {"add": [{"sku": sku, "quantity": 1}]})
        return "gets another line"

    def _fulfil(self, domain: str, order: dict[str, Any]) -> str:
        fulfilments.create(self.stage.store, domain, order["id"])
        return "is shipped"

    def _cancel(self, domain: str, order: dict[str, Any]) -> str:
        orders.cancel(self.stage.store, domain, order["id"])
        return "is cancelled"

    def _note(self, domain: str, order: dict[str, Any]) -> str:
        orders.update(self.stage.store, domain, order["id"], {"note": f"note {self.random.randint(1, 99)}"})
        return "gets a note"

    def _pay(self, domain: str, order: dict[str, Any]) -> str:
        orders.pay(self.stage.store, domain, order["id"])
        return "is paid"
