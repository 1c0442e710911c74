"""`concord explain`: finds the mapping that holds for a shop and prints what a saved body would lead to.

Without a database, or for a shop that has no mapping yet, it explains with a plain mapping (every product has the SKU
as its code) and says so; it never writes anything.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

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
from sync.domain.mapper import Catalogue
from sync.domain.rules import Rules, Service, TaxRule
from sync.insight.explain import explain
from sync.state import mappings

ANY = "any"


def run(options: argparse.Namespace) -> int:
    """Prints the explanation and returns its status."""
    try:
        body = sys.stdin.buffer.read() if options.body == "-" else Path(options.body).read_bytes()
        nodes = Path(options.nodes).read_bytes() if options.nodes else None
        given = Path(options.rules).read_bytes() if options.rules else None
    except OSError as error:
        raise WrongSetting(f"{error.filename} cannot be read: {error.strerror}.") from error
    if nodes is None and (node := _as_nodes(body)) is not None:
        nodes = node
    codes = sorted({*_codes(_loaded(body)), *_codes(_loaded(nodes or b"null"))})
    rules, catalogue, note = _mapping(options.shop, given, codes)
    if note:
        sys.stderr.write(f"{note}\n")
    found = explain(
        body, topic=options.topic, shop=options.shop, nodes=nodes, rules=rules, catalogue=catalogue
    )
    text = json.dumps(found.as_json, ensure_ascii=False, indent=2) if options.json else found.text
    sys.stdout.write(f"{text}\n")
    return found.status


def _as_nodes(body: bytes) -> bytes | None:
    """The body as an answer of the Admin API, when it is one: an order node, bare or in its envelope."""
    loaded = _loaded(body)
    if not isinstance(loaded, dict):
        return None
    if "data" in loaded or ("order" in loaded and "id" not in loaded):
        return body
    if str(loaded.get("id", "")).startswith("gid://shopify/Order/"):
        return b'{"order": ' + body + b"}"
    return None


def _loaded(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_float=str)
    except (ValueError, RecursionError):
        return None  # the explanation itself says what is wrong with it


def _codes(value: Any) -> set[str]:
    """Every SKU and barcode in a body."""
    match value:
        case dict():
            own = {
                value[name] for name in ("sku", "barcode") if isinstance(value.get(name), str) and value[name]
            }
            return own.union(*(_codes(each) for each in value.values()))
        case list():
            return set().union(*(_codes(each) for each in value))
        case _:
            return set()


def _mapping(domain: str, given: bytes | None, codes: list[str]) -> tuple[Rules, Catalogue, str]:
    if given is not None:
        return rules_json.read_rules(json.loads(given)), _plain_catalogue(codes), ""
    try:
        engine, broker = process.build(config.settings(), application="concord-explain", pool_size=2)
    except WrongSetting as missing:
        return _plain_rules(), _plain_catalogue(codes), f"Explained with a plain mapping: {missing.sentence}"
    try:
        rules, catalogue = _of_shop(engine, domain, codes)
        return rules, catalogue, ""
    except OperationalError:
        return (
            _plain_rules(),
            _plain_catalogue(codes),
            "Explained with a plain mapping: the database is away.",
        )
    except Fault as fault:
        return _plain_rules(), _plain_catalogue(codes), f"Explained with a plain mapping: {fault.sentence}"
    except LookupError:
        note = f"Explained with a plain mapping: {domain} has never installed Concord."
        return _plain_rules(), _plain_catalogue(codes), note
    finally:
        engine.gateways.door.close()
        engine.gateways.database.close()
        broker.client.close()


def _of_shop(engine: Engine, domain: str, codes: list[str]) -> tuple[Rules, Catalogue]:
    """The mapping in force and the ERP's products. Raises LookupError for a shop that we do not know."""
    gateways = engine.gateways
    with gateways.database.transaction() as session:
        shop_id = session.execute(select(Shop.id).where(Shop.domain == domain)).scalar()
    if shop_id is None:
        raise LookupError(domain)
    connection = gateways.connection_of(shop_id)
    with gateways.database.transaction(shop_id=shop_id) as session:
        rules = rules_json.read_rules(mappings.in_force(session, connection.id).rules)
    return rules, gateways.catalogue(connection, gateways.open(connection, domain), codes)


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
