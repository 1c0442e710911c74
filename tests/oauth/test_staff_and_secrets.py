"""People and their permissions, the audit log, and the sealed credentials of ERPs."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from kit.clock import SetClock
from kit.crypto import Sealer
from kit.db import Database, all_shops
from kit.faults import Misconfigured
from oauth import audit, erp, staff
from oauth.models import AuditEntry, Credential, Installation, Shop
from oauth.staff import NotAllowed, Permission


@pytest.fixture
def shop_ids(db: Database, noon: SetClock) -> tuple[int, int]:
    """Alpha and Beta."""
    with db.transaction() as session:
        rows = [
            Shop(domain=f"{name}.myshopify.com", state=Installation.INSTALLED, installed_at=noon.now())
            for name in ("alpha", "beta")
        ]
        session.add_all(rows)
        session.flush()
        return rows[0].id, rows[1].id


def test_the_first_person_may_everything_and_the_next_only_everyday_work(
    db: Database, shop_ids: tuple[int, int]
) -> None:
    alpha, beta = shop_ids
    with db.transaction(shop_id=alpha) as session:
        ada = staff.arrive(session, shop_id=alpha, number="1")
        bo = staff.arrive(session, shop_id=alpha, number="2")
        assert staff.arrive(session, shop_id=alpha, number="1") == ada
    with db.transaction(shop_id=beta) as session:
        cy = staff.arrive(session, shop_id=beta, number="1")
    assert ada.permissions == cy.permissions == {permission.value for permission in Permission}
    assert ada.id != cy.id
    staff.require(bo, Permission.REPLAY)
    for permission in set(Permission) - {Permission.REPLAY}:
        with pytest.raises(NotAllowed) as caught:
            staff.require(bo, permission)
        assert "permission" in caught.value.sentence


def test_a_permission_is_given_in_the_own_shop_only_and_written_down(
    db: Database, shop_ids: tuple[int, int]
) -> None:
    alpha, beta = shop_ids
    with db.transaction(shop_id=alpha) as session:
        staff.arrive(session, shop_id=alpha, number="1")
        bo = staff.arrive(session, shop_id=alpha, number="2")
    with db.transaction(shop_id=beta) as session:
        assert staff.permit(session, shop_id=beta, staff_id=bo.id, permissions=[], actor="staff:9") is None
    with db.transaction(shop_id=alpha) as session:
        changed = staff.permit(
            session, shop_id=alpha, staff_id=bo.id, permissions=["connect_erp"], actor="staff:1"
        )
        assert changed is not None
        assert changed.permissions == {"connect_erp"}
        entry = audit.newest(session, shop_id=alpha, limit=1)[0]
        assert (entry.act, entry.after) == ("staff_permitted", {"permissions": ["connect_erp"]})
        with pytest.raises(ValueError):
            staff.permit(session, shop_id=alpha, staff_id=bo.id, permissions=["root"], actor="staff:1")


def test_nobody_can_lock_everybody_out(db: Database, shop_ids: tuple[int, int]) -> None:
    alpha, _ = shop_ids
    with db.transaction(shop_id=alpha) as session:
        ada = staff.arrive(session, shop_id=alpha, number="1")
        changed = staff.permit(session, shop_id=alpha, staff_id=ada.id, permissions=[], actor="staff:1")
    assert changed is not None
    assert changed.permissions == {"manage_staff"}


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set actor = 'nobody'",
        "delete from audit_entry",
        "truncate audit_entry",
        "truncate shop cascade",
    ],
)
def test_the_audit_log_refuses_to_be_changed(db: Database, shop_ids: tuple[int, int], statement: str) -> None:
    alpha, _ = shop_ids
    with db.transaction(shop_id=alpha) as session:
        audit.write(session, shop_id=alpha, actor=audit.OPERATOR, act="tested", subject="x" * 300)
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as session:
        session.execute(all_shops(text(statement)))
    with db.transaction() as session:
        assert session.scalars(select(AuditEntry.actor)).all() == ["operator"]


def test_a_credential_is_sealed_opened_and_replaced(
    db: Database, shop_ids: tuple[int, int], sealer: Sealer
) -> None:
    alpha, beta = shop_ids
    values = {"login": "ada", "password": "correct horse battery"}
    with db.transaction(shop_id=alpha) as session:
        number = erp.create(session, sealer, shop_id=alpha, kind="tryton", values=values, actor="staff:1")
        row = session.scalars(select(Credential)).one()
        assert "horse" not in row.sealed
        assert row.hint.endswith("tery")
        assert erp.open_values(session, sealer, credential_id=number) == values
        erp.replace(session, sealer, credential_id=number, values={"key": "short"}, actor="staff:1")
        assert erp.open_values(session, sealer, credential_id=number) == {"key": "short"}
        assert "short" not in row.hint
        notes = [(entry.act, entry.after) for entry in audit.newest(session, shop_id=alpha, limit=9)]
        assert [act for act, _ in notes] == ["credential_replaced", "credential_created"]
        replaced = audit.newest(session, shop_id=alpha, limit=1)[0]
        assert replaced.before == notes[1][1]
        assert "horse" not in str(notes)
    with db.transaction(shop_id=beta) as session, pytest.raises(Misconfigured) as caught:
        erp.open_values(session, sealer, credential_id=number)
    assert caught.value.misses == f"credential:{number}"


def test_a_sealed_text_that_was_copied_to_another_row_does_not_open(
    db: Database, shop_ids: tuple[int, int], sealer: Sealer
) -> None:
    alpha, beta = shop_ids
    with db.transaction(shop_id=alpha) as session:
        erp.create(session, sealer, shop_id=alpha, kind="tryton", values={"key": "of alpha"}, actor="staff:1")
        stolen = session.scalars(select(Credential.sealed)).one()
    with db.transaction(shop_id=beta) as session:
        number = erp.create(
            session, sealer, shop_id=beta, kind="tryton", values={"key": "of beta"}, actor="staff:2"
        )
        session.scalars(select(Credential)).one().sealed = stolen
        session.flush()
        with pytest.raises(Misconfigured) as caught:
            erp.open_values(session, sealer, credential_id=number)
    assert caught.value.code == "seal_broken"


def test_a_page_that_refreshes_itself_is_one_read_an_hour(
    db: Database, shop_ids: tuple[int, int], noon: SetClock
) -> None:
    alpha, beta = shop_ids
    for minutes in (0, 1, 58, 2):
        noon.move(minutes * 60)
        with db.transaction() as session:
            audit.read(session, shop_id=alpha, actor="staff:1", subject="/records")
    with db.transaction() as session:
        audit.read(session, shop_id=alpha, actor="staff:2", subject="/records")
        audit.read(session, shop_id=alpha, actor="staff:2", subject="/issues")
        audit.read(session, shop_id=beta, actor="staff:2", subject="/issues")
    with db.transaction() as session:
        rows = session.execute(select(AuditEntry.shop_id, AuditEntry.actor, AuditEntry.subject))
        assert sorted(tuple(row) for row in rows) == [
            (alpha, "staff:1", "/records"),
            (alpha, "staff:1", "/records"),
            (alpha, "staff:2", "/issues"),
            (alpha, "staff:2", "/records"),
            (beta, "staff:2", "/issues"),
        ]
