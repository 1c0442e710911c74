"""What comes back from the ERP: which roads to Shopify are open, and the limits of each. All are shut until opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.responses import Response

from oauth import audit
from oauth.models import Shop
from oauth.staff import Permission
from sync.domain.carriers import Carrier
from sync.domain.policies import BackPolicies, Mode, Restocking, Road
from sync.state import jobs
from web import price_form, stock_form
from web.forms import Form, NotFilledIn
from web.price_form import PriceSection
from web.screens import Asked, nudged
from web.stock_form import StockSection

MODES = ((Mode.OFF, "Off"), (Mode.LINK_ONLY, "Match only, write nothing"), (Mode.ON, "On"))
WORDS = {
    Road.STOCK: ("Stock", "The ERP’s stock becomes the stock in Shopify."),
    Road.SHIPMENTS: ("Shipments", "What the ERP ships is marked as sent in Shopify, with its tracking."),
    Road.PRICES: ("Prices", "The ERP’s prices become the prices in Shopify."),
    Road.PRODUCTS: ("Products", "The ERP’s products are matched with those in Shopify, or written there."),
    Road.REFUNDS: ("Refunds", "Credit notes of the ERP are paid out to customers, within the limits below."),
}
RESTOCKINGS = {
    Restocking.AS_CREDITED: "When your ERP took them back into stock",
    Restocking.ALWAYS: "Always",
    Restocking.NEVER: "Never",
}
# Opening the road on which money leaves takes the permission to let it leave.
NEEDS = {Road.REFUNDS: Permission.REFUND}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One road."""

    name: str
    label: str
    details: str
    mode: str
    is_of_shopify: bool  # Shopify owns what it would write, so it writes nothing


@dataclass(frozen=True, kw_only=True)
class RoadsPage:
    """What the page shows."""

    roads: tuple[Choice, ...]
    modes: tuple[tuple[str, str], ...]
    per_refund: str
    per_day: str
    two_persons_above: str
    notifies_of_refunds: bool
    restocking: str
    restockings: tuple[tuple[str, str], ...]
    notifies_of_shipments: bool
    carriers: str
    stock: StockSection
    prices: PriceSection
    errors: Mapping[str, str]
    may_change: bool
    may_refund: bool


def show(asked: Asked) -> Response:
    """The roads."""
    return asked.page("roads", _page(asked, {}))


def save(asked: Asked) -> Response:
    """Opens and shuts roads, from now on."""
    try:
        limits = _limits(asked.form) if asked.may(Permission.REFUND) else None
        carriers = _carriers(asked.form)
        stock = stock_form.read(asked.form)
        ids = _keep(asked, limits, carriers, stock, price_form.read(asked.form))
    except NotFilledIn as wrong:
        return asked.refused("roads", _page(asked, wrong.sentences))
    nudged(asked, ids)
    return asked.done(go="/roads", say="Saved.")


def _keep(
    asked: Asked,
    limits: Mapping[str, Any] | None,
    carriers: Mapping[str, Any],
    stock: Mapping[str, Any],
    prices: Mapping[str, Mapping[str, Any]],
) -> list[int]:
    with asked.transaction() as session:
        shop = session.get_one(Shop, asked.visit.shop_id)
        before = dict(shop.policies)
        after = price_form.merged(before, prices)
        after["roads"] = {**before.get("roads", {}), **_modes(asked)}
        after["shipments"] = {
            **before.get("shipments", {}),
            "notifies": asked.form.is_on("notifies_of_shipments"),
            "carriers": carriers,
        }
        after["stock"] = {**before.get("stock", {}), **stock}
        if after["stock"].get("kits") and BackPolicies.of(before).is_split:
            raise NotFilledIn(stock_kits="Kits need one owner of stock; in this shop it is split.")
        if limits is not None:
            after["refunds"] = {**before.get("refunds", {}), **limits}
        shop.policies = after
        parts = ("roads", "shipments", "refunds", "stock", "prices", "sets_back")
        audit.write(
            session,
            shop_id=shop.id,
            actor=asked.actor,
            act="roads_changed",
            before={name: before.get(name) for name in parts},
            after={name: after.get(name) for name in parts},
            address=asked.visit.address,
        )
        mapped = [f"mapping:price_list:{name}" for name in after.get("prices", {}).get("lists", {})]
        return jobs.release(session, misses=["policies", *mapped])


