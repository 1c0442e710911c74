"""How stock is told, as a form: what is kept back, what is a kit, and what happens near and below zero.

Tables are typed as lines, `left = right`. A line that cannot be read is refused by its number, and nothing is saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.domain.policies import BackPolicies
from web.forms import Form, NotFilledIn

LOCATION = "gid://shopify/Location/"
PIECES_LIMIT = 1_000_000
PARTS_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class StockSection:
    """What the page shows of it."""

    guard_below: str
    allows_negative: bool
    repairs_drift: bool
    safety: str
    location_safety: str
    kits: str


def section(policies: BackPolicies) -> StockSection:
    """The section as it stands."""
    rules = policies.stock
    kits = {
        kit: ", ".join(f"{part.quantity.normalize():f} x {part.erp_item}" for part in parts)
        for kit, parts in policies.kits.items()
    }
    return StockSection(
        guard_below=str(rules.guard_below),
        allows_negative=rules.allow_negative,
        repairs_drift=policies.repairs_drift,
        safety=_spelt(rules.safety),
        location_safety=_spelt(
            {key.removeprefix(LOCATION): each for key, each in rules.location_safety.items()}
        ),
        kits=_spelt(kits),
    )


def read(form: Form) -> dict[str, Any]:
    """The policies that the form says; nothing when it has no such section. Raises NotFilledIn."""
    if not any(name == "stock_guard_below" for name, _ in form.pairs):
        return {}
    return {
        "guard_below": _pieces(form.text("stock_guard_below"), "stock_guard_below", "This"),
        "allow_negative": form.is_on("stock_allows_negative"),
        "repairs_drift": form.is_on("stock_repairs_drift"),
        "safety": {
            key: _pieces(each, "stock_safety", line) for line, key, each in _lines(form, "stock_safety")
        },
        "location_safety": {
            _location(key, line): _pieces(each, "stock_location_safety", line)
            for line, key, each in _lines(form, "stock_location_safety")
        },
        "kits": {key: _parts(each, line) for line, key, each in _lines(form, "stock_kits")},
    }


def _lines(form: Form, name: str) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(form.text(name).splitlines(), 1):
        if not line.strip():
            continue
        left, _, right = (part.strip() for part in line.partition("="))
        if not left or not right:
            raise NotFilledIn(**{name: f"Line {number}: write what it is, an equals sign, and the rest."})
        yield f"Line {number}", left[:128], right


def _pieces(typed: str, name: str, where: str) -> int:
    if not (typed.isascii() and typed.isdigit()) or int(typed[:9]) > PIECES_LIMIT:
        raise NotFilledIn(**{name: f"{where} needs a whole number of pieces, 0 or more."})
    return int(typed)


def _location(typed: str, line: str) -> str:
    number = typed.removeprefix(LOCATION)
    if not (number.isascii() and number.isdigit()):
        raise NotFilledIn(stock_location_safety=f"{line} needs the number of a location.")
    return f"{LOCATION}{number}"


def _parts(typed: str, line: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in typed.split(",")[:PARTS_LIMIT]:
        quantity, _, item = (each.strip() for each in part.partition(" x "))
        try:
            pieces = Decimal(quantity)
        except InvalidOperation:
            pieces = Decimal(0)
        if not item or not pieces.is_finite() or not 0 < pieces <= PIECES_LIMIT:
            raise NotFilledIn(stock_kits=f"{line} needs parts like 2 x 4711, with commas between them.")
        found[item[:128]] = str(pieces)
    return found


def _spelt(table: Mapping[str, object]) -> str:
    return "\n".join(f"{key} = {each}" for key, each in sorted(table.items()))
