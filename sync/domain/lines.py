"""Turns one ledger sale into ERP document lines. Net is what Shopify charged minus the tax that Shopify computed;
nothing is ever recalculated from a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from sync.domain.documents import DocumentLine, DocumentTax, LineKind, Restock
from sync.domain.exported import NOTHING_EXPORTED, Exported, Kept, tax_key
from sync.domain.history import Refund, Sale, TaxLine
from sync.domain.mapper import Mapper
from sync.domain.money import Both, Money, digits
from sync.domain.records import DiscountAllocation, Fee, Order, OrderLine, ShippingLine
from sync.domain.restock import RESTOCKS
from sync.domain.rules import DiscountStyle, Service

KINDS: Mapping[str, LineKind] = {
    "product": LineKind.GOODS,
    "gift_card": LineKind.GIFT_CARD,
    "tip": LineKind.TIP,
    "shipping": LineKind.SHIPPING,
    "duty": LineKind.DUTY,
    "fee": LineKind.FEE,
    "additional_fee": LineKind.FEE,
    "adjustment": LineKind.ADJUSTMENT,
}
TITLES: Mapping[LineKind, str] = {
    LineKind.TIP: "Tip",
    LineKind.SHIPPING: "Shipping",
    LineKind.DUTY: "Import duty",
    LineKind.FEE: "Fee",
    LineKind.ADJUSTMENT: "Refund adjustment",
    LineKind.ROUNDING: "Cash rounding",
    LineKind.RESIDUAL: "Rounding difference",
    LineKind.GIFT_CARD: "Gift card",
    LineKind.DISCOUNT: "Discount",
    LineKind.GOODS: "Goods",
}


class LineBuilder:
    """Builds the lines of one order's documents, with its lines and charges at hand by gid.

    A line that stands in the ERP keeps the item, account and taxes that it has there, whatever the rules say by now.
    """

    def __init__(self, order: Order, mapper: Mapper, already: Exported = NOTHING_EXPORTED) -> None:
        self.order = order
        self.mapper = mapper
        self._already = already
        self._lines: dict[str, OrderLine] = {line.gid: line for line in order.lines}
        self._shipping: dict[str, ShippingLine] = {line.gid: line for line in order.shipping_lines}
        self._fees: dict[str, Fee] = {fee.gid: fee for fee in order.fees}
        self._refunds: dict[str, Refund] = {refund.gid: refund for refund in order.refunds}
        self._warehouse = mapper.warehouse(order.location_gid) if order.is_pos else ""

    def of_sale(
        self, sale: Sale, *, refund: Refund | None = None, restock: Restock = Restock.NONE
    ) -> list[DocumentLine]:
        """The lines of a sale: one, plus its discount when discounts are shown as lines of their own."""
        kind = KINDS.get(sale.line_type, LineKind.ADJUSTMENT)
        line = self._lines.get(sale.target_gid)
        kept = self._already.kept(sale.target_gid) if sale.target_gid else None
        chosen = (
            self.mapper.adjustment(_reasons(sale, refund))
            if kind is LineKind.ADJUSTMENT and kept is None
            else self._chosen(kind, line, kept)
        )
        warehouse, moves = self._warehouse, Restock.NONE
        if sale.quantity < 0 and kind is LineKind.GOODS:
            moves, warehouse = self._restock(sale, refund, restock)
        quantity = Decimal(sale.quantity) if sale.quantity else _unit(sale.total)
        goods = DocumentLine(
            source=sale.target_gid or sale.gid,
            kind=kind,
            description=self._title(sale, kind, line, refund),
            quantity=quantity,
            net=sale.net,
            taxes=self._taxes(sale.taxes, kept),
            erp_item=chosen.item,
            erp_account=chosen.account,
            erp_warehouse=warehouse,
            sku=line.sku if line else "",
            restock=moves,
            discount=sale.discount if sale.discount else None,
        )
        if goods.discount is None or self.mapper.rules.discount_style is DiscountStyle.NET:
            return [goods]
        return self._with_discount_line(goods, sale, line)

    def bare(self, kind: LineKind, source: str, amount: Both, title: str = "") -> DocumentLine:
        """A line of money without a sale: rounding, a residual."""
        service = self.mapper.service(kind)
        return DocumentLine(
            source=source,
            kind=kind,
            description=title or TITLES[kind],
            quantity=_unit(amount),
            net=amount,
            erp_item=service.item,
            erp_account=service.account,
        )

    def refund(self, gid: str | None) -> Refund | None:
        """The refund that an agreement is about."""
        return self._refunds.get(gid) if gid else None

    def _chosen(self, kind: LineKind, line: OrderLine | None, kept: Kept | None) -> Service:
        """Item and account: those of the document that has the line already, else by the rules."""
        if kept is not None:
            self.mapper.keep(
                kind.value, line.sku or line.title if line else kind.value, kept.item or kept.account
            )
            return Service(item=kept.item, account=kept.account)
        return Service(item=self._item(line)) if kind is LineKind.GOODS else self.mapper.service(kind)

    def _item(self, line: OrderLine | None) -> str:
        if line is None:
            # The ledger knows a line that the order does not: take the stand-in, or say so.
            line = OrderLine(
                gid="", title="a removed line", quantity=0, current_quantity=0, unit_price=self.order.zero
            )
        return self.mapper.item(line)

    def _title(self, sale: Sale, kind: LineKind, line: OrderLine | None, refund: Refund | None) -> str:
        if line is not None:
            title = line.name
        elif kind is LineKind.SHIPPING and sale.target_gid in self._shipping:
            title = self._shipping[sale.target_gid].title
        elif sale.target_gid in self._fees:
            title = self._fees[sale.target_gid].name
        elif kind is LineKind.ADJUSTMENT and (why := _reasons(sale, refund)):
            title = f"{sale.title or TITLES[kind]}: {', '.join(each.replace('_', ' ') for each in why)}"
        else:
            title = sale.title
        return (title or TITLES[kind])[: self.mapper.rules.title_limit]

    def _taxes(self, taxes: tuple[TaxLine, ...], kept: Kept | None) -> tuple[DocumentTax, ...]:
        included = self.order.taxes_included
        known = kept.taxes if kept else {}
        found = []
        for tax in taxes:
            key = tax_key(tax.title, tax.rate, is_channel_liable=tax.is_channel_liable)
            erp_tax = known.get(key) or self.mapper.tax(tax, is_included=included)
            if erp_tax is not None:
                found.append(
                    DocumentTax(
                        erp_tax=erp_tax,
                        title=tax.title,
                        rate=tax.rate,
                        amount=tax.amount,
                        is_included=included,
                        is_channel_liable=tax.is_channel_liable,
                    )
                )
        return tuple(found)

    def _restock(self, sale: Sale, refund: Refund | None, otherwise: Restock) -> tuple[Restock, str]:
        if refund is None:
            return otherwise, ""
        for each in refund.lines:
            if each.line_gid == sale.target_gid:
                restock = RESTOCKS.get(each.restock, Restock.NONE)
                warehouse = self.mapper.warehouse(each.location_gid) if restock is not Restock.NONE else ""
                return restock, warehouse
        return otherwise, ""

    def _with_discount_line(
        self, goods: DocumentLine, sale: Sale, line: OrderLine | None
    ) -> list[DocumentLine]:
        """The undiscounted line and one negative line per allocation, sharing the copied taxes exactly."""
        allocations = self._allocations(sale, line)
        before = sale.total + sale.discount if self.order.taxes_included else sale.net + sale.discount
        parts = [before, *(-amount for _, amount in allocations)]
        shares = [split(tax.amount, parts) for tax in goods.taxes]
        made = []
        for index, part in enumerate(parts):
            taxes = tuple(
                DocumentTax(
                    erp_tax=tax.erp_tax,
                    title=tax.title,
                    rate=tax.rate,
                    amount=shares[place][index],
                    is_included=tax.is_included,
                    is_channel_liable=tax.is_channel_liable,
                )
                for place, tax in enumerate(goods.taxes)
            )
            net = part
            if self.order.taxes_included:
                for tax in taxes:
                    net = net - tax.amount
            is_goods = index == 0
            source = goods.source if is_goods else f"{goods.source}/discount/{index}"
            kept = None if is_goods else self._already.kept(source)
            chosen = (
                Service(item=goods.erp_item, account=goods.erp_account)
                if is_goods
                else self._chosen(LineKind.DISCOUNT, None, kept)
            )
            made.append(
                DocumentLine(
                    source=source,
                    kind=goods.kind if is_goods else LineKind.DISCOUNT,
                    description=goods.description if is_goods else allocations[index - 1][0],
                    quantity=goods.quantity if is_goods else Decimal(1).copy_sign(goods.quantity),
                    net=net,
                    taxes=taxes,
                    erp_item=chosen.item,
                    erp_account=chosen.account,
                    erp_warehouse=goods.erp_warehouse,
                    sku=goods.sku if is_goods else "",
                    restock=goods.restock if is_goods else Restock.NONE,
                )
            )
        return made

    def _allocations(self, sale: Sale, line: OrderLine | None) -> list[tuple[str, Both]]:
        own: tuple[DiscountAllocation, ...] = ()
        if line is not None:
            own = line.discounts
        elif sale.target_gid in self._shipping:
            own = self._shipping[sale.target_gid].discounts
        summed = self.order.zero
        for each in own:
            summed = summed + each.amount
        if own and summed == sale.discount:
            return [(self.order.discount_title(each.discount_index), each.amount) for each in own]
        return [(TITLES[LineKind.DISCOUNT], sale.discount)]


def split(amount: Both, weights: list[Both]) -> list[Both]:
    """The amount shared over signed weights in payable steps; the first share takes what rounding leaves."""
    shop = _split(amount.shop, [weight.shop.amount for weight in weights])
    presentment = _split(amount.presentment, [weight.presentment.amount for weight in weights])
    return [Both(*shares) for shares in zip(shop, presentment, strict=True)]


def _split(amount: Money, weights: list[Decimal]) -> list[Money]:
    whole = sum(weights, Decimal(0))
    step = Decimal(1).scaleb(-digits(amount.currency))
    shares = [
        (amount.amount * weight / whole).quantize(step, rounding=ROUND_HALF_UP) if whole else Decimal(0)
        for weight in weights[1:]
    ]
    return [Money(share, amount.currency) for share in (amount.amount - sum(shares, Decimal(0)), *shares)]


def _reasons(sale: Sale, refund: Refund | None) -> tuple[str, ...]:
    """Why a refund is not what its lines were worth, as Shopify names it: for this amount, else for all of them."""
    if refund is None:
        return ()
    size = abs(sale.net.shop.amount)
    same = [each for each in refund.adjustments if abs(each.amount.shop.amount) == size]
    return tuple(dict.fromkeys(each.reason for each in same or refund.adjustments if each.reason))


def _unit(amount: Both) -> Decimal:
    return Decimal(-1) if amount.shop.amount < 0 or amount.presentment.amount < 0 else Decimal(1)
