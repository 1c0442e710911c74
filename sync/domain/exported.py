"""What is already in the ERP for one order, as the domain needs to know it. Kept as plain facts beside the links."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sync.domain.components import of_documents
from sync.domain.documents import Document, DocumentKind, LineKind
from sync.domain.money import Both, Money, decimal

PLACED = "placed"  # covers the order's own entry, whatever id the ledger gives it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How a line stands in the ERP: what is taken back must go to the same item, account and taxes."""

    item: str
    account: str
    taxes: Mapping[str, str]  # by `tax_key`; the taxes of the line's whole document


def tax_key(title: str, rate: Decimal, *, is_channel_liable: bool) -> str:
    """What tells the taxes of one order apart."""
    return f"{title}|{rate.normalize():f}{'|channel' if is_channel_liable else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedDocument:
    """One document that stands in the ERP (or is about to) and the ledger entries that it covers."""

    reference: str
    kind: DocumentKind
    covers: tuple[str, ...]
    total: Both
    residual: Both
    rounding: Both
    lines: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # item and account by source
    taxes: Mapping[str, str] = field(default_factory=dict)  # the ERP's tax by `tax_key`
    goods: str = (
        ""  # of the first document: which lines it holds and how many of each, as `goods_of` writes it
    )
    components: Mapping[str, Both] = field(default_factory=dict)  # its part of the order's cent table

    def facts(self) -> dict[str, Any]:
        """As plain JSON, for the link's facts."""
        return {
            "reference": self.reference,
            "kind": self.kind.value,
            "covers": list(self.covers),
            "total": _plain(self.total),
            "residual": _plain(self.residual),
            "rounding": _plain(self.rounding),
            "lines": {source: list(chosen) for source, chosen in self.lines.items()},
            "taxes": dict(self.taxes),
            "goods": self.goods,
            "components": {name: _plain(amount) for name, amount in self.components.items()},
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> ExportedDocument:
        """The reverse of `facts`."""
        return cls(
            reference=facts["reference"],
            kind=DocumentKind(facts["kind"]),
            covers=tuple(facts["covers"]),
            total=_both(facts["total"]),
            residual=_both(facts["residual"]),
            rounding=_both(facts["rounding"]),
            lines={source: (item, account) for source, (item, account) in facts.get("lines", {}).items()},
            taxes=facts.get("taxes", {}),
            goods=facts.get("goods", ""),  # documents of earlier versions have none
            components={name: _both(amount) for name, amount in facts.get("components", {}).items()},
        )

    @classmethod
    def of(cls, document: Document, covers: Iterable[str]) -> ExportedDocument:
        """What a document will have exported once it is written."""
        zero = document.total - document.total
        residual = rounding = zero
        for line in document.lines:
            if line.kind is LineKind.RESIDUAL:
                residual = residual + line.net
            elif line.kind is LineKind.ROUNDING:
                rounding = rounding + line.net
        return cls(
            reference=document.reference,
            kind=document.kind,
            covers=tuple(covers),
            total=document.total,
            residual=residual,
            rounding=rounding,
            lines={line.source: (line.erp_item, line.erp_account) for line in document.lines},
            taxes={
                tax_key(tax.title, tax.rate, is_channel_liable=tax.is_channel_liable): tax.erp_tax
                for line in document.lines
                for tax in line.taxes
            },
            goods=goods_of(_goods(document)) if document.kind is DocumentKind.SALE else "",
            components=of_documents((document,), zero),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Everything of one order that was exported so far."""

    documents: tuple[ExportedDocument, ...] = ()
    shipments: frozenset[str] = frozenset()  # references of shipments, cancelled ones too
    payments: frozenset[str] = frozenset()  # gids of transactions that are booked
    refunds: Mapping[str, str] = field(
        default_factory=dict
    )  # made for a credit note of the ERP, by its id there
    is_begun: bool = False  # the first document was sent and its answer is still unknown: the ERP may have it

    @classmethod
    def of_facts(
        cls,
        documents: Iterable[Mapping[str, Any]],
        shipments: Iterable[str] = (),
        payments: Iterable[str] = (),
        refunds: Mapping[str, str] | None = None,
    ) -> Exported:
        """From the facts kept with the links of the order."""
        return cls(
            documents=tuple(ExportedDocument.of_facts(each) for each in documents),
            shipments=frozenset(shipments),
            payments=frozenset(payments),
            refunds=refunds or {},
        )

    @property
    def sale(self) -> ExportedDocument | None:
        """The first document of the order."""
        return next((each for each in self.documents if each.kind is DocumentKind.SALE), None)

    def is_of_erp(self, refund: str | None) -> bool:
        """Whether the ERP's own credit note is what a refund was made for."""
        return refund is not None and refund in self.refunds

    @property
    def covered(self) -> frozenset[str]:
        """Ledger entries that need no document any more."""
        return frozenset(gid for each in self.documents for gid in each.covers)

    def kept(self, source: str) -> Kept | None:
        """How a line of Shopify's stands in the ERP; None when no document has it, or an old one that did not say."""
        for each in self.documents:
            if source in each.lines:
                item, account = each.lines[source]
                return Kept(item=item, account=account, taxes=each.taxes)
        return None

    def total(self, zero: Both) -> Both:
        """What the documents come to."""
        for each in self.documents:
            zero = zero + each.total
        return zero

    def rounding(self, zero: Both) -> Both:
        """Cash rounding that the documents carry."""
        for each in self.documents:
            zero = zero + each.rounding
        return zero

    def with_plan(
        self,
        documents: Iterable[ExportedDocument],
        shipments: Iterable[str] = (),
        payments: Iterable[str] = (),
    ) -> Exported:
        """As it will be after a plan is carried out."""
        new = tuple(documents)
        gone = {each.reference for each in new}
        kept = tuple(each for each in self.documents if each.reference not in gone)
        return Exported(
            documents=kept + new,
            shipments=self.shipments | frozenset(shipments),
            payments=self.payments | frozenset(payments),
            refunds=self.refunds,
        )


NOTHING_EXPORTED = Exported()


def goods_of(moved: Iterable[tuple[str, Decimal | int]]) -> str:
    """One short text for line gids with their quantities: the same goods give the same text."""
    left: dict[str, Decimal] = {}
    for gid, quantity in moved:
        left[gid] = left.get(gid, Decimal(0)) + quantity
    told = "\n".join(f"{gid} {left[gid]:f}" for gid in sorted(left) if left[gid])
    return hashlib.sha256(told.encode()).hexdigest()


def _goods(document: Document) -> Iterator[tuple[str, Decimal]]:
    for line in document.lines:
        if line.kind in (LineKind.GOODS, LineKind.GIFT_CARD):
            yield line.source, line.quantity


def _plain(amount: Both) -> list[str]:
    return [
        str(amount.shop.amount),
        amount.shop.currency,
        str(amount.presentment.amount),
        amount.presentment.currency,
    ]


def _both(plain: list[str]) -> Both:
    shop, shop_currency, presentment, presentment_currency = plain
    return Both(Money(decimal(shop), shop_currency), Money(decimal(presentment), presentment_currency))
