"""Where a missing thing is set: from what a held job misses to the screen and the button that fix it."""

from __future__ import annotations

from dataclasses import dataclass

MAPPING_SCREENS = {
    "product": "products",
    "tax": "taxes",
    "service": "services",
    "warehouse": "locations",
    "shipping": "shipping",
    "payment": "payments",
    "payment_term": "terms",
    "customer": "customers",
    "field": "fields",
    "source": "fields",
    "transform": "fields",
}


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What a held job misses, taken apart: `mapping:tax:19%:DE` is a mapping, of a tax, named `19%:DE`."""

    family: str
    kind: str
    value: str

    @classmethod
    def of(cls, misses: str) -> Missing:
        """Takes the stable name of a missing thing apart."""
        family, _, rest = misses.partition(":")
        kind, _, value = rest.partition(":")
        return cls(family=family, kind=kind, value=value)


def of(misses: str) -> tuple[str, str]:
    """The screen that sets a missing thing and what its button says; two empty texts when there is none."""
    missing = Missing.of(misses)
    match missing.family:
        case "mapping" if missing.kind in MAPPING_SCREENS:
            return f"/mappings/{MAPPING_SCREENS[missing.kind]}", "Map it"
        case "mapping" if missing.kind in ("residual", "guests", "closed_period"):
            return "/policies", "Open the policies"
        case "mapping" if missing.kind == "price_list":
            return "/roads", "Map it"
        case "mapping":
            return "/mappings", "Open the mappings"
        case "policies":
            return "/roads", "Open the settings"
        case "credential" | "connection" | "erp" | "kind" | "key" | "seal":
            return "/connection", "Fix the connection"
        case "grant":
            return "/settings", "Renew the permission"
        case "scope":
            return "/settings", "Grant the permission"
        case _:
            return "", ""
