"""Products that the ERP has and Shopify does not: looked for first, then made as a draft with the fields the ERP owns.

`productSet` takes no key. What keeps it from making two is the handle: it is named after the ERP's product alone, so
whoever lost an answer finds the product under it, even before Shopify's search does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.crypto import fingerprint
from kit.faults import Rejected
from sync.connectors.base import Written
from sync.domain.feeds import ProductTold
from sync.domain.ownership import Group, Side
from sync.domain.policies import BackPolicies, Road
from sync.flows import back
from sync.flows.road import Work
from sync.shopify import goods, products
from sync.shopify.goods import Variant
from sync.shopify.products import NewProduct, NewVariant, Product
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

CREATE = "create"
ADD = "add"
TITLE_LIMIT = 255
_PUNCTUATION = re.compile(r"[^a-z0-9]+")


def bring_in(
    work: Work,
    connection: Connection,
    policies: BackPolicies,
    told: Sequence[ProductTold],
    *,
    sibling: str | None,
) -> list[Variant]:
    """The variants at Shopify of ERP products that are not linked yet, all of one group; what is missing is made.
    `sibling` is the product of their group that is linked already. Raises Rejected for what cannot be a product."""
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    for each in told:
        _check(each)
    codes = sorted({code for each in told for code in (each.code, *each.barcodes) if code})
    found = list(goods.variants_by_code(client, codes, lane=work.job.lane))
    handle = handle_of(connection, told[0])
    home = sibling or products.by_handle(client, handle, lane=work.job.lane)
    there = None if home is None else products.read(client, home, lane=work.job.lane)
    found += there.variants if there is not None else ()
    known = {code for variant in found for code in (variant.sku, variant.barcode) if code}
    missing = [each for each in told if each.is_active and known.isdisjoint((each.code, *each.barcodes))]
    if not missing:
        with work.transaction() as session:
            for purpose in (CREATE, ADD):
                back.close_open(session, work, purpose=purpose)
        return found
    rows = [_variant(each, work, policies) for each in missing]
    if len(rows) + (len(there.variants) if there is not None else 0) > products.VARIANTS_LIMIT:
        raise _too_many(missing[0].group)
    if there is None:
        gid = _create(work, _product(handle, missing[0], rows[: products.ADD_LIMIT]))
        rows = rows[products.ADD_LIMIT :]
    else:
        gid = there.gid
        _require_choice(there, rows, missing[0])
    if rows:
        _add(work, gid, missing[0], rows)
    made = products.read(client, gid, lane=work.job.lane)
    return [*found, *(made.variants if made is not None else ())]


def handle_of(connection: Connection, told: ProductTold) -> str:
    """The handle under which a product of the ERP is made: readable, and nobody else's."""
    named = told.group or told.code
    mark = fingerprint([connection.id, told.group or None, None if told.group else told.product])
    return f"{_PUNCTUATION.sub('-', named.lower()).strip('-')[:80] or 'product'}-{mark[:12]}"


def _check(told: ProductTold) -> None:
    if told.is_active and not told.code:
        raise Rejected(
            "product_without_code",
            f"The ERP's product {told.title or told.product} has no code. Give it one; Shopify needs it as the SKU.",
            field="code",
        )


def _product(handle: str, told: ProductTold, rows: Sequence[NewVariant]) -> NewProduct:
    return NewProduct(
        handle=handle,
        title=(told.title or told.code)[:TITLE_LIMIT],
        variants=tuple(rows),
        description_html=told.description_html,
        vendor=told.vendor,
    )


def _variant(told: ProductTold, work: Work, policies: BackPolicies) -> NewVariant:
    is_stocked = policies.is_on(Road.STOCK) and policies.owners.may_write(Group.STOCK, source=Side.ERP)
    return NewVariant(
        sku=told.code,
        choice=(told.choice or told.code) if told.group else "",
        barcode=told.barcodes[0] if told.barcodes else None,
        cost=told.cost if told.cost_currency in ("", work.shop.currency) else None,
        is_tracked=is_stocked,
    )


def _create(work: Work, product: NewProduct) -> str:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)

    def call(_key: str) -> Written:
        gid = products.create(client, product, lane=work.job.lane)
        return Written(model=PRODUCT, erp_id=gid, number=product.handle, state="created")

    variables = [product.handle, product.title, [each.sku for each in product.variants]]
    return back.write(work, purpose=CREATE, variables=variables, call=call).erp_id


def _add(work: Work, gid: str, told: ProductTold, rows: Sequence[NewVariant]) -> None:
    """Adds variants in as many calls as it takes. One that dies in between leaves the rest to the next try, which reads
    what is there."""
    if not told.group:
        raise Rejected(
            "product_changed",
            f"The product that Concord made for {told.code} has another SKU at Shopify. Set it back, or link it.",
            field="code",
        )
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    for start in range(0, len(rows), products.ADD_LIMIT):
        part = rows[start : start + products.ADD_LIMIT]

        def call(_key: str, part: Sequence[NewVariant] = part) -> Written:
            products.add_variants(client, gid, part, lane=work.job.lane)
            return Written(model=PRODUCT, erp_id=gid, number=told.group, state="extended")

        back.write(work, purpose=ADD, variables=[gid, [each.sku for each in part]], call=call)


def _require_choice(there: Product, rows: Sequence[NewVariant], told: ProductTold) -> None:
    """A product with one variant only offers no choice to add another one to."""
    if rows[0].choice and [each.title for each in there.variants] == [products.ALONE[1]]:
        raise Rejected(
            "product_without_choice",
            f"The ERP has {told.code} as one more variant of {there.title}, which has no options at Shopify. Give it "
            f"the option {products.OPTION} there.",
            field="group",
        )


def _too_many(group: str) -> Rejected:
    return Rejected(
        "too_many_variants",
        f"{group} has more variants than the {products.VARIANTS_LIMIT:,} that a product can have at Shopify. "
        "Divide it in the ERP.",
        field="group",
    )
