"""Tryton as a connector: each promise of the contract, handed to the module that keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.faults import Misconfigured
from sync.connectors.base import (
    ChangePage,
    CustomerMatch,
    Feed,
    Opening,
    Option,
    OptionKind,
    Probe,
    Written,
)
from sync.connectors.tryton.carving import Carver
from sync.connectors.tryton.client import Client
from sync.connectors.tryton.feeds import Feeds
from sync.connectors.tryton.lists import Lists
from sync.connectors.tryton.parties import Parties
from sync.connectors.tryton.sales import Sales
from sync.connectors.tryton.shipments import Shipments
from sync.connectors.tryton.shop import Shop
from sync.domain.documents import CustomerDocument, Document, PaymentDocument, ShipmentDocument


class TrytonConnector:
    """One Tryton database, opened for one connection."""

    kind = "tryton"

    def __init__(self, opening: Opening) -> None:
        self._client = Client(opening)
        self._counts_sold = opening.counts_sold
        self._shop = Shop(self._client, opening)
        self._parties = Parties(self._client, self._shop)
        self._carver = Carver(self._client, self._shop)
        self._sales = Sales(self._client, self._shop, self._parties, self._carver)

    def probe(self) -> Probe:
        """Says which company the web shop belongs to. Raises Misconfigured when anything is wrong."""
        self._client.require_models("web.shop", "sale.sale", "account.invoice", "stock.shipment.out")
        shop = self._shop.record
        return Probe(system=self._client.version(), company=shop.company_name, currency=shop.currency)

    def options(self, kind: OptionKind, *, codes: Sequence[str] = ()) -> list[Option]:
        """A list that the mapping chooses from."""
        return Lists(self._client, self._shop).options(kind, codes)

    def match_customer(self, customer: CustomerDocument) -> list[CustomerMatch]:
        """Parties that could be this customer."""
        return self._parties.match(customer)

    def write_customer(self, customer: CustomerDocument, *, erp_id: str = "") -> Written:
        """The party, created or completed."""
        return self._parties.write(customer, erp_id=erp_id)

    def write(self, document: Document, *, key: str) -> Written:
        """The sale with its invoice, made so. Tryton knows no keys: the reference is what keeps it single."""
        return self._sales.make(document)

    def find(self, document: Document) -> Written | None:
        """The sale with its invoice, as it is."""
        return self._sales.find(document)

    def ship(self, shipment: ShipmentDocument, *, key: str) -> Written:
        """The shipment, done (or cancelled)."""
        sale = self._sales.row(shipment.origin)
        if sale is None:
            raise Misconfigured(
                "sale_missing",
                "The order of this fulfilment is not in Tryton yet.",
                misses=f"link:{shipment.record}",
            )
        return Shipments(self._client, self._carver).ship(sale, shipment)

    def pay(self, payment: PaymentDocument, *, key: str) -> Written:
        """The payment, booked against the invoice. The gid of its transaction keeps it single."""
        return self._sales.pay(payment)

    def changes(self, feed: Feed, position: Mapping[str, Any], *, limit: int) -> ChangePage:
        """What changed in Tryton since a position."""
        feeds = Feeds(self._client, self._shop, counts_sold=self._counts_sold)
        return feeds.changes(feed, position, limit=limit)
