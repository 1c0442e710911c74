"""Requests about personal data, and the proof of their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Goes forward."""
    moment = postgresql.TIMESTAMP(timezone=True)
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("webhook_id", sa.String(length=128), nullable=False),
        sa.Column("customer_gid", sa.String(length=255), nullable=True),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("done_at", moment, nullable=True),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("sealed_file", sa.Text(), nullable=True),
        sa.Column("file_expires_at", moment, nullable=True),
        sa.Column("downloaded_at", moment, nullable=True),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind in ('data_request','customer_redact','shop_redact')", name=op.f("ck_privacy_request_kind")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_privacy_request_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
        sa.UniqueConstraint("shop_id", "webhook_id", name=op.f("uq_privacy_request_shop_id_webhook_id")),
    )
    op.create_index(
        "ix_privacy_request_file",
        "privacy_request",
        ["file_expires_at"],
        unique=False,
        postgresql_where=sa.text("sealed_file is not null"),
    )


def downgrade() -> None:
    """Goes back."""
    op.drop_index("ix_privacy_request_file", table_name="privacy_request")
    op.drop_table("privacy_request")
