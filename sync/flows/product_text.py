"""The fields of products that the ERP owns: carried over when it tells them, and looked at when Shopify changes.

With each link is kept what the ERP last told, how Shopify wrote it down (it tidies descriptions), and where the two
differ since when. Nothing of that is a cache of Shopify: it is read anew before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from textwrap import shorten
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import fingerprint
from kit.faults import Rejected
from sync.connectors.base import Written
from sync.domain import ownership
from sync.domain.feeds import ProductTold
from sync.domain.ownership import Group, Side, Verdict
from sync.domain.policies import BackPolicies, Road
from sync.flows import back, price_times
from sync.flows.road import Work
from sync.shopify import goods
from sync.shopify.goods import ProductChange, Variant, VariantChange
from sync.shopify.products import Product
from sync.state import jobs, links
from sync.state.models import Job, JobState, Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock import PRODUCT

KEPT_WRITES = 8
FINISHED = (JobState.DONE, JobState.IGNORED)
TEXTS = ("title", "description", "vendor")  # of the whole product; the others are each variant's own
SHOWN = 60  # characters of a text in a sentence


@dataclass(frozen=True)
class _Side:
    """One variant with its link, in its product as Shopify has it now."""

    link: Link
    variant: Variant
    product: Product

    def present(self) -> dict[str, str]:
        """What Shopify has of each field."""
        cost = self.variant.cost
        return {
            "title": self.product.title,
            "description": self.product.description_html,
            "vendor": self.product.vendor,
            "barcode": self.variant.barcode,
            "cost": "" if cost is None else _plain(cost.amount),
            "price": str(self.variant.price),
        }

    def off(self, told: Mapping[str, str]) -> dict[str, str]:
        """Of what the ERP told, the fields in which Shopify has something else."""
        present, before = self.present(), self.link.facts.get("told", {})
        tidied = self.link.facts.get("tidied", {})
        return {
            name: value
            for name, value in told.items()
            if present[name] != value
            and not (before.get(name) == value and tidied.get(name) == present[name])
        }


def is_owned(policies: BackPolicies) -> bool:
    """Whether the ERP's texts are written at Shopify."""
    return policies.is_on(Road.PRODUCTS) and policies.owners.may_write(Group.PRODUCT_CONTENT, source=Side.ERP)


def carry(work: Work, policies: BackPolicies, product: Product, link: Link, told: ProductTold) -> int:
    """Carries what the ERP told of one variant's product over. Returns how many fields were written."""
    variant = next((each for each in product.variants if each.gid == link.shopify_gid), None)
    if variant is None:
        return 0
    with work.reading() as session:
        linked = links.of_record(session, product.gid)
    # Texts belong to the whole product: one ERP product must be all of it, or its group, which one of them speaks for.
    speaks = len(product.variants) == 1 or (bool(told.group) and link.id == min(each.id for each in linked))
    values = _told(told, currency=work.shop.currency, speaks=speaks)
    return _set(work, policies, _Side(link, variant, product), values)


def look(work: Work, connection: Connection, policies: BackPolicies, product: Product) -> int:
    """Looks at a product that changed at Shopify. Sets back what the ERP owns, or notes it and raises Rejected."""
    with work.reading() as session:
        found = {link.shopify_gid: link for link in links.of_record(session, product.gid)}
        sides = [_Side(found[each.gid], each, product) for each in product.variants if each.gid in found]
        sides = [each for each in sides if each.link.connection_id == connection.id]
        newest = _newest(session, sides)
    written, names = 0, []
    for side in sides:
        off = _off(work, policies, side, newest)
        is_told = bool(work.job.hint.get("is_set_back"))  # by a person
        shown = {
            name: value
            for name, value in off.items()
            if not is_told and not policies.sets_back(ownership.MEMBERS[name])
        }
        if own := {name: off[name] for name in off.keys() - shown.keys() - {"price"}}:
            written += _set(work, policies, side, side.link.facts["told"])
            off = {name: value for name, value in off.items() if name not in own}
        if "price" in off and "price" not in shown:
            written += _ask_price(work, newest[price_times.record_of(side.link.erp_id)])
        drift = _drift(side, shown)
        names += [_differs(name, side.variant, each) for name, each in drift.items()]
        if drift != side.link.facts.get("drift", {}):
            link, facts = side.link, {"drift": drift}
            with work.transaction() as session:
                links.note(session, link, facts)
    if names:
        raise Rejected(
            "product_drift",
            f"Somebody changed at Shopify what the ERP owns: {_listed(names)}. Change it in the ERP, or let it be set"
            " back.",
            field="product",
        )
    return written


def _differs(name: str, variant: Variant, drift: Mapping[str, Any]) -> str:
    """One difference, with what both sides say."""
    shop, erp = (shorten(str(drift[side] or "nothing"), SHOWN) for side in ("shopify", "erp"))
    return f"the {name} of {variant.sku or variant.gid} is {shop}, in the ERP {erp}"


def _newest(session: Session, sides: Iterable[_Side]) -> dict[str, Job]:
    """The newest job about each price and each text: while one is open, its word is not at Shopify yet."""
    records = {
        name
        for side in sides
        for name in (price_times.record_of(side.link.erp_id), side.link.facts.get("told_by"))
    }
    query = select(Job).where(Job.flow.in_(["price_pull", "product_pull"]), Job.record.in_(records))
    return {job.record: job for job in session.scalars(query.order_by(Job.id))}


