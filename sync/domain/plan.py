"""Decides which documents an order needs in the ERP now. Pure: the same record, rules and history give the same plan.

The first document may come from the record alone; everything later comes from Shopify's sales ledger. What waits,
what is skipped and what is missing is said with a reason; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from kit.faults import Misconfigured
from sync.domain import customers, fields, figures, ledger, sales, semantics
from sync.domain.documents import (
    CustomerDocument,
    Document,
    DocumentKind,
    DocumentLine,
    LineKind,
    PaymentDocument,
)
from sync.domain.exported import NOTHING_EXPORTED, PLACED, Exported, ExportedDocument
from sync.domain.filters import Skip, skip
from sync.domain.history import Agreement, Sale, Transaction
from sync.domain.lines import LineBuilder
from sync.domain.mapper import Catalogue, Decision, Mapper
from sync.domain.money import Both, CurrencyMix
from sync.domain.proof import Proof, prove
from sync.domain.records import Order
from sync.domain.residual import explained
from sync.domain.restock import restock_of
from sync.domain.rules import ClosedPeriod, Rules

# Words of `financial_status` for orders with money that moved.
MONEY_MOVED = frozenset({"paid", "partially_paid", "partially_refunded", "refunded"})
PAYING = frozenset({"sale", "capture"})
LEDGER_NEEDED = "ledger_needed"
# Parts of a body that it tells too little of to make a document from.
MONEY_UNKNOWN = frozenset({"fees", "tip", "company"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The documents to write, in order, with what each will have exported, the cent table and the decisions."""

    record: str
    customer: CustomerDocument
    erp_customer: str  # when a person or a policy already said who it is
    documents: tuple[Document, ...]
    exports: tuple[ExportedDocument, ...]  # one per document: keep it with the document's link
    proof: Proof  # of these documents
    payments: tuple[PaymentDocument, ...]  # to book once the documents are there
    whole: Proof  # of the order with everything that was exported before, against its current total
    decisions: tuple[Decision, ...] = ()
    waiting: tuple[Skip, ...] = ()


def plan_order(
    order: Order,
    rules: Rules,
    *,
    agreements: Sequence[Agreement] | None = None,
    already: Exported = NOTHING_EXPORTED,
    catalogue: Catalogue | None = None,
) -> Plan | Skip:
    """What the ERP should get for this order now.

    Raises Misconfigured for a missing mapping or an unexplained residual, Rejected for an order or ledger that
    contradicts itself. `Skip` with the code LEDGER_NEEDED: read the whole order with its agreements and ask again.
    An order whose export has begun is exported to its end, whatever the filters say of it by now.
    """
    if already.sale is None and not already.is_begun:
        reason = skip(order, rules)
        if reason is not None:
            return reason
    try:
        semantics.check(order)
        if agreements is None and needs_ledger(order, already, rules):
            return _ledger_needed(order)
        return _Planner(order, rules, already, catalogue).plan(agreements)
    except CurrencyMix as mix:
        raise semantics.mixed(order, mix) from None
    except Misconfigured as fault:
        if fault.code == "unmapped_product" and agreements is None and "barcodes" in order.unknown:
            # A body tells no barcode; the whole order may still find the product.
            return _ledger_needed(order, f" {fault.sentence}")
        raise


def needs_ledger(order: Order, already: Exported = NOTHING_EXPORTED, rules: Rules | None = None) -> bool:
    """Whether `plan_order` can only answer with the whole order and its agreements at hand."""
    wants_metafields = rules is not None and any(
        source.startswith("metafield:") for source in (rules.external_id, *(f.source for f in rules.fields))
    )
    return (
        already.sale is not None
        or not order.is_pristine
        or bool(order.unknown & MONEY_UNKNOWN)
        or (wants_metafields and "metafields" in order.unknown)
    )


def owes_payments(order: Order, rules: Rules) -> bool:
    """Whether money moved that this source does not tell, and that the ERP shall know: somebody has to look again."""
    is_in_use = bool(rules.payment_methods or rules.default_payment_method)
    return is_in_use and "transactions" in order.unknown and order.financial_status in MONEY_MOVED


def _ledger_needed(order: Order, because: str = "") -> Skip:
    return Skip(
        code=LEDGER_NEEDED,
        sentence=f"Order {order.name} must be read from Shopify, with its sales ledger.{because}",
        is_waiting=True,
    )


