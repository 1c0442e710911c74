"""How prices cross and what happens to changes made in Shopify, as a form.

Shares are typed as per cent and kept as shares. A line that cannot be read is refused by its number, and nothing is
saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.domain.ownership import Group
from sync.domain.policies import BackPolicies
from web.forms import Form, NotFilledIn

PRICE_LIST = "gid://shopify/PriceList/"
PER_CENT_LIMIT = 10_000
SET_BACK = {
    Group.PRODUCT_PRICE: "Prices changed in Shopify are set back to your ERP’s",
    Group.PRODUCT_CONTENT: "Product texts, barcodes and costs changed in Shopify are set back to your ERP’s",
}


@dataclass(frozen=True, kw_only=True)
class PriceSection:
    """What the page shows of it."""

    fall_limit: str
    rise_limit: str
    lists: str
    set_back: tuple[tuple[str, str, bool], ...]  # name, label, is ticked


def section(policies: BackPolicies) -> PriceSection:
    """The section as it stands."""
    rise = policies.prices.rise_limit
    return PriceSection(
        fall_limit=_per_cent(policies.prices.fall_limit),
        rise_limit="" if rise is None else _per_cent(rise),
        lists="\n".join(
            f"{erp} = {gid.removeprefix(PRICE_LIST)}" for erp, gid in sorted(policies.price_lists.items())
        ),
        set_back=tuple(
            (f"sets_back_{group.value}", label, policies.sets_back(group))
            for group, label in SET_BACK.items()
        ),
    )


def read(form: Form) -> dict[str, dict[str, Any]]:
    """The policies that the form says, by part; nothing when it has no such section. Raises NotFilledIn."""
    if not any(name == "price_fall_limit" for name, _ in form.pairs):
        return {}
    return {
        "prices": {
            "fall_limit": _share(form, "price_fall_limit", most=100),
            "rise_limit": _share(form, "price_rise_limit", most=PER_CENT_LIMIT)
            if form.text("price_rise_limit")
            else None,
            "lists": _lists(form),
        },
        "sets_back": {group.value: form.is_on(f"sets_back_{group.value}") for group in SET_BACK},
    }


def _share(form: Form, name: str, *, most: int) -> str:
    typed = form.text(name).removesuffix("%").strip().replace(",", ".")
    try:
        per_cent = Decimal(typed)
    except InvalidOperation:
        per_cent = Decimal(-1)
    if not per_cent.is_finite() or not 0 <= per_cent <= most:
        raise NotFilledIn(**{name: f"Write a number of per cent from 0 to {most:,}, for example 50."})
    return str(per_cent / 100)


def _lists(form: Form) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(form.text("price_lists").splitlines(), 1):
        if not line.strip():
            continue
        erp, _, shop = (part.strip() for part in line.partition("="))
        shop = shop.removeprefix(PRICE_LIST)
        if not erp or not (shop.isascii() and shop.isdigit()):
            raise NotFilledIn(
                price_lists=f"Line {number}: write your ERP’s price list, an equals sign, and the number of the"
                " price list in Shopify."
            )
        if erp in found:
            raise NotFilledIn(price_lists=f"Line {number}: {erp} is there twice.")
        found[erp[:128]] = f"{PRICE_LIST}{shop}"
    return found


def _per_cent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"


def merged(before: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The policies with these parts in them; what a part does not name stays."""
    return {**before, **{name: {**before.get(name, {}), **part} for name, part in parts.items()}}
