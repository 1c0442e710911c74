"""Products: which Shopify variant is which ERP product, those that Shopify lacks, and the fields the ERP may own.

Linking writes nothing at Shopify: a variant is paired by a person's choice, by its SKU, or by its barcode, and a pair
that does not hold any more is taken apart. Whatever waited for the pair (its stock) becomes due at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Rejected
from sync.connectors.base import Change, Written
from sync.domain.feeds import ProductTold
from sync.domain.mapper import Catalogue
from sync.domain.policies import BackPolicies, Mode, Road
from sync.domain.rules import ProductRules
from sync.flows import back, bulk_read, price_pull, price_times, product_new, product_text, stock_pull
from sync.flows.arrivals import RECORD as SHOP
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import goods, products
from sync.shopify.goods import Variant
from sync.state import cursors, jobs, links
from sync.state.models import Job, JobState, Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

FLOW = "product_pull"
OF_ERP = "product:"  # record of a job about an ERP product
OF_GROUP = "group:"  # after that: of all products of a group
MEMBER = "of:"  # in a job's hint: what the ERP told of one product
PAGE_SIZE = 100
FEED = "link:products"
ALL_VARIANTS = "all_variants"


def take(session: Session, work: Work, _connection: Connection, changes: Sequence[Change]) -> None:
    """Asks for each product that the ERP says has changed; those of one group are one product at Shopify, and one
    job, so that no two write to it at once."""
    for change in changes:
        group = str(change.values.get("group") or "")
        jobs.ask(
            session,
            shop_id=work.shop.id,
            flow=FLOW,
            record=f"{OF_ERP}{OF_GROUP}{group}"[:255] if group else f"{OF_ERP}{change.erp_id}",
            lane=Lane.CATALOGUE,
            hint={f"{MEMBER}{change.erp_id}": dict(change.values)},
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
    product = products.read(client, work.job.record, lane=work.job.lane)
    variants = () if product is None else product.variants
    linked = _link(work, connection, variants)
    repaired = 0 if product is None else product_text.look(work, connection, policies, product)
    back_again = f" {repaired} set back to what the ERP says." if repaired else ""
    return Done(f"{linked} of {len(variants)} variants are linked.{back_again}")


def _link_all(work: Work, connection: Connection) -> Outcome:
    """Walks all variants; its place is kept after each page, so a long walk goes on where it was. A long one
    is done in bulk, also when that only turns out on the way."""
    with work.reading() as session:
        is_large = links.are_more_than(session, bulk_read.ABOVE, kind=PRODUCT)
    if is_large or bulk_read.is_begun(work, ALL_VARIANTS):
        return _link_in_bulk(work, connection)
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
        if seen >= bulk_read.ABOVE:
            return _link_in_bulk(work, connection)


def _link_in_bulk(work: Work, connection: Connection) -> Outcome:
    """All variants by one bulk operation, linked in parts."""
    seen = linked = 0
    lines = bulk_read.lines(work, ALL_VARIANTS)
    while part := list(islice(lines, PAGE_SIZE)):
        linked += _link(work, connection, [goods.variant(line) for _, line in part])
        seen += len(part)
        bulk_read.keep(work, ALL_VARIANTS, part[-1][0])
    bulk_read.finished(work, ALL_VARIANTS)
    work.later(lambda session: cursors.forget(session, FEED))
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
        if news and back.policies(work).is_on(Road.PRICES):
            _make_prices_due(session, work, news)
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


def _make_prices_due(session: Session, work: Work, erp_items: Sequence[str]) -> None:
    """Asks again for the prices that the ERP told while nothing was linked: the newest word on each is its job's."""
    lists = ("", *back.policies(work).price_lists)
    records = [price_times.record_of(item, name) for item in erp_items for name in lists]
    told = select(Job).where(Job.flow == price_pull.FLOW, Job.record.in_(records)).order_by(Job.id)
    newest = {job.record: job for job in session.scalars(told)}
    for job in newest.values():
        if job.state == JobState.IGNORED:
            jobs.ask(
                session,
                shop_id=work.shop.id,
                flow=job.flow,
                record=job.record,
                lane=Lane.CATALOGUE,
                hint=job.hint,
                due_at=clock.now() + price_times.GATHER,
            )
    price_times.ask_together(session, shop_id=work.shop.id)


def _record(session: Session, work: Work, connection: Connection, variant: Variant, erp_id: str) -> None:
    links.record(
        session,
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
    if not policies.is_on(Road.PRODUCTS):
        return Skipped("Products are only linked in this shop.")
    told = [
        ProductTold.of(values) for name, values in sorted(work.job.hint.items()) if name.startswith(MEMBER)
    ]
    pairs = _pairs(work, connection, told)
    news = [each for each in told if each.product not in pairs]
    if any(each.is_active for each in news):
        sibling = next((link.record for links_ in pairs.values() for link in links_ if told[0].group), None)
        variants = product_new.bring_in(work, connection, policies, news, sibling=sibling)
        _link(work, connection, variants)
        pairs = _pairs(work, connection, told)
    left = [each for each in news if each.is_active and each.product not in pairs]
    if left:
        raise Rejected(
            "product_not_found_by_code",
            f"The ERP does not find its product {left[0].code} by its own code. Is another one called that as well?",
            field="code",
        )
    written = sum(_carry(work, policies, link, each) for each in told for link in pairs.get(each.product, ()))
    if written:
        return Done(f"{written} {'field' if written == 1 else 'fields'} carried over.")
    return Done("Everything is as it should be." if pairs else "The product is not sold any more.")


def _pairs(work: Work, connection: Connection, told: Sequence[ProductTold]) -> dict[str, list[Link]]:
    with work.reading() as session:
        return back.variants(session, connection, [each.product for each in told])


def _carry(work: Work, policies: BackPolicies, link: Link, told: ProductTold) -> int:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    product = products.read(client, link.record, lane=work.job.lane)
    return 0 if product is None else product_text.carry(work, policies, product, link, told)
