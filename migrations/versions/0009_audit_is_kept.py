"""The audit log cannot be emptied at once either: the trigger for rows does not see TRUNCATE."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Goes forward."""
    op.execute(
        """
        create function audit_is_kept() returns trigger language plpgsql as $$
        begin
            raise exception 'the audit log is append-only';
        end $$
        """
    )
    op.execute(
        "create trigger audit_kept before truncate on audit_entry"
        " for each statement execute function audit_is_kept()"
    )


def downgrade() -> None:
    """Goes back."""
    op.execute("drop trigger audit_kept on audit_entry")
    op.execute("drop function audit_is_kept()")
