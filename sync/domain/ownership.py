"""Who wins for which field group, and how an own write is recognised when it comes back. One owner per field, no loops.

A side that does not own a group never writes it on the other side. A value that a person chose for one record sticks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LOOP_WINDOW: Final = timedelta(minutes=10)
LOOP_WRITES: Final = 3  # own writes of one value group in the window; more is a loop


class Side(StrEnum):
    """Who may own a group of fields: one of the two systems; of stock also both, each its part."""

    SHOPIFY = "shopify"
    ERP = "erp"
    SPLIT = "split"  # Shopify owns the count and what is sold, the ERP what comes and goes in its warehouses


class Group(StrEnum):
    """Fields that change hands together."""

    ORDER = "order"
    CUSTOMER_IDENTITY = "customer_identity"  # name, email, phone
    CUSTOMER_ADDRESS = "customer_address"
    CUSTOMER_TERMS = "customer_terms"  # payment term, price list, tax status
    PRODUCT_CONTENT = "product_content"
    PRODUCT_PRICE = "product_price"
    STOCK = "stock"
    SHIPMENT = "shipment"
    REFUND = "refund"


SPLITTABLE: Final = frozenset({Group.STOCK})
DEFAULTS: Final[Mapping[Group, Side]] = {
    Group.ORDER: Side.SHOPIFY,
    Group.CUSTOMER_IDENTITY: Side.SHOPIFY,
    Group.CUSTOMER_ADDRESS: Side.SHOPIFY,
    Group.CUSTOMER_TERMS: Side.ERP,
    Group.PRODUCT_CONTENT: Side.SHOPIFY,
    Group.PRODUCT_PRICE: Side.ERP,
    Group.STOCK: Side.ERP,
    Group.SHIPMENT: Side.ERP,
    Group.REFUND: Side.SHOPIFY,
}
MEMBERS: Final[Mapping[str, Group]] = {
    "name": Group.CUSTOMER_IDENTITY,
    "email": Group.CUSTOMER_IDENTITY,
    "phone": Group.CUSTOMER_IDENTITY,
    "addresses": Group.CUSTOMER_ADDRESS,
    "vat_number": Group.CUSTOMER_TERMS,
    "payment_term": Group.CUSTOMER_TERMS,
    "title": Group.PRODUCT_CONTENT,
    "description": Group.PRODUCT_CONTENT,
    "vendor": Group.PRODUCT_CONTENT,
    "barcode": Group.PRODUCT_CONTENT,
    "cost": Group.PRODUCT_CONTENT,
    "price": Group.PRODUCT_PRICE,
    "compare_at_price": Group.PRODUCT_PRICE,
    "quantity": Group.STOCK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who owns what for one connection."""

    chosen: Mapping[Group, Side] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if wrong := [
            g.value for g, side in self.chosen.items() if side is Side.SPLIT and g not in SPLITTABLE
        ]:
            raise ValueError(f"the ownership of {wrong[0]} cannot be split")

    def of(self, group: Group) -> Side:
        """The side that wins."""
        return self.chosen.get(group, DEFAULTS[group])

    def may_write(self, group: Group, *, source: Side) -> bool:
        """Whether values of the group may be carried over from this side."""
        owner = self.of(group)
        return owner is source or (owner is Side.SPLIT and source is Side.ERP)

    def is_split(self, group: Group) -> bool:
        """Whether only changes of the ERP cross, never its values."""
        return self.of(group) is Side.SPLIT


class Verdict(StrEnum):
    """What to do with a change that arrived."""

    CARRY = "carry"
    NOT_OWNER = "not_owner"
    ECHO = "echo"  # our own write coming back
    SAME = "same"  # the other side has it already
    LOOP = "loop"  # stop and tell a person
    STICKY = "sticky"  # a person chose the value for this record


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value group of one record that changed on one side."""

    group: Group
    source: Side
    fingerprint: str  # of the new values
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A write of ours in the past: to which side, with which values."""

    target: Side
    fingerprint: str
    written_at: datetime


def judge(
    change: Change,
    owners: Owners,
    *,
    written: Sequence[Written] = (),
    known: str = "",
    is_sticky: bool = False,
) -> Verdict:
    """Whether the change is carried to the other side.

    `written` are our writes of this group of this record, `known` the fingerprint of what the other side has.
    """
    if not owners.may_write(change.group, source=change.source):
        return Verdict.NOT_OWNER
    if is_sticky:
        return Verdict.STICKY
    if known and known == change.fingerprint:
        return Verdict.SAME
    onto_source = [each for each in written if each.target is change.source]
    if any(each.fingerprint == change.fingerprint for each in onto_source):
        return Verdict.ECHO
    since = change.changed_at - LOOP_WINDOW
    recent = [each for each in written if each.target is not change.source and each.written_at >= since]
    if len(recent) >= LOOP_WRITES and any(each.fingerprint == change.fingerprint for each in recent):
        return Verdict.LOOP
    return Verdict.CARRY


def writable(
    values: Mapping[str, object], owners: Owners, *, source: Side, sticky: Sequence[str] = ()
) -> dict[str, object]:
    """Of some fields, those that this side may write on the other. A field of no known group is Shopify's."""
    found = {}
    for name, value in values.items():
        group = MEMBERS.get(name)
        owner = owners.of(group) if group else Side.SHOPIFY
        if owner is source and name not in sticky:
            found[name] = value
    return found
