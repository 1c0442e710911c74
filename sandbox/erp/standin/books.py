"""The books of the ERP stand-in: parties, documents, shipments, products, stock, and a log of what changed.

It refuses an unknown product, and a second document with one reference, unless it is told to be as careless as some
ERPs are. Either way it remembers who sent a reference twice. It knows nothing of Shopify.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Values = dict[str, Any]


class Refused(ValueError):
    """The ERP does not take these values."""


@dataclass
class Books:
    """Everything the stand-in knows. All methods take and give plain JSON values; amounts are texts."""

    currency: str
    products: dict[str, Values] = field(default_factory=dict)  # by id: code, name, barcodes
    parties: dict[str, Values] = field(default_factory=dict)  # by code
    documents: dict[str, Values] = field(default_factory=dict)  # by reference
    shipments: dict[str, Values] = field(default_factory=dict)  # by reference
    payments: dict[str, Values] = field(default_factory=dict)  # by the gid of the transaction
    stock: dict[tuple[str, str], Values] = field(default_factory=dict)  # by product and warehouse
    options: dict[str, list[Values]] = field(default_factory=dict)
    is_reserving: bool = False  # a sale reserves the pieces that were counted, a credit frees them
    is_careless: bool = False  # takes a second document with one reference
    refuse: Callable[[str, Mapping[str, Any]], str | None] = lambda _verb, _values: None

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._number = 0
        self.log: list[Values] = []
        self.written: list[Values] = []  # every document, also the second of a reference
        self.blind: list[str] = []  # references that were sent although a document stood there

    def call(self, verb: str, values: Mapping[str, Any]) -> Any:
        """Carries out one verb. Raises Refused, or LookupError for a verb that it does not have."""
        with self._lock:
            if reason := self.refuse(verb, values):
                raise Refused(reason)
            match verb:
                case "probe":
                    return {"company": "Stand-in", "currency": self.currency}
                case "options":
                    return self._options(values["kind"], values.get("codes") or [])
                case "find_party":
                    return self._parties_like(values)
                case "write_party":
                    return self._party(values)
                case "find_document":
                    return self.documents.get(values["reference"])
                case "write_document":
                    return self._document(values)
                case "write_shipment":
                    return self._shipment(values)
                case "write_payment":
                    return self._payment(values)
                case "references":
                    return sorted(document["reference"] for document in self.written)
                case "sums":
                    return self._sums()
                case "blind":
                    return sorted(self.blind)
                case "changes":
                    return self._changes(values["feed"], int(values.get("after") or 0), int(values["limit"]))
                case _:
                    raise LookupError(verb)

    def set_stock(
        self, product: str, warehouse: str, on_hand: str, *, reserved: str = "0", sold: str = "0"
    ) -> None:
        """What a person counts: the new stock of a product in a warehouse."""
        with self._lock:
            row = {"product": product, "warehouse": warehouse, "on_hand": on_hand, "reserved": reserved}
            row["sold"] = sold
            self.stock[(product, warehouse)] = row
            self.note("stock", product, row)

    def count(self, product: str, warehouse: str, on_hand: str) -> None:
        """What a person counts; what is reserved stays so."""
        reserved = self.stock.get((product, warehouse), {}).get("reserved", "0")
        self.set_stock(product, warehouse, on_hand, reserved=reserved)

    def note(self, feed: str, erp_id: str, values: Mapping[str, Any]) -> None:
        """Adds to the log of changes."""
        self.log.append({"at": len(self.log) + 1, "feed": feed, "erp_id": erp_id, "values": dict(values)})

    def _options(self, kind: str, codes: list[str]) -> list[Values]:
        if kind != "product":
            return self.options.get(kind, [])
        wanted = set(codes)
        return [
            product
            for product in self.products.values()
            if not wanted or product["code"] in wanted or wanted.intersection(product.get("barcodes", ()))
        ]

    def _sums(self) -> dict[str, str]:
        """What the documents of each order come to."""
        sums: dict[str, Decimal] = {}
        for document in self.written:
            order = document["origin"] or document["reference"]
            sums[order] = sums.get(order, Decimal(0)) + Decimal(document["total"])
        return {order: str(total) for order, total in sums.items()}

    def _parties_like(self, values: Mapping[str, Any]) -> list[Values]:
        found = []
        for by in ("code", "external_id", "email", "phone", "vat"):
            # What a person calls a party by may be its code as well.
            names = ("external_id", "code") if by == "external_id" else (by,)
            for party in self.parties.values():
                if values.get(by) and values[by] in {party.get(name) for name in names}:
                    found.append(party | {"by": by})
        return found

    def _party(self, values: Mapping[str, Any]) -> Values:
        code = values["code"]
        if wanted := values.get("erp_id"):
            code = next((own for own, each in self.parties.items() if each["erp_id"] == wanted), None)
            if code is None:
                raise Refused(f"the party {wanted} does not exist")
        known = self.parties.get(code)
        # What a caller leaves empty stays as it is.
        given = dict(values) if known is None else {name: value for name, value in values.items() if value}
        party = (
            (known or {}) | given | {"erp_id": known["erp_id"] if known else self._next("P"), "code": code}
        )
        self.parties[code] = party
        return party

    def _document(self, values: Mapping[str, Any]) -> Values:
        reference = values["reference"]
        if reference in self.documents:
            self.blind.append(reference)
            if not self.is_careless:
                raise Refused(f"the reference {reference} is taken")
        for line in values["lines"]:
            if line["kind"] == "goods" and line["item"] not in self.products:
                raise Refused(f"the product {line['item']} does not exist")
        total = sum((Decimal(line["net"]) + Decimal(line["tax"]) for line in values["lines"]), Decimal(0))
        erp_id = self._next("D")
        document = dict(values) | {"erp_id": erp_id, "number": f"SO{erp_id[1:]}", "total": str(total)}
        self.documents.setdefault(reference, document)
        self.written.append(document)
        if self.is_reserving:
            self._reserve(document)
        if values["kind"] == "credit":
            self.note("credits", erp_id, {"reference": reference})
        return document

    def _reserve(self, document: Values) -> None:
        sign = -1 if document["kind"] == "credit" else 1
        for line in document["lines"]:
            for row in [row for row in self.stock.values() if row["product"] == line["item"]]:
                reserved = Decimal(row["reserved"]) + sign * abs(Decimal(line["quantity"]))
                self.set_stock(row["product"], row["warehouse"], row["on_hand"], reserved=str(reserved))

    def _shipment(self, values: Mapping[str, Any]) -> Values:
        known = self.shipments.get(values["reference"])
        erp_id = known["erp_id"] if known else self._next("S")
        shipment = dict(values) | {"erp_id": erp_id, "number": f"SH{erp_id[1:]}"}
        self.shipments[values["reference"]] = shipment
        return shipment

    def _payment(self, values: Mapping[str, Any]) -> Values:
        credits = {entry["erp_id"] for entry in self.log if entry["feed"] == "credits"}
        document = values.get("document")
        if document not in credits if document else values["origin"] not in self.documents:
            raise Refused(f"there is no document {document or values['origin']}")
        known = self.payments.get(values["source"])
        if known is None:
            erp_id = self._next("P")
            known = self.payments[values["source"]] = dict(values) | {
                "erp_id": erp_id,
                "number": f"PAY{erp_id[1:]}",
            }
        return known

    def _changes(self, feed: str, after: int, limit: int) -> Values:
        found = [entry for entry in self.log if entry["feed"] == feed and entry["at"] > after]
        page = found[:limit]
        return {
            "changes": page,
            "after": page[-1]["at"] if page else after,
            "has_more": len(found) > len(page),
        }

    def _next(self, letter: str) -> str:
        self._number += 1
        return f"{letter}{self._number}"
