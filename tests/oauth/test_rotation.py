"""Rotating the sealing keys: online, resumable, and never over a secret that could not be opened."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from sqlalchemy import select

from kit import clock
from kit.config import Settings
from kit.crypto import Sealer, Secret, place
from kit.db import Base, Database, all_shops
from kit.faults import Misconfigured
from oauth import erp, rotation
from oauth.models import AuditEntry, Credential, Grant, Shop
from oauth.rotation import COLUMNS, ROWS_PER_STEP, Progress

KEYS = {name: Secret(base64.b64encode(name.encode() * 32).decode()) for name in "abc"}
PEOPLE = ROWS_PER_STEP + 3


def sealer(*names: str) -> Sealer:
    return Sealer([(name, KEYS[name]) for name in names])


@pytest.fixture
def credentials(db: Database) -> list[tuple[int, int]]:
    """Two shops with more credentials and grants than one step takes, sealed with key a. (shop, credential)"""
    made = []
    for domain, count in (("alpha", PEOPLE), ("beta", 1)):
        with db.transaction() as session:
            shop = Shop(domain=f"{domain}.myshopify.com", state="installed", installed_at=clock.now())
            session.add(shop)
            session.flush()
        with db.transaction(shop_id=shop.id) as session:
            for number in range(count):
                values = {"key": f"{domain} {number}"}
                made.append(
                    (
                        shop.id,
                        erp.create(session, sealer("a"), shop_id=shop.id, kind="x", values=values, actor="t"),
                    )
                )
            session.add(
                Grant(
                    shop_id=shop.id,
                    access_token=sealer("a").seal(Secret("shpat_1"), place("grant", "access_token", shop.id)),
                    scopes=[],
                    obtained_at=clock.now(),
                )
            )
    return made


def sealed_with(db: Database) -> set[str]:
    with db.transaction() as session:
        texts = [
            *session.scalars(all_shops(select(Credential.sealed))),
            *session.scalars(all_shops(select(Grant.access_token))),
        ]
    return {text.partition(".")[0] for text in texts}


def test_everything_moves_to_the_new_key_and_still_opens(
    db: Database, credentials: list[tuple[int, int]]
) -> None:
    told: list[Progress] = []
    ends = rotation.rotate(db, sealer("b", "a"), tell=told.append)
    assert sealed_with(db) == {"b"}
    assert [(end.column, end.done, end.left, end.lost) for end in ends] == [
        ("grant.access_token", 2, 0, 0),
        ("grant.refresh_token", 0, 0, 0),
        ("credential.sealed", PEOPLE + 1, 0, 0),
        ("shop.sealed_mark_key", 0, 0, 0),
        ("privacy_request.sealed_file", 0, 0, 0),
    ]
    assert Progress(column="credential.sealed", done=ROWS_PER_STEP, left=4, lost=0) in told
    shop_id, credential_id = credentials[0]
    with db.transaction(shop_id=shop_id) as session:
        assert erp.open_values(session, sealer("b"), credential_id=credential_id) == {"key": "alpha 0"}


def test_a_rotation_that_was_interrupted_goes_on_where_it_was(
    db: Database, credentials: list[tuple[int, int]]
) -> None:
    class Stopped(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.column == "credential.sealed":
            raise Stopped

    with pytest.raises(Stopped):
        rotation.rotate(db, sealer("b", "a"), tell=stop)
    assert sealed_with(db) == {"a", "b"}
    ends = rotation.rotate(db, sealer("b", "a"), tell=lambda _: None)
    assert {end.column: end.done for end in ends}["credential.sealed"] == PEOPLE + 1 - ROWS_PER_STEP
    assert sealed_with(db) == {"b"}
    assert all(end.done == 0 for end in rotation.rotate(db, sealer("b", "a"), tell=lambda _: None))


def test_a_secret_whose_key_is_gone_is_counted_and_left_alone(
    db: Database, credentials: list[tuple[int, int]]
) -> None:
    with db.transaction() as session:
        before = set(session.scalars(all_shops(select(Credential.sealed))))
    ends = rotation.rotate(db, sealer("c"), tell=lambda _: None)
    assert {end.column: end.lost for end in ends}["credential.sealed"] == PEOPLE + 1
    with db.transaction() as session:
        assert set(session.scalars(all_shops(select(Credential.sealed)))) == before


def test_a_lost_key_is_named_with_what_to_do(
    db: Database, credentials: list[tuple[int, int]], settings: Settings
) -> None:
    assert rotation.keys_in_use(db) == {"a": PEOPLE + 3}
    rotation.require_keys(db, replace(settings, sealing_keys=(("b", KEYS["b"]), ("a", KEYS["a"]))))
    with pytest.raises(Misconfigured) as caught:
        rotation.require_keys(db, replace(settings, sealing_keys=(("b", KEYS["b"]),)))
    assert caught.value.misses == "key:a"
    assert "CONCORD_SEALING_KEYS" in caught.value.sentence
    assert f"“a” ({PEOPLE + 3} secrets)" in caught.value.sentence


def test_every_sealed_column_of_every_table_is_rotated() -> None:
    known = {column.name for column in COLUMNS}
    tables = [mapper.class_ for mapper in Base.registry.mappers]
    for table in tables:
        for name in (column.key for column in table.__table__.columns):
            looks_sealed = name.startswith("sealed") or name in ("access_token", "refresh_token")
            assert not looks_sealed or f"{table.__tablename__}.{name}" in known, (
                f"{table.__tablename__}.{name}"
            )


def test_a_rotation_is_in_the_audit_log(db: Database, credentials: list[tuple[int, int]]) -> None:
    rotation.rotate(db, sealer("b", "a"), tell=lambda _: None)
    with db.transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "keys_rotated")).one()
    assert (entry.actor, entry.subject, entry.shop_id) == ("operator", "key:b", None)
    assert entry.after is not None
    assert entry.after["credential.sealed"] == {"sealed_anew": len(credentials), "lost": 0}
