"""Stock: what the ERP said of a product in a warehouse, and what Shopify was told of an item at a location."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Goes forward."""
    moment = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "erp_level",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("erp_item", sa.String(length=128), nullable=False),
        sa.Column("warehouse", sa.String(length=128), nullable=False),
        sa.Column("on_hand", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("reserved", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("told_at", moment, nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_erp_level_connection_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_erp_level_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erp_level")),
        sa.UniqueConstraint(
            "connection_id",
            "erp_item",
            "warehouse",
            name=op.f("uq_erp_level_connection_id_erp_item_warehouse"),
        ),
    )
    op.create_table(
        "stock_target",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("item_gid", sa.String(length=255), nullable=False),
        sa.Column("location_gid", sa.String(length=255), nullable=False),
        sa.Column("variant_gid", sa.String(length=255), nullable=False),
        sa.Column("erp_item", sa.String(length=128), nullable=False),
        sa.Column("warehouse", sa.String(length=128), nullable=False),
        sa.Column("sku", sa.String(length=255), server_default="", nullable=False),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("seen", sa.Integer(), nullable=True),
        sa.Column("seen_at", moment, nullable=True),
        sa.Column("due", sa.String(length=5), server_default="", nullable=False),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("repairs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("repaired_at", moment, nullable=True),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("due in ('','batch','alone')", name=op.f("ck_stock_target_due")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_stock_target_connection_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_stock_target_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_target")),
        sa.UniqueConstraint(
            "connection_id",
            "item_gid",
            "location_gid",
            name=op.f("uq_stock_target_connection_id_item_gid_location_gid"),
        ),
    )
    op.create_index("ix_stock_target_erp", "stock_target", ["connection_id", "erp_item"], unique=False)
    op.create_index(
        "ix_stock_target_due",
        "stock_target",
        ["shop_id", "location_gid", "due_at"],
        unique=False,
        postgresql_where=sa.text("due <> ''"),
    )


def downgrade() -> None:
    """Goes back."""
    op.drop_table("stock_target")
    op.drop_table("erp_level")
