"""Which of the clock's regular acts fails, since when: the doctor and the home page say so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Goes forward."""
    op.create_table(
        "failing_rhythm",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="1", nullable=False),
        sa.Column("error_kind", sa.String(length=64), nullable=False),
        sa.Column("since_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_failing_rhythm")),
    )


def downgrade() -> None:
    """Goes back."""
    op.drop_table("failing_rhythm")