def _modes(asked: Asked) -> dict[str, str]:
    allowed = {mode.value for mode, _ in MODES}
    typed = {road: asked.form.text(f"road_{road.value}") for road in Road}
    return {
        road.value: mode
        for road, mode in typed.items()
        if mode in allowed and (road not in NEEDS or asked.may(NEEDS[road]))
    }


def _limits(form: Form) -> dict[str, Any]:
    return {
        "per_refund": _amount(form, "per_refund") or "0",
        "per_day": _amount(form, "per_day") or "0",
        "two_persons_above": _amount(form, "two_persons_above"),
        "is_notified": form.is_on("notifies_of_refunds"),
        "restocking": _restocking(form),
    }


def _restocking(form: Form) -> str:
    typed = form.text("restocking")
    return typed if typed in {each.value for each in Restocking} else Restocking.AS_CREDITED.value


def _carriers(form: Form) -> dict[str, list[str]]:
    """One carrier a line: `the ERP's name = Shopify's name | address with {number}`."""
    found: dict[str, list[str]] = {}
    for line in form.text("carriers").splitlines():
        name, has_name, told = line.partition("=")
        parts = [part.strip() for part in told.split("|", 1)]
        try:
            Carrier(*parts)
        except ValueError as wrong:
            raise NotFilledIn(carriers=f"{name.strip()}: {wrong}.") from None
        if has_name and parts[0]:
            found[name.strip()] = parts
        elif line.strip():
            raise NotFilledIn(carriers=f"Write a carrier as “GLS Germany = GLS”, not “{line.strip()}”.")
    return found


def _amount(form: Form, name: str) -> str | None:
    typed = form.text(name).replace(",", ".")
    if not typed:
        return None
    try:
        amount = Decimal(typed)
    except InvalidOperation:
        raise NotFilledIn(**{name: "Write an amount, for example 50.00."}) from None
    if not amount.is_finite() or amount < 0:
        raise NotFilledIn(**{name: "The amount is not below zero."})
    return str(amount)


def _page(asked: Asked, errors: Mapping[str, str]) -> RoadsPage:
    with asked.transaction() as session:
        policies = BackPolicies.of(session.get_one(Shop, asked.visit.shop_id).policies)
    refunds = policies.refunds
    return RoadsPage(
        roads=tuple(
            Choice(
                name=road.value,
                label=label,
                details=details,
                mode=policies.chosen(road).value,
                is_of_shopify=not policies.is_of_erp(road),
            )
            for road, (label, details) in WORDS.items()
        ),
        modes=tuple((mode.value, words) for mode, words in MODES),
        per_refund=_spelt(refunds.per_refund),
        per_day=_spelt(refunds.per_day),
        two_persons_above=_spelt(refunds.two_persons_above),
        notifies_of_refunds=refunds.is_notified,
        restocking=refunds.restocking.value,
        restockings=tuple((each.value, words) for each, words in RESTOCKINGS.items()),
        notifies_of_shipments=policies.notifies_of_shipments,
        carriers="\n".join(
            f"{erp} = {' | '.join(filter(None, (each.company, each.url)))}"
            for erp, each in policies.carriers.chosen.items()
        ),
        stock=stock_form.section(policies),
        prices=price_form.section(policies),
        errors=errors,
        may_change=asked.may(Permission.CHANGE_POLICIES),
        may_refund=asked.may(Permission.REFUND),
    )


def _spelt(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)
