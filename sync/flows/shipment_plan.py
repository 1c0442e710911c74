"""Which fulfilment orders an ERP shipment takes its goods from. Pure: routing and goods in, decision out.

Goods are taken where the ERP shipped them from; what Shopify expects elsewhere is moved there first. A hold is
respected, and nothing is shipped beyond what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from kit.faults import Rejected
from sync.domain.feeds import ShipmentTold
from sync.shopify.fulfilments import FulfilmentOrder, Made, MadeLine, OpenLine, Package, Routing

MOVE = "MOVE"
CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Goods:
    """So many pieces of something, and how it can be recognised on an order."""

    name: str
    quantity: int
    variants: frozenset[str]
    skus: frozenset[str] = frozenset()

    def is_on(self, line: OpenLine | MadeLine) -> bool:
        """Whether the line sells these goods."""
        return line.variant in self.variants or (bool(line.sku) and line.sku in self.skus)


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """What to do. At most one of `moves`, `held` and `missing` matters, in this order: held, missing, moves."""

    parts: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)  # order -> (line, pieces)
    moves: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    held: tuple[FulfilmentOrder, ...] = ()
    missing: tuple[str, ...] = ()  # goods of which there is not enough left to ship
    lines: Mapping[str, int] = field(default_factory=dict)  # order line -> pieces, over all parts and moves


def check(told: ShipmentTold) -> None:
    """Raises Rejected for a shipment that no fulfilment can be, whatever the order is."""
    for each in told.lines:
        if each.quantity != each.quantity.to_integral_value():
            raise Rejected("part_of_a_piece", f"The ERP shipped {each.quantity} pieces.", field="quantity")
        if each.quantity < 0:
            raise Rejected(
                "ships_less_than_nothing",
                f"The ERP shipped {each.quantity} pieces of its product {each.item}.",
                field="quantity",
            )
    if not any(each.quantity for each in told.lines):
        raise Rejected("ships_nothing", f"There are no goods in shipment {told.number}.", field="quantity")


def plan(routing: Routing, goods: Sequence[Goods], *, location: str) -> Dispatch:
    """Takes each of the goods from the orders at the location, then from movable ones elsewhere."""
    taking = _Taking(location)
    missing: list[str] = []
    for each in goods:
        left = each.quantity
        for order in sorted(routing.orders, key=taking.rank):
            left -= taking.take(order, each, left)
        if left:
            missing.append(f"{left} of {each.name}")
    if missing and taking.held:
        missing = []  # the goods are there, but somebody holds them back
    elif not missing:
        taking.held.clear()
    return Dispatch(
        parts={order: tuple(rows) for order, rows in taking.parts.items()},
        moves={order: tuple(rows) for order, rows in taking.moves.items()},
        held=tuple(taking.held),
        missing=tuple(missing),
        lines=dict(taking.lines),
    )


def already(
    routing: Routing, goods: Sequence[Goods], packages: Sequence[Package], *, taken: Collection[str]
) -> list[Made]:
    """Fulfilments that could be this shipment: as many pieces of the same goods, and not another shipment's. With
    tracking numbers they must agree."""
    numbers = {each.number for each in packages if each.number}
    found = []
    for made in routing.made:
        told = {each.number for each in made.packages if each.number}
        is_another_parcel = bool(numbers and told and numbers.isdisjoint(told))
        if made.gid in taken or made.status == CANCELLED or is_another_parcel:
            continue
        if _has_exactly(made, goods):
            found.append(made)
    return found


def is_same_parcel(made: Made, packages: Sequence[Package]) -> bool:
    """Whether both name one tracking number."""
    numbers = {each.number for each in packages if each.number}
    return not numbers.isdisjoint({each.number for each in made.packages})


def _has_exactly(made: Made, goods: Sequence[Goods]) -> bool:
    """Whether a fulfilment is these goods, piece by piece."""
    shipped: Counter[str] = Counter()
    for line in made.lines:
        match = next((each for each in goods if each.is_on(line)), None)
        if match is None:
            return False
        shipped[match.name] += line.quantity
    return shipped == Counter({each.name: each.quantity for each in goods})


class _Taking:
    """Collects what is taken from where; each piece is taken once."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.parts: dict[str, list[tuple[str, int]]] = {}
        self.moves: dict[str, list[tuple[str, int]]] = {}
        self.held: list[FulfilmentOrder] = []
        self.lines: Counter[str] = Counter()
        self._used: Counter[str] = Counter()

    def rank(self, order: FulfilmentOrder) -> tuple[bool, str]:
        return (order.location != self.location, order.gid)

    def take(self, order: FulfilmentOrder, goods: Goods, wanted: int) -> int:
        """Takes up to so many pieces from one order and says how many."""
        is_here = order.location == self.location
        takes = [
            (line, min(wanted, line.remaining - self._used[line.gid]))
            for line in order.lines
            if wanted and goods.is_on(line)
        ]
        takes = [(line, pieces) for line, pieces in takes if pieces > 0]
        if not takes or not order.is_open:
            return 0
        if order.is_held:
            if order not in self.held:
                self.held.append(order)
            return 0
        if is_here and not order.is_shippable:
            return 0
        if not is_here and MOVE not in order.actions:
            return 0
        rows = (self.parts if is_here else self.moves).setdefault(order.gid, [])
        taken = 0
        for line, pieces in takes:
            pieces = min(pieces, wanted - taken)
            if pieces:
                rows.append((line.gid, pieces))
                self._used[line.gid] += pieces
                self.lines[line.line] += pieces
                taken += pieces
        return taken
