"""Prices for a time, kept until they have ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Goes forward."""
    moment = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "timed_price",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(length=128), nullable=False),
        sa.Column("price_list", sa.String(length=128), server_default="", nullable=False),
        sa.Column("schedule", sa.String(length=128), nullable=False),
        sa.Column("values", postgresql.JSONB(), nullable=False),
        sa.Column("starts_at", moment, nullable=True),
        sa.Column("ends_at", moment, nullable=True),
        sa.Column("begun_at", moment, nullable=True),
        sa.Column("former", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_timed_price_connection_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_timed_price_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timed_price")),
        sa.UniqueConstraint(
            "connection_id",
            "product",
            "price_list",
            "schedule",
            name=op.f("uq_timed_price_connection_id_product_price_list_schedule"),
        ),
    )
    op.create_index("ix_timed_price_shop", "timed_price", ["shop_id", "product"], unique=False)
    op.create_index(
        "ix_timed_price_start",
        "timed_price",
        ["starts_at"],
        unique=False,
        postgresql_where=sa.text("begun_at is null"),
    )


def downgrade() -> None:
    """Goes back."""
    op.drop_table("timed_price")
