"""`concord explain`: finds the mapping that holds for a shop and prints what a saved body would lead to.

Without a database, or for a shop that has no mapping yet, it explains with a plain mapping (every product has the SKU
as its code) and says so; it never writes anything.
"""

from __future__ import annotations

import argparse
import codecs
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from kit import config
from kit.config import WrongSetting
from kit.faults import Fault
from oauth.models import Shop
from sync import process
from sync.actors import Engine
from sync.domain import rules_json
from sync.domain.documents import LineKind
from sync.domain.exported import NOTHING_EXPORTED, Exported
from sync.domain.mapper import Catalogue
from sync.domain.rules import Rules, Service, TaxRule
from sync.insight import explain_input
from sync.insight.explain import PLAIN, Explanation, explain
from sync.insight.explain_input import codes_of
from sync.state import links, mappings

ANY = "any"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a body is explained with."""

    rules: Rules
    catalogue: Catalogue
    mapping: str  # the name of the version, PLAIN, or that the rules were given
    already: Exported = NOTHING_EXPORTED


def run(options: argparse.Namespace) -> int:
    """Prints the explanation and returns its status."""
    try:
        body = sys.stdin.buffer.read() if options.body == "-" else Path(options.body).read_bytes()
        nodes = Path(options.nodes).read_bytes() if options.nodes else None
        given = Path(options.rules).read_bytes() if options.rules else None
    except OSError as error:
        raise WrongSetting(f"{error.filename} cannot be read: {error.strerror}.") from error
    codes = sorted(codes_of(body) | codes_of(nodes))
    known, note = _known(options.shop, given, codes, _order_of(body, options.topic, nodes))
    if note:
        sys.stderr.write(f"{note}\n")
    found = explain(
        body,
        topic=options.topic,
        shop=options.shop,
        nodes=nodes,
        rules=known.rules,
        catalogue=known.catalogue,
        already=known.already,
        mapping=known.mapping,
    )
    _print(found, as_json=options.json)
    return found.status


def _print(found: Explanation, *, as_json: bool) -> None:
    """Writes what the terminal can show; a letter that it cannot is escaped, in JSON as JSON does it."""
    encoding = sys.stdout.encoding or "utf-8"
    is_whole = codecs.lookup(encoding).name.startswith("utf")
    text = json.dumps(found.as_json, ensure_ascii=not is_whole, indent=2) if as_json else found.text
    sys.stdout.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))


def _order_of(body: bytes, topic: str, nodes: bytes | None) -> str:
    """The order's gid; "" when the input does not tell it, of which the explanation tells the reason."""
    try:
        return explain_input.given(body, topic, nodes).gid
    except Fault:
        return ""


def _known(domain: str, given: bytes | None, codes: list[str], gid: str) -> tuple[Known, str]:
    if given is not None:
        rules = rules_json.read_rules(json.loads(given))
        return Known(rules=rules, catalogue=_plain_catalogue(codes), mapping="given"), ""
    plain = Known(rules=_plain_rules(), catalogue=_plain_catalogue(codes), mapping=PLAIN)
    try:
        engine, broker = process.build(config.settings(), application="concord-explain", pool_size=2)
    except WrongSetting as missing:
        return plain, f"Explained with a plain mapping: {missing.sentence}"
    try:
        return _of_shop(engine, domain, codes, gid), ""
    except OperationalError:
        return plain, "Explained with a plain mapping: the database is away."
    except Fault as fault:
        return plain, f"Explained with a plain mapping: {fault.sentence}"
    except LookupError:
        return plain, f"Explained with a plain mapping: {domain} has never installed Concord."
    finally:
        engine.gateways.door.close()
        engine.gateways.database.close()
        broker.client.close()


def _of_shop(engine: Engine, domain: str, codes: list[str], gid: str) -> Known:
    """The mapping in force, the ERP's products and what it has of the order. Raises LookupError for an unknown shop."""
    gateways = engine.gateways
    with gateways.database.transaction() as session:
        shop_id = session.execute(select(Shop.id).where(Shop.domain == domain)).scalar()
    if shop_id is None:
        raise LookupError(domain)
    connection = gateways.connection_of(shop_id)
    with gateways.database.transaction(shop_id=shop_id) as session:
        version = mappings.in_force(session, connection.id)
        rules, name = rules_json.read_rules(version.rules), f"version {version.number}"
        already = links.exported(session, gid)
    catalogue = gateways.catalogue(connection, gateways.open(connection, domain), codes)
    return Known(rules=rules, catalogue=catalogue, mapping=name, already=already)


def _plain_rules() -> Rules:
    return Rules(
        default_warehouse=ANY,
        taxes=(TaxRule(erp_tax=ANY),),
        services={kind: Service(item=kind.value) for kind in LineKind if kind is not LineKind.GOODS},
        default_shipping_method=ANY,
        default_payment_method=ANY,
    )


def _plain_catalogue(codes: list[str]) -> Catalogue:
    return Catalogue(codes={code: code for code in codes})
