"""What Shopify sends about orders: created, then changed; 5 % of the orders the other way round, 5 % of it twice."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import load
from bench.bodies import OrderBodies

SHARE = 0.05


@dataclass(frozen=True)
class Stream:
    """Deliveries (webhook id and request) in the order in which they are sent."""

    items: Sequence[tuple[str, bytes]]
    swapped: int
    repeated: int


def make(
    bodies: OrderBodies, numbers: Iterable[int], *, shops: Sequence[str], secret: str, prefix: str, seed: int
) -> Stream:
    """Two deliveries for each of these orders."""
    rng = random.Random(seed)
    items: list[tuple[str, bytes]] = []
    swapped = repeated = 0
    for number in numbers:
        told = [("orders/create", bodies.make(number)), ("orders/updated", bodies.make(number, revision=1))]
        if rng.random() < SHARE:
            told.reverse()
            swapped += 1
        for topic, body in told:
            webhook_id = f"{prefix}-{number}-{topic.partition('/')[2]}"
            shop = shops[number % len(shops)]
            request = load.signed_request(
                body,
                path="/webhooks",
                secret=secret,
                shop=shop,
                webhook_id=webhook_id,
                topic=topic,
                revision=int(topic != "orders/create"),
            )
            copies = 2 if rng.random() < SHARE else 1
            repeated += copies - 1
            items += [(webhook_id, request)] * copies
    return Stream(items, swapped, repeated)
