"""Failed deliveries are counted wherever a shop's health is told: an index that holds only them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Goes forward. Deliveries keep coming in meanwhile."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_delivery_failed",
            "delivery",
            ["shop_id", "topic"],
            postgresql_where=sa.text("state = 'failed'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Goes back."""
    op.drop_index("ix_delivery_failed", table_name="delivery")