class _Planner:
    def __init__(self, order: Order, rules: Rules, already: Exported, catalogue: Catalogue | None) -> None:
        self.order = order
        self.rules = rules
        self.already = already
        self.mapper = Mapper(rules, order, catalogue=catalogue)
        self.lines = LineBuilder(order, self.mapper, already)
        self.zone = ZoneInfo(rules.timezone)
        self.customer, self.erp_customer = customers.of_order(order, rules)
        self.exports: list[ExportedDocument] = []
        self.documents: list[Document] = []
        self.sales: list[Sale] = []
        self.told = order.zero  # Shopify's own figure for what is planned
        self.rounding = order.zero
        self.own: Mapping[str, Both] = {}  # rows of the cent table that Shopify states itself

    def plan(self, agreements: Sequence[Agreement] | None) -> Plan | Skip:
        order = self.order
        held: list[ledger.Waiting] = []
        if agreements is None:
            self._place(sales.of_order(order), order.totals.total, covers=(PLACED,))
        else:
            held = self._follow(agreements)
        self._round()
        payments = self._payments()
        if not self.documents and not payments:
            if held:
                return Skip(code=held[0].code, sentence=held[0].sentence, is_waiting=True)
            return Skip(
                code="nothing_new", sentence=f"Everything of order {order.name} is in the ERP already."
            )
        proof = prove(
            self.sales,
            self.documents,
            total=self.told,
            rounding=self.rounding,
            taxes_included=order.taxes_included,
            own=self.own,
        )
        return Plan(
            record=order.gid,
            customer=self.customer,
            erp_customer=self.erp_customer,
            documents=tuple(self.documents),
            exports=tuple(self.exports),
            proof=proof,
            payments=payments,
            whole=self._whole(agreements, held) or proof,
            decisions=self.mapper.decisions,
            waiting=tuple(Skip(code=w.code, sentence=w.sentence, is_waiting=True) for w in held),
        )

    def _follow(self, agreements: Sequence[Agreement]) -> list[ledger.Waiting]:
        order, held = self.order, []
        entries = ledger.open_entries(agreements, order, self.already)
        everything = ledger.in_order(agreements)
        if self.already.sale is None:
            start = ledger.placed(agreements, order)
            told = order.totals.total if order.is_pristine and len(everything) == 1 else None
            self._place(start, told, covers=(PLACED, start.gid))
            entries = [each for each in entries if each.gid != start.gid]
        for entry in entries:
            wait = ledger.waiting(entry, order)
            if wait is not None:
                held.append(wait)
                continue
            self._change(entry, everything)
        self._settle(everything, held)
        if self.documents:
            sold = [sale for each in everything for sale in each.sales]
            figures.check_current(order, sold, self.rules)
        return held

    def _place(self, agreement: Agreement, total: Both | None, *, covers: tuple[str, ...]) -> None:
        """The first document of the order."""
        order = self.order
        lines = [line for sale in agreement.sales for line in self.lines.of_sale(sale)]
        summed = sales.amounts((line.gross for line in lines), order.zero)
        told = summed
        if total is not None:
            told = total
            self.own = figures.checked(order, self.rules)
        lines += explained(told - summed, order, self.rules, self.lines, source=f"{order.gid}/residual")
        rounding = order.totals.rounding_paid
        if rounding:
            lines.append(self.lines.bare(LineKind.ROUNDING, f"{order.gid}/rounding", rounding))
        self.sales += agreement.sales
        self._add(
            DocumentKind.SALE,
            reference=order.legacy_id,
            number=order.name,
            at=order.processed_at,
            lines=lines,
            total=told + rounding,
            covers=covers,
        )
        self.told = self.told + told
        self.rounding = self.rounding + rounding

    def _change(self, entry: Agreement, everything: Sequence[Agreement]) -> None:
        """The documents of a later ledger entry."""
        same = [each for each in everything if each.kind is entry.kind]
        refund = self.lines.refund(entry.refund_gid)
        found = ledger.deltas(entry, self.order, index=same.index(entry) + 1)
        self.sales += [sale for delta in found for sale in delta.sales]
        restock = restock_of(entry, self.order, self.rules)
        for delta in found:
            lines = [
                line
                for sale in delta.sales
                for line in self.lines.of_sale(sale, refund=refund, restock=restock(sale))
            ]
            total = delta.total(self.order.zero)
            self._add(
                delta.kind,
                reference=delta.reference,
                number=delta.number,
                at=entry.happened_at,
                lines=lines,
                total=total,
                covers=(entry.gid,),
                note=refund.note if refund else "",
            )
            self.told = self.told + total

    def _whole(self, agreements: Sequence[Agreement] | None, held: Sequence[ledger.Waiting]) -> Proof | None:
        """The cent table of the order so far: all settled entries of the ledger against all documents. None when this
        is the first look, or when an older document did not keep its part of the table."""
        order, zero = self.order, self.order.zero
        new = {each.reference for each in self.exports}
        before = [each for each in self.already.documents if each.reference not in new]
        if agreements is None or not before or not all(each.components for each in before):
            return None
        # Neither what waits has a document, nor what the ERP credited before Shopify paid it back.
        waiting = {each.agreement.gid: each.agreement for each in held}
        waiting |= {each.gid: each for each in agreements if self.already.is_of_erp(each.refund_gid)}
        settled = [each for each in ledger.in_order(agreements) if each.gid not in waiting]
        return prove(
            [sale for each in settled for sale in each.sales],
            self.documents,
            total=order.totals.current_total - ledger.total(list(waiting.values()), zero),
            rounding=order.totals.rounding_paid - order.totals.rounding_refunded,
            taxes_included=order.taxes_included,
            before=[each.components for each in before],
        )

    def _settle(self, everything: Sequence[Agreement], held: Sequence[ledger.Waiting]) -> None:
        """What the whole ledger leaves unexplained of Shopify's current total goes onto the last new document."""
        if not self.documents:
            return
        zero = self.order.zero
        done = self.already.with_plan(self.exports)
        before = sales.amounts((each.residual for each in done.documents), zero)
        left = self.order.totals.current_total - ledger.total(everything, zero) - before
        if not left:
            return
        last = self.documents[-1]
        extra = explained(left, self.order, self.rules, self.lines, source=f"{self.order.gid}/residual")
        self._replace_last(last, extra, left)
        self.told = self.told + left

    def _round(self) -> None:
        """Cash rounding that came after the documents that are there."""
        order, zero = self.order, self.order.zero
        wanted = order.totals.rounding_paid - order.totals.rounding_refunded
        done = self.already.with_plan(self.exports).rounding(zero)
        if self.already.sale is None and not self.documents:
            return
        left = wanted - done
        if not left:
            return
        count = sum(1 for each in self.already.documents if "/X" in each.reference) + 1
        self._add(
            DocumentKind.CREDIT if left.shop.amount < 0 else DocumentKind.CHARGE,
            reference=f"{order.legacy_id}/X{count}",
            number=f"{order.name}-X{count}",
            at=order.updated_at,
            lines=[self.lines.bare(LineKind.ROUNDING, f"{order.gid}/rounding/{count}", left)],
            total=left,
            covers=(),
        )
        self.rounding = self.rounding + left

    def _replace_last(self, last: Document, extra: list[DocumentLine], left: Both) -> None:
        self.documents[-1] = replace(last, lines=(*last.lines, *extra), total=last.total + left)
        self.exports[-1] = ExportedDocument.of(self.documents[-1], self.exports[-1].covers)

    def _add(
        self,
        kind: DocumentKind,
        *,
        reference: str,
        number: str,
        at: datetime,
        lines: list[DocumentLine],
        total: Both,
        covers: tuple[str, ...],
        note: str = "",
    ) -> None:
        order = self.order
        is_sale = kind is DocumentKind.SALE
        document = Document(
            kind=kind,
            reference=reference,
            record=order.gid,
            number=number,
            dated_on=self._day(at),
            occurred_at=at,
            currency=order.currency if self.rules.side.value == "shop" else order.presentment_currency,
            lines=tuple(lines),
            total=total,
            customer=self.customer,
            erp_customer=self.erp_customer,
            billing=customers.normal_address(order.billing) if order.billing else None,
            shipping=customers.normal_address(order.shipping) if order.shipping else None,
            warehouse=self.mapper.warehouse(order.location_gid),
            shipping_method=self.mapper.shipping_method(),
            payment_term=self.mapper.payment_term(),
            purchase_order=order.purchase_order,
            note=order.note if is_sale else note,
            origin="" if is_sale else order.legacy_id,
            is_shipped_elsewhere=self.rules.ships_elsewhere or order.is_pos,
            may_post_later=self.rules.closed_period is ClosedPeriod.NEXT_OPEN,
            is_posted=self.rules.is_posted(kind) and not self.mapper.uses_stand_in,
            extra=fields.filled(order, self.rules) if is_sale else (),
        )
        self.documents.append(document)
        self.exports.append(ExportedDocument.of(document, covers))

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _payments(self) -> tuple[PaymentDocument, ...]:
        """Every transaction that is known and not booked, for the document that it belongs to: ours, or the credit
        note of the ERP that a refund was made for."""
        order, booked = self.order, self.already.payments
        done = {each.reference: each for each in self.already.with_plan(self.exports).documents}
        found = []
        refunds = [
            (
                f"{order.legacy_id}/R{refund.gid.rpartition('/')[2]}",
                self.already.refunds.get(refund.gid, ""),
                each,
            )
            for refund in order.refunds
            for each in refund.transactions
            if each.kind == "refund"
        ]
        paid = [(order.legacy_id, "", each) for each in order.transactions if each.kind in PAYING]
        for origin, credit, each in (*paid, *refunds):
            document = done.get(origin)
            is_posted = bool(credit) or (document is not None and self.rules.is_posted(document.kind))
            if not is_posted or not each.is_done or each.gid in booked:
                continue
            if method := self.mapper.payment_method(each.gateway):
                found.append(replace(self._payment(each, origin, method), erp_document=credit))
        return tuple(found)

    def _payment(self, each: Transaction, origin: str, method: str) -> PaymentDocument:
        order = self.order
        return PaymentDocument(
            source=each.gid,
            record=order.gid,
            origin=origin,
            number=order.name,
            gateway=each.gateway,
            erp_method=method,
            amount=each.amount + each.rounding if each.rounding else each.amount,
            currency=order.currency if self.rules.side.value == "shop" else order.presentment_currency,
            paid_on=self._day(each.processed_at or order.processed_at),
            is_refund=each.kind == "refund",
            may_post_later=self.rules.closed_period is ClosedPeriod.NEXT_OPEN,
        )
