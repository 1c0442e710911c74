"""Failed deliveries are counted wherever a shop's health is told: an index that holds only them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Goes forward. Deliveries keep coming in meanwhile."""
    beside.create_index(
        "ix_delivery_failed", "delivery", ["shop_id", "topic"], where=sa.text("state = 'failed'")
    )


def downgrade() -> None:
    """Goes back."""
    op.drop_index("ix_delivery_failed", table_name="delivery")
