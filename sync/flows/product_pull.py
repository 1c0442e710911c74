"""Products: which Shopify variant is which ERP product, and the few texts that the ERP may own.

Linking writes nothing at Shopify: a variant is paired by a person's choice, by its SKU, or by its barcode, and a pair
that does not hold any more is taken apart. Whatever waited for the pair (its stock) becomes due at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Rejected
from sync.connectors.base import Change, Written
from sync.domain.feeds import ProductTold
from sync.domain.mapper import Catalogue
from sync.domain.policies import BackPolicies, Mode, Road
from sync.domain.rules import ProductRules
from sync.flows import back, stock_pull
from sync.flows.arrivals import RECORD as SHOP
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import goods
from sync.shopify.goods import ProductChange, Variant, VariantChange
from sync.state import cursors, jobs, links
from sync.state.models import Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

FLOW = "product_pull"
OF_ERP = "product:"  # record of a job about an ERP product
PAGE_SIZE = 100
FEED = "link:products"


def take(session: Session, work: Work, _connection: Connection, changes: Sequence[Change]) -> None:
    """Asks for each product that the ERP says has changed."""
    for change in changes:
        jobs.ask(
            session,
            shop_id=work.shop.id,
            flow=FLOW,
            record=f"{OF_ERP}{change.erp_id}",
            lane=Lane.CATALOGUE,
            hint={"values": dict(change.values)},
        )


def run(work: Work) -> Outcome:
    """Links the variants of one product or of all, or carries one ERP product over."""
    policies = back.policies(work)
    if policies.mode(Road.PRODUCTS) is Mode.OFF:
        return Skipped("Products are not carried over in this shop.")
    connection = work.gateways.connection_of(work.shop.id)
    if work.job.record.startswith(OF_ERP):
        return _content(work, connection, policies)
    if work.job.record == SHOP:
        return _link_all(work, connection)
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    variants = goods.variants_of(client, work.job.record, lane=work.job.lane)
    linked = _link(work, connection, variants)
    return Done(f"{linked} of {len(variants)} variants are linked.")


def _link_all(work: Work, connection: Connection) -> Outcome:
    """Walks all variants; its place is kept after each page, so a long walk goes on where it was."""
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    with work.reading() as session:
        after = cursors.read(session, FEED).position.get("after")
    seen = linked = 0
    while True:
        page, after = goods.variants_page(client, after=after, lane=work.job.lane)
        linked += _link(work, connection, page)
        seen += len(page)
        with work.transaction() as session:
            position = {"after": after} if after else {}
            cursors.move(session, FEED, shop_id=work.shop.id, position=position, due_at=clock.now())
        if after is None:
            return Done(f"{linked} of {seen} variants are linked.")


def _link(work: Work, connection: Connection, variants: Sequence[Variant]) -> int:
    with work.reading() as session:
        rules = back.rules(session, connection).products
    codes = sorted({code for each in variants for code in (each.sku, each.barcode) if code})
    # A place at the ERP only for its own answer: Shopify's pages may be long in coming.
    with work.gateways.erp(connection, work.shop.domain) as connector:
        catalogue = work.gateways.catalogue(connection, connector, codes)
    pairs = {each.gid: pair for each in variants if (pair := erp_item(each, rules, catalogue))}
    with work.transaction() as session:
        before = {
            link.shopify_gid: link.erp_id
            for link in session.scalars(
                select(Link).where(
                    Link.connection_id == connection.id,
                    Link.kind == PRODUCT,
                    Link.shopify_gid.in_([each.gid for each in variants]),
                )
            )
        }
        for variant in variants:
            if variant.gid in pairs:
                _record(session, work, connection, variant, pairs[variant.gid])
        gone = [gid for gid in before if gid not in pairs]
        session.execute(
            delete(Link).where(
                Link.connection_id == connection.id, Link.kind == PRODUCT, Link.shopify_gid.in_(gone)
            )
        )
        news = sorted({erp for gid, erp in pairs.items() if before.get(gid) != erp})
        if news and back.policies(work).is_on(Road.STOCK):
            stock_pull.make_due(session, work, connection, news)
        jobs.release(session, misses=[f"link:product:{erp}" for erp in news])
    return len(pairs)


def erp_item(variant: Variant, rules: ProductRules, catalogue: Catalogue) -> str:
    """The ERP product of a variant: a person's choice, else its SKU, else its barcode; empty without one."""
    return (
        rules.links.get(variant.gid)
        or (rules.links.get(variant.sku) if variant.sku else None)
        or catalogue.codes.get(variant.sku)
        or rules.codes.get(variant.sku)
        or catalogue.barcodes.get(variant.barcode)
        or rules.barcodes.get(variant.barcode)
        or ""
    )


def _record(session: Session, work: Work, connection: Connection, variant: Variant, erp_id: str) -> None:
    links.record(
        session,
        shop_id=work.shop.id,
        connection_id=connection.id,
        kind=PRODUCT,
        shopify_gid=variant.gid,
        record=variant.product,
        written=Written(model=PRODUCT, erp_id=erp_id, number=variant.sku, state="linked"),
        facts={
            "item": variant.item,
            "sku": variant.sku,
            "barcode": variant.barcode,
            "product": variant.product,
            "title": variant.product_title,
        },
    )


def _content(work: Work, connection: Connection, policies: BackPolicies) -> Outcome:
    told = ProductTold.of(work.job.hint["values"])
    if not policies.is_on(Road.PRODUCTS):
        return Skipped("Products are only linked in this shop.")
    with work.reading() as session:
        pairs = back.variants(session, connection, [told.product]).get(told.product, [])
    if not pairs:
        return Skipped(f"No variant at Shopify is linked to the product {told.code or told.product}.")
    written = sum(_carry(work, link, told) for link in pairs)
    return Done(f"{written} changes carried over." if written else "Everything is as it should be.")


def _carry(work: Work, link: Link, told: ProductTold) -> int:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    siblings = goods.variants_of(client, link.facts["product"], lane=work.job.lane)
    variant = next((each for each in siblings if each.gid == link.shopify_gid), None)
    if variant is None:
        return 0
    written = 0
    barcode = told.barcodes[0] if told.barcodes else None
    if barcode is not None and barcode != variant.barcode:
        change = VariantChange(gid=variant.gid, barcode=barcode)
        written += _write(work, variant, [variant.gid, "barcode", barcode], change)
    # The texts belong to the whole product: only a product with one variant can take them from one ERP product.
    if len(siblings) == 1 and told.title and told.title != variant.product_title:
        titled = ProductChange(gid=variant.product, title=told.title)
        written += _write(work, variant, [variant.product, "title", told.title], titled)
    return written


def _write(work: Work, variant: Variant, variables: list[Any], change: VariantChange | ProductChange) -> int:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    purpose = f"{variables[1]}:{variant.gid.rpartition('/')[2]}"

    def call(_key: str) -> Written:
        if isinstance(change, ProductChange):
            goods.update_product(client, change, lane=work.job.lane)
        else:
            refused = goods.update_variants(client, variant.product, [change], lane=work.job.lane)
            for error in refused.values():
                raise Rejected(
                    "variant_refused",
                    f"Shopify refuses the product: {error.message}",
                    field=str(variables[1]),
                )
        return Written(model=PRODUCT, erp_id=variant.gid, number=variant.sku, state="written")

    back.write(work, purpose=purpose, variables=variables, call=call)
    return 1
