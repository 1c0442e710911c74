"""A keyed mark of a buyer's e-mail address, so that a request finds a guest whose deliveries have no body any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import beside

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Goes forward."""
    op.add_column("shop", sa.Column("sealed_mark_key", sa.Text(), nullable=True), if_not_exists=True)
    op.add_column(
        "snapshot", sa.Column("buyer_mark", sa.String(length=64), nullable=True), if_not_exists=True
    )
    columns = ["shop_id", "buyer_mark"]
    beside.create_index("ix_snapshot_mark", "snapshot", columns, where=sa.text("buyer_mark is not null"))


def downgrade() -> None:
    """Goes back."""
    op.drop_index("ix_snapshot_mark", table_name="snapshot")
    op.drop_column("snapshot", "buyer_mark")
    op.drop_column("shop", "sealed_mark_key")
