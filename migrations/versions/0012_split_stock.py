"""Split stock: what of a level our own sales took, up to where Shopify was told, and what was begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Goes forward."""
    op.add_column(
        "erp_level", sa.Column("sold", sa.Numeric(precision=20, scale=6), nullable=True), if_not_exists=True
    )
    op.add_column("stock_target", sa.Column("base", sa.Integer(), nullable=True), if_not_exists=True)
    op.add_column("stock_target", sa.Column("change", postgresql.JSONB(), nullable=True), if_not_exists=True)
    beside.create_index(
        "ix_stock_target_change",
        "stock_target",
        [sa.text("(change ->> 'key')")],
        where=sa.text("change is not null"),
    )


def downgrade() -> None:
    """Goes back."""
    op.drop_index("ix_stock_target_change", table_name="stock_target")
    op.drop_column("stock_target", "change")
    op.drop_column("stock_target", "base")
    op.drop_column("erp_level", "sold")
