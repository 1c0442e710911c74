"""How Shopify is told who carries a parcel: the ERP's word for a carrier becomes Shopify's, with an address to track.

Shopify makes its own tracking addresses for the carriers that it knows, if they are written exactly as it writes them.
A tracking number without a carrier is not guessed: nobody could follow the parcel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from kit.faults import Misconfigured
from sync.domain.feeds import Parcel

NUMBER: Final = "{number}"
# Carriers that Shopify makes addresses for, as it writes them; an ERP's spelling differs in small and capital letters.
KNOWN: Final = (
    "4PX, An Post, APC, Australia Post, BPost, Canada Post, Chronopost, Colissimo, Correos, CTT, Deutsche Post,"
    " DHL eCommerce, DHL Express, DPD, DPD Local, DPD UK, Evri, FedEx, GLS, La Poste, New Zealand Post, OnTrac,"
    " PostNL, PostNord, Purolator, Royal Mail, Swiss Post, TNT, UPS, USPS"
).split(", ")
ALSO: Final = {
    "federal express": "FedEx",
    "united parcel service": "UPS",
    "united states postal service": "USPS",
}
_BY_NAME: Final = {**{name.casefold(): name for name in KNOWN}, **ALSO}


@dataclass(frozen=True)
class Carrier:
    """A carrier as Shopify is told of it. `url` tracks a parcel, with {number} where its number goes."""

    company: str
    url: str = ""

    def __post_init__(self) -> None:
        if self.url and (not self.url.startswith("https://") or NUMBER not in self.url):
            raise ValueError(f"{self.url} is no https:// address with {NUMBER} in it")


@dataclass(frozen=True)
class Carriers:
    """A shop's carriers, by the ERP's name; the empty name is for parcels whose carrier the ERP does not say."""

    chosen: Mapping[str, Carrier] = field(default_factory=dict)

    def told(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        """The parcels as Shopify is told of them. Raises Misconfigured for a number that nobody could follow."""
        return [self._told(each) for each in parcels]

    def _told(self, parcel: Parcel) -> Parcel:
        name = parcel.carrier.strip().casefold()
        carrier = next((each for key, each in self.chosen.items() if key.strip().casefold() == name), None)
        if carrier is None and not name and parcel.number and not parcel.url:
            raise Misconfigured(
                "carrier_missing",
                f"The ERP tells the tracking number {parcel.number}, but not who carries the parcel. Say who that is "
                "under From your ERP.",
                misses="policies",
                field="carrier",
            )
        if carrier is None:
            return Parcel(parcel.number, _BY_NAME.get(name, parcel.carrier.strip()), parcel.url)
        made = carrier.url.replace(NUMBER, quote(parcel.number, safe="")) if parcel.number else ""
        return Parcel(parcel.number, carrier.company, parcel.url or made)
