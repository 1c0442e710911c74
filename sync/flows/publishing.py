"""Puts a draft of the mapping in force, or an older version again, and lets the held jobs run that it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sync.domain.documents import LineKind
from sync.domain.mapper import miss
from sync.domain.rules import Rules, Unmapped
from sync.domain.rules_json import read_rules
from sync.state import jobs, mappings

FAMILY = "mapping"


@dataclass(frozen=True, kw_only=True)
class Published:
    """The version in force now, and the jobs that it released."""

    number: int
    job_ids: tuple[int, ...]


def publish(session: Session, *, shop_id: int, connection_id: int, by: str, address: str = "") -> Published:
    """Puts the draft in force. Raises LookupError when there is none, Misconfigured when it cannot be understood."""
    draft = mappings.draft(session, connection_id)
    if draft is None:
        raise LookupError("there is no draft to publish")
    rules = read_rules(draft.rules)
    version = mappings.publish(session, shop_id=shop_id, connection_id=connection_id, by=by, address=address)
    answered = [misses for misses in jobs.held_for(session) if answers(rules, misses)]
    return Published(number=version.number, job_ids=tuple(jobs.release(session, misses=answered)))


def roll_back(
    session: Session, *, shop_id: int, connection_id: int, number: int, by: str, address: str = ""
) -> Published:
    """Puts the rules of an older version in force, as a new version. Raises LookupError when there is no such one."""
    older = mappings.find(session, connection_id, number)
    if older is None or older.state == "draft":
        raise LookupError(f"there is no version {number}")
    mappings.save_draft(
        session,
        shop_id=shop_id,
        connection_id=connection_id,
        rules=older.rules,
        author=by,
        note=f"Roll back to version {number}",
    )
    return publish(session, shop_id=shop_id, connection_id=connection_id, by=by, address=address)


def answers(rules: Rules, misses: str) -> bool:
    """Whether rules may answer what a job is held for. In doubt yes: a job that still misses it is held again."""
    family, _, rest = misses.partition(":")
    if family != FAMILY:
        return False
    kind, _, value = rest.partition(":")
    match kind:
        case "product":
            products = rules.products
            has_stand_in = products.unmapped is not Unmapped.HOLD and bool(products.stand_in)
            return (
                has_stand_in or value in _missed(kind, (*products.links, *products.codes)) or _by_gid(rules)
            )
        case "service" if value in set(LineKind):
            service = rules.services.get(LineKind(value))
            return service is not None and bool(service.item or service.account)
        case "warehouse":
            feeds = any(value in names for names in rules.warehouses.values())
            return feeds or _listed(kind, value, rules.order_warehouses, rules.default_warehouse)
        case "shipping":
            return _listed(kind, value, rules.shipping_methods, rules.default_shipping_method)
        case "payment":
            return _listed(kind, value, rules.payment_methods, rules.default_payment_method)
        case "payment_term":
            return _listed(kind, value, rules.payment_terms, rules.default_payment_term)
        case "customer":
            return value in _missed(kind, rules.customers)
        case _:
            return True


def _by_gid(rules: Rules) -> bool:
    # A link by variant answers a miss that is named by its SKU; which one cannot be told from here.
    return any(key.startswith("gid://") for key in rules.products.links)


def _listed(kind: str, value: str, table: Mapping[str, str], default: str) -> bool:
    return bool(default) or not table or value in _missed(kind, table)


def _missed(kind: str, keys: Iterable[str]) -> set[str]:
    """The values under which a miss names these keys: long ones go by their fingerprint."""
    start = f"{FAMILY}:{kind}:"
    return {miss(kind, key).removeprefix(start) for key in keys}
