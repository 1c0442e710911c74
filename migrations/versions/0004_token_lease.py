"""A lease per shop for token calls; grants say how new their scopes are and which client secret minted them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Goes forward."""
    op.add_column("shop", sa.Column("token_lease", sa.Uuid(), nullable=True))
    op.add_column("shop", sa.Column("token_lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column(
        "grant",
        sa.Column(
            "scopes_at", postgresql.TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("now()")
        ),
    )
    op.add_column("grant", sa.Column("minted_with", sa.String(length=16), nullable=False, server_default=""))


def downgrade() -> None:
    """Goes back."""
    op.drop_column("grant", "minted_with")
    op.drop_column("grant", "scopes_at")
    op.drop_column("shop", "token_lease_until")
    op.drop_column("shop", "token_lease")
