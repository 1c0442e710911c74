"""When a token whose renewal failed is tried again, so that a few closed shops keep nobody else waiting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Goes forward."""
    op.add_column("grant", sa.Column("renewal_due_at", postgresql.TIMESTAMP(timezone=True), nullable=True))


def downgrade() -> None:
    """Goes back."""
    op.drop_column("grant", "renewal_due_at")
