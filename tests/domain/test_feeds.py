"""What an ERP tells crosses as plain JSON and arrives as it was meant, or is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from sync.domain.feeds import (
    BadValues,
    CreditLine,
    CreditTold,
    Parcel,
    PriceTold,
    ProductTold,
    Quantity,
    ShipmentState,
    ShipmentTold,
    StockTold,
)
from sync.domain.money import Money

TOLD: list[Any] = [
    StockTold(product="7", warehouse="W", on_hand=Decimal("12.5"), reserved=Decimal(2), code="MUG"),
    ShipmentTold(
        number="SH1",
        state=ShipmentState.DONE,
        origin="6000000001",
        warehouse="W",
        lines=(Quantity("7", Decimal(2)),),
        parcels=(Parcel("JD1", "DHL", "https://x.example"),),
    ),
    CreditTold(
        number="CN1",
        origin="6000000001",
        total=Money(Decimal("12.30"), "EUR"),
        lines=(CreditLine(item="7", quantity=Decimal(1), gross=Decimal("12.30"), is_restocked=True),),
        warehouse="W",
    ),
    ProductTold(product="7", code="MUG", barcodes=("4006381333931",), title="Mug", cost=Decimal("3.10")),
    PriceTold(
        product="7", price=Money(Decimal("9.90"), "EUR"), compare_at=Money(Decimal(12), "EUR"), minimum=6
    ),
]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: type(told).__name__)
def test_what_is_told_survives_the_crossing(told: Any) -> None:
    assert type(told).of(json.loads(json.dumps(told.plain()))) == told


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (StockTold, {"product": "7", "warehouse": "W"}),
        (StockTold, {"product": "7", "warehouse": "W", "on_hand": 1.5}),
        (StockTold, {"product": "", "warehouse": "W", "on_hand": "1"}),
        (ShipmentTold, {"number": "1", "state": "perhaps"}),
        (ShipmentTold, {"number": "1", "state": "done", "lines": [["7"]]}),
        (CreditTold, {"number": "1", "total": "ten", "currency": "EUR"}),
        (PriceTold, {"product": "7", "price": "1.00"}),
    ],
)
def test_a_missing_or_odd_value_is_refused(kind: Any, values: dict[str, Any]) -> None:
    with pytest.raises(BadValues):
        kind.of(values)
