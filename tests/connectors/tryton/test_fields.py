"""Lines in Tryton: a quantity and a unit price of four decimals whose rounded product is the copied amount."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.connectors.tryton import fields, taxing, wire
from sync.domain.documents import (
    Address,
    CustomerDocument,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    LineKind,
    Restock,
)
from sync.domain.money import Both, Money, digits

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def both(amount: Decimal | str, currency: str = "EUR") -> Both:
    money = Money(Decimal(amount), currency)
    return Both(money, money)


def line(quantity: int, net: Decimal | str, currency: str = "EUR", **values: object) -> DocumentLine:
    made: dict[str, object] = {
        "source": "gid://shopify/LineItem/1",
        "kind": LineKind.GOODS,
        "description": "A thing",
        "quantity": Decimal(quantity),
        "net": both(net, currency),
        "erp_item": "7",
        **values,
    }
    return DocumentLine(**made)  # type: ignore[arg-type]


def document(*lines: DocumentLine, currency: str = "EUR", **values: object) -> Document:
    made: dict[str, object] = {
        "kind": DocumentKind.SALE,
        "reference": "1",
        "record": "gid://shopify/Order/1",
        "number": "#1",
        "dated_on": date(2026, 3, 1),
        "occurred_at": NOON,
        "currency": currency,
        "lines": lines,
        "total": both("0", currency),
        "customer": CustomerDocument(code="c", name="Ada"),
        **values,
    }
    return Document(**made)  # type: ignore[arg-type]


@given(
    quantity=st.integers(1, 5000),
    cents=st.integers(0, 10_000_000),
    sign=st.sampled_from([1, -1]),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_lines_come_to_the_copied_amount_however_it_divides(
    quantity: int, cents: int, sign: int, currency: str
) -> None:
    step = Decimal(1).scaleb(-digits(currency))
    net = cents * step * sign
    made = fields.parts(document(line(quantity * sign, net, currency), currency=currency))
    assert sum(part.quantity for part in made) == quantity * sign
    for part in made:
        assert part.unit_price == part.unit_price.quantize(fields.PRICE_STEP)
        assert part.unit_price >= 0 or len(made) == 2
    total = sum((part.unit_price * part.quantity).quantize(step, ROUND_HALF_EVEN) for part in made)
    assert total == net
    assert len(made) <= 2


@pytest.mark.parametrize(
    ("base", "rates", "is_endless"),
    [
        ("0.10", ("0.04", "0.04875"), True),  # tried on Tryton 8.2.1: it never answers
        ("-0.10", ("0.04", "0.04875"), True),
        ("0.10", ("0.04",), False),  # tried: it answers
        ("0.04", ("0.04", "0.04875"), False),  # tried: it answers
        ("0.20", ("0.04", "0.04875"), False),  # tried: it answers
        ("100.00", ("0.04", "0.04875"), False),
    ],
)
def test_amounts_at_which_tryton_goes_round_for_ever_are_known(
    base: str, rates: tuple[str, ...], is_endless: bool
) -> None:
    amounts = [Decimal(base) * Decimal(rate) for rate in rates]
    assert taxing.never_ends(amounts, Decimal("0.01")) is is_endless


def test_a_tiny_group_of_lines_is_taxed_by_hand_and_others_are_not() -> None:
    def taxed(net: str) -> DocumentLine:
        taxes = tuple(
            DocumentTax(erp_tax=tax, title="", rate=Decimal(0), amount=both("0.00"), is_included=False)
            for tax in ("1", "2")
        )
        return line(1, net, taxes=taxes)

    rates = {1: Decimal("0.04875"), 2: Decimal("0.04")}
    parts = fields.parts(document(taxed("50.00"), taxed("-0.08"), line(1, "0.10")))
    assert [part.is_taxed_by_hand for part in taxing.marked(parts, rates, 2)] == [False, True, False]


def test_three_for_ten_is_one_line() -> None:
    (part,) = fields.parts(document(line(3, "10.00")))
    assert (part.quantity, part.unit_price) == (Decimal(3), Decimal("3.3333"))


def test_taxes_are_asked_for_by_tax_and_by_the_sign_of_their_base() -> None:
    def tax(amount: str) -> DocumentTax:
        return DocumentTax(
            erp_tax="2", title="MwSt", rate=Decimal("0.19"), amount=both(amount), is_included=True
        )

    sold = [line(1, "10.00", taxes=(tax("1.90"),)), line(1, "5.00", taxes=(tax("0.95"),))]
    taken = line(1, "-2.00", taxes=(tax("-0.38"),))
    wanted = fields.wanted_taxes(document(*sold, taken))
    assert wanted == {(2, True): Decimal("2.85"), (2, False): Decimal("-0.38")}


def test_money_only_lines_lose_their_product_only_next_to_goods_that_return() -> None:
    money, goods = line(-1, "-5.00"), line(-1, "-5.00", restock=Restock.RETURN)
    assert [part.has_product for part in fields.parts(document(money, goods))] == [False, True]
    assert [part.has_product for part in fields.parts(document(money))] == [True]
    assert not fields.moves_stock(document(money))
    assert fields.moves_stock(document(money, goods))


@pytest.mark.parametrize(
    ("stored", "is_same"),
    [
        (
            {
                "city": " Hamburg ",
                "street_unstructured": "Weg 1\nHof",
                "country": {"id": 3},
                "subdivision": None,
            },
            True,
        ),
        ({"city": "Hamburg", "street_unstructured": "Weg 1 Hof", "country": 3, "subdivision": None}, True),
        ({"city": "Bremen", "street_unstructured": "Weg 1\nHof", "country": 3, "subdivision": None}, False),
    ],
)
def test_addresses_are_the_same_whatever_their_spaces(stored: dict[str, object], is_same: bool) -> None:
    wanted = fields.address_values(
        Address(street="Weg 1", street2="Hof", city="Hamburg"), country=3, subdivision=None
    )
    assert fields.same_address(wanted, {"postal_code": None, "party_name": None, **stored}) is is_same


def test_values_survive_trytons_json() -> None:
    values = {"price": Decimal("10.50"), "on": date(2026, 3, 1), "at": NOON, "quantity": 3.5, "none": None}
    back = wire.loads(wire.dumps(values))
    assert back == {**values, "quantity": Decimal("3.5")}


def test_a_value_that_tryton_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError):
        wire.dumps({"set": {1}})
