"""The connector of the ERP stand-in: the same contract as any other, so the engine cannot tell the difference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kit.faults import Misconfigured, OutcomeUnknown, Rejected, Transient
from sync.connectors.base import (
    Change,
    ChangePage,
    CustomerMatch,
    Feed,
    Field,
    Opening,
    Option,
    OptionKind,
    Probe,
    Written,
)
from sync.connectors.registry import Kind
from sync.domain.documents import CustomerDocument, Document, PaymentDocument, ShipmentDocument
from sync.domain.money import Money

FIELDS = (Field(name="url", label="Address", is_url=True), Field(name="key", label="Key", is_secret=True))


class StandinConnector:
    """One stand-in, opened for one connection."""

    kind = "standin"

    def __init__(self, opening: Opening) -> None:
        self._door = opening.door
        self._url = opening.address["url"]
        self._key = json.loads(opening.secret.reveal())["key"]

    def probe(self) -> Probe:
        """Says who we are there."""
        found = self._ask("probe", {})
        return Probe(system="ERP stand-in", company=found["company"], currency=found["currency"])

    def options(self, kind: OptionKind, *, codes: Sequence[str] = ()) -> list[Option]:
        """The list of a kind."""
        return [
            Option(
                erp_id=each["erp_id"],
                name=each["name"],
                code=each.get("code", ""),
                barcodes=tuple(each.get("barcodes", ())),
                rate=Decimal(each["rate"]) if each.get("rate") else None,
            )
            for each in self._ask("options", {"kind": kind.value, "codes": list(codes)})
        ]

    def match_customer(self, customer: CustomerDocument) -> list[CustomerMatch]:
        """Parties with the same code, external id, email, phone or VAT number."""
        found = self._ask(
            "find_party",
            {
                "code": customer.code,
                "external_id": customer.external_id,
                "email": customer.email,
                "phone": customer.phone,
                "vat": customer.vat_number,
            },
        )
        return [CustomerMatch(erp_id=each["erp_id"], name=each["name"], by=each["by"]) for each in found]

    def write_customer(self, customer: CustomerDocument, *, erp_id: str = "") -> Written:
        """Creates or updates by code, or the given one."""
        party = self._write(
            "write_party",
            {
                "erp_id": erp_id,
                "code": customer.code,
                "name": customer.name,
                "external_id": customer.external_id,
                "email": customer.email,
                "phone": customer.phone,
                "vat": customer.vat_number,
                "addresses": [
                    f"{each.street}, {each.postal_code} {each.city}" for each in customer.addresses
                ],
            },
        )
        return Written(model="party", erp_id=party["erp_id"], number=party["code"], state="active")

    def write(self, document: Document, *, key: str) -> Written:
        """Creates. It does not look first: that no document is sent twice is the engine's promise, not this ERP's."""
        return self._written(self._write("write_document", _values(document, key)), document.currency)

    def find(self, document: Document) -> Written | None:
        """The document by its reference."""
        found = self._ask("find_document", {"reference": document.reference})
        return self._written(found, document.currency) if found else None

    def ship(self, shipment: ShipmentDocument, *, key: str) -> Written:
        """Records a shipment by its reference."""
        found = self._write(
            "write_shipment",
            {
                "reference": shipment.reference,
                "origin": shipment.origin,
                "is_cancelled": shipment.is_cancelled,
                "lines": [[item, str(quantity)] for item, quantity in shipment.lines],
                "key": key,
            },
        )
        return Written(model="shipment", erp_id=found["erp_id"], number=found["number"], state="done")

    def pay(self, payment: PaymentDocument, *, key: str) -> Written:
        """Books a payment by the gid of its transaction."""
        is_shop = payment.currency == payment.amount.shop.currency
        amount = payment.amount.shop if is_shop else payment.amount.presentment
        found = self._write(
            "write_payment",
            {
                "source": payment.source,
                "origin": payment.origin,
                "document": payment.erp_document,
                "method": payment.erp_method,
                "amount": str(amount.amount),
                "is_refund": payment.is_refund,
                "key": key,
            },
        )
        return Written(
            model="payment", erp_id=found["erp_id"], number=found["number"], state="posted", total=amount
        )

    def changes(self, feed: Feed, position: Mapping[str, Any], *, limit: int) -> ChangePage:
        """The log of changes after a number."""
        found = self._ask("changes", {"feed": feed.value, "after": position.get("after", 0), "limit": limit})
        return ChangePage(
            changes=tuple(
                Change(
                    feed=feed,
                    erp_id=each["erp_id"],
                    changed_at=datetime.fromtimestamp(each["at"], UTC),
                    values=each["values"],
                )
                for each in found["changes"]
            ),
            position={"after": found["after"]},
            has_more=found["has_more"],
        )

    def _ask(self, verb: str, values: Mapping[str, Any]) -> Any:
        return self._call(verb, values, repeatable=True)

    def _write(self, verb: str, values: Mapping[str, Any]) -> Any:
        return self._call(verb, values, repeatable=False)

    def _call(self, verb: str, values: Mapping[str, Any], *, repeatable: bool) -> Any:
        answer = self._door.call(
            "POST",
            f"{self._url}/{verb}",
            headers={"Authorization": f"Bearer {self._key}"},
            json=dict(values),
            repeatable=repeatable,
        )
        match answer.status_code:
            case 200:
                return answer.json()
            case 422:
                raise Rejected("erp_refused", answer.json()["error"], field=verb)
            case 401:
                raise Misconfigured("erp_key", "The ERP does not accept the key.", misses="credential")
            case 503:
                raise Transient("erp_busy", "The ERP is busy.")
            case status if repeatable:
                raise Transient("erp_failed", f"The ERP answered {status}.")
            case status:
                raise OutcomeUnknown("erp_failed", f"The ERP answered {status}.")

    def _written(self, found: Mapping[str, Any], currency: str) -> Written:
        return Written(
            model="document",
            erp_id=found["erp_id"],
            number=found["number"],
            state="posted",
            total=Money(Decimal(found["total"]), currency),
        )


def _values(document: Document, key: str) -> dict[str, Any]:
    side = "shop" if document.currency == document.total.shop.currency else "presentment"
    return {
        "reference": document.reference,
        "kind": document.kind.value,
        "party": document.erp_customer,
        "origin": document.origin,
        "currency": document.currency,
        "key": key,
        "extra": dict(document.extra),
        "lines": [
            {
                "kind": line.kind.value,
                "item": line.erp_item,
                "quantity": str(line.quantity),
                "net": str(getattr(line.net, side).amount),
                "tax": str(getattr(line.tax, side).amount),
            }
            for line in document.lines
        ],
    }


KIND = Kind(
    "ERP stand-in",
    FIELDS,
    StandinConnector,
    (("comment", "Comment"), ("cost_centre", "Cost centre")),
    tells_sold=True,
)
