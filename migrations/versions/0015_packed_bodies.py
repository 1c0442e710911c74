"""Bodies come packed: PostgreSQL does not try to pack them again."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Goes forward."""
    op.execute("alter table delivery alter column body set storage external")


def downgrade() -> None:
    """Goes back."""
    op.execute("alter table delivery alter column body set storage extended")