def _off(work: Work, policies: BackPolicies, side: _Side, newest: Mapping[str, Job]) -> dict[str, str]:
    """The fields that the ERP owns and of which Shopify has something else than it told last."""
    facts, off = side.link.facts, {}
    about = newest.get(facts.get("told_by", ""))
    if is_owned(policies) and (about is None or about.state in FINISHED):
        off.update(side.off(facts.get("told", {})))
    priced = newest.get(price_times.record_of(side.link.erp_id))
    is_open = policies.is_on(Road.PRICES) and policies.owners.may_write(Group.PRODUCT_PRICE, source=Side.ERP)
    told = str(facts.get("price") or "")
    is_settled = is_open and bool(told) and priced is not None and priced.state == JobState.DONE
    if is_settled and Decimal(told) != side.variant.price:
        off["price"] = told
    return off


def _ask_price(work: Work, job: Job) -> int:
    """Asks for the price anew: its own road reads it, and knows when to stop."""
    with work.transaction() as session:
        jobs.ask(
            session,
            shop_id=work.shop.id,
            flow=job.flow,
            record=job.record,
            lane=Lane.CATALOGUE,
            hint=job.hint,
        )
    return 1


def _set(work: Work, policies: BackPolicies, side: _Side, told: Mapping[str, str]) -> int:
    off = side.off(told)
    writes = side.link.facts.get("writes:content", ())
    if off:
        _stop_fights(policies, side, off, writes)
    _write(work, side, off)
    drift = {name: each for name, each in side.link.facts.get("drift", {}).items() if name not in told}
    facts: dict[str, Any] = {"told": dict(told), "drift": drift}
    if work.job.record != side.product.gid:
        facts["told_by"] = work.job.record
    if off:
        facts["writes:content"] = [*writes, [clock.now().isoformat(), _mark(off)]][-KEPT_WRITES:]
        facts["tidied"] = _tidied(work, side)
    if any(side.link.facts.get(name, {}) != value for name, value in facts.items()):
        link = side.link
        work.later(lambda session: links.note(session, link, facts))
    return len(off)


def _stop_fights(
    policies: BackPolicies, side: _Side, off: Mapping[str, str], writes: Iterable[Sequence[str]]
) -> None:
    change = ownership.Change(
        group=Group.PRODUCT_CONTENT, source=Side.ERP, fingerprint=_mark(off), changed_at=clock.now()
    )
    written = [
        ownership.Written(target=Side.SHOPIFY, fingerprint=mark, written_at=datetime.fromisoformat(at))
        for at, mark in writes
    ]
    if ownership.judge(change, policies.owners, written=written) is Verdict.LOOP:
        raise Rejected(
            "product_fight",
            f"Somebody else keeps changing the {_listed(list(off))} of "
            f"{side.variant.sku or side.variant.gid} at Shopify. Concord has stopped setting it back.",
            field="product",
        )


def _write(work: Work, side: _Side, off: Mapping[str, str]) -> None:
    """Sets what differs. What does not was read just now: a try whose answer was lost has done it."""
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    done = Written(model=PRODUCT, erp_id=side.variant.gid, number=side.variant.sku, state="written")
    cost = off.get("cost")
    own = VariantChange(
        gid=side.variant.gid,
        barcode=off.get("barcode"),
        cost=None if cost is None else Decimal(cost),
    )
    texts = ProductChange(
        gid=side.product.gid,
        title=off.get("title"),
        description_html=off.get("description"),
        vendor=off.get("vendor"),
    )

    def set_own(_key: str) -> Written:
        refused = goods.update_variants(client, side.product.gid, [own], lane=work.job.lane)
        for error in refused.values():
            raise Rejected(
                "variant_refused", f"Shopify refuses the product: {error.message}", field="product"
            )
        return done

    def set_texts(_key: str) -> Written:
        goods.update_product(client, texts, lane=work.job.lane)
        return done

    number = side.variant.gid.rpartition("/")[2]
    for purpose, names, call in (
        ("own", sorted(off.keys() - set(TEXTS)), set_own),
        ("texts", sorted(off.keys() & set(TEXTS)), set_texts),
    ):
        if names:
            values = [side.variant.gid, *([name, off[name]] for name in names)]
            back.write(work, purpose=f"{purpose}:{number}", variables=values, call=call)
        else:
            work.later(partial(back.close_open, work=work, purpose=f"{purpose}:{number}"))


def _tidied(work: Work, side: _Side) -> dict[str, str]:
    """How Shopify wrote the texts down, read just after they were set."""
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    description = goods.description_of(client, side.product.gid, lane=work.job.lane)
    return {} if description is None else {"description": description}


def _drift(side: _Side, shown: Mapping[str, str]) -> dict[str, Any]:
    known, present = side.link.facts.get("drift", {}), side.present()
    now = clock.now().isoformat()
    return {
        name: {
            "erp": value,
            "shopify": present[name],
            "since": known[name]["since"] if name in known else now,
        }
        for name, value in shown.items()
    }


def _told(told: ProductTold, *, currency: str, speaks: bool) -> dict[str, str]:
    values = {
        "title": told.title if speaks else None,
        "description": told.description_html if speaks else None,
        "vendor": told.vendor if speaks else None,
        "barcode": told.barcodes[0] if told.barcodes else None,
        "cost": None if told.cost is None or told.cost_currency not in ("", currency) else _plain(told.cost),
    }
    # An empty title, vendor or barcode of the ERP is one that nobody keeps there: it takes nothing away.
    return {name: value for name, value in values.items() if value or (name == "description" and value == "")}


def _plain(amount: Decimal) -> str:
    """An amount with its cents, so that 3.1 and 3.10 are one value."""
    return format(amount.quantize(Decimal("0.01")), "f")


def _mark(values: Mapping[str, str]) -> str:
    return fingerprint(dict(values))


def _listed(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]
