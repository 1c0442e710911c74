"""the engine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Goes forward."""
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("flow", sa.String(length=32), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("fault_code", sa.String(length=64), nullable=True),
        sa.Column("cause", sa.String(length=64), nullable=True),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "exchanges",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_attempt_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(
        "ix_attempt_cause",
        "attempt",
        ["shop_id", "cause"],
        unique=False,
        postgresql_where=sa.text("cause is not null"),
    )
    op.create_index("ix_attempt_ended", "attempt", ["ended_at"], unique=False, postgresql_using="brin")
    op.create_index("ix_attempt_job", "attempt", ["job_id"], unique=False)
    op.create_index("ix_attempt_record", "attempt", ["shop_id", "record", "id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=True),
        sa.Column("shop_domain", sa.String(length=255), nullable=False),
        sa.Column("webhook_id", sa.String(length=128), nullable=False),
        sa.Column("event_id", sa.String(length=128), server_default="", nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("api_version", sa.String(length=16), server_default="", nullable=False),
        sa.Column("triggered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("copies", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("record", sa.String(length=255), nullable=True),
        sa.Column("processed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting','done','ignored','failed')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_delivery_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("shop_domain", "webhook_id", name=op.f("uq_delivery_shop_domain_webhook_id")),
    )
    op.create_index(
        "ix_delivery_received", "delivery", ["received_at"], unique=False, postgresql_using="brin"
    )
    op.create_index(
        "ix_delivery_record",
        "delivery",
        ["shop_id", "record"],
        unique=False,
        postgresql_where=sa.text("record is not null"),
    )
    op.create_index("ix_delivery_shop", "delivery", ["shop_id", "id"], unique=False)
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        [sa.text("coalesce(shop_id, 0)"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "intent",
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("flow", sa.String(length=32), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("variables_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("intended_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("first_sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('intended','unknown','done','refused','dropped')", name=op.f("ck_intent_state")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_intent_shop_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_intent")),
        sa.UniqueConstraint(
            "shop_id",
            "flow",
            "record",
            "purpose",
            "version",
            name=op.f("uq_intent_shop_id_flow_record_purpose_version"),
        ),
    )
    op.create_index(
        "ix_intent_open",
        "intent",
        ["shop_id", "flow", "record"],
        unique=False,
        postgresql_where=sa.text("state in ('intended','unknown')"),
    )
    op.create_index("ix_intent_record", "intent", ["shop_id", "record"], unique=False)
    op.create_table(
        "issue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("flow", sa.String(length=32), nullable=False),
        sa.Column("fault_kind", sa.String(length=16), nullable=False),
        sa.Column("fault_code", sa.String(length=64), nullable=False),
        sa.Column("connector", sa.String(length=32), server_default="", nullable=False),
        sa.Column("field", sa.String(length=255), server_default="", nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("misses", sa.String(length=255), nullable=True),
        sa.Column("sample_record", sa.String(length=255), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('open','ignored','resolved')", name=op.f("ck_issue_state")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_issue_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
    )
    op.create_index("ix_issue_shop", "issue", ["shop_id", "state", "last_at"], unique=False)
    op.create_index(
        "uq_issue_open",
        "issue",
        ["shop_id", "cause"],
        unique=True,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("flow", sa.String(length=32), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("asks", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "hint",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("misses", sa.String(length=255), nullable=True),
        sa.Column("fault_code", sa.String(length=64), nullable=True),
        sa.Column("cause", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("money", sa.Numeric(precision=20, scale=4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('ready','running','held','dead','done','ignored')", name=op.f("ck_job_state")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_job_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_cause",
        "job",
        ["shop_id", "cause"],
        unique=False,
        postgresql_where=sa.text("cause is not null and state in ('ready','running','held','dead')"),
    )
    op.create_index(
        "ix_job_finished",
        "job",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("state in ('done','ignored')"),
    )
    op.create_index(
        "ix_job_held", "job", ["shop_id", "misses"], unique=False, postgresql_where=sa.text("state = 'held'")
    )
    op.create_index(
        "ix_job_lease", "job", ["lease_until"], unique=False, postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(
        "ix_job_ready",
        "job",
        ["shop_id", "lane", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index("ix_job_record", "job", ["shop_id", "record", "id"], unique=False)
    op.create_index(
        "uq_job_open",
        "job",
        ["shop_id", "flow", "record"],
        unique=True,
        postgresql_where=sa.text("state in ('ready','held','dead')"),
    )
    op.create_index(
        "uq_job_running",
        "job",
        ["shop_id", "flow", "record"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), server_default="", nullable=False),
        sa.Column("customer_gid", sa.String(length=255), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("read_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_snapshot_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("shop_id", "record", name=op.f("uq_snapshot_shop_id_record")),
    )
    op.create_index("ix_snapshot_customer", "snapshot", ["shop_id", "customer_gid"], unique=False)
    op.create_table(
        "link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("shopify_gid", sa.String(length=255), nullable=False),
        sa.Column("record", sa.String(length=255), nullable=False),
        sa.Column("erp_model", sa.String(length=64), nullable=False),
        sa.Column("erp_id", sa.String(length=128), nullable=False),
        sa.Column("erp_number", sa.String(length=128), server_default="", nullable=False),
        sa.Column("fingerprint", sa.String(length=64), server_default="", nullable=False),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("linked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_link_connection_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_link_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint(
            "connection_id", "kind", "shopify_gid", name=op.f("uq_link_connection_id_kind_shopify_gid")
        ),
    )
    op.create_index("ix_link_erp", "link", ["connection_id", "erp_model", "erp_id"], unique=False)
    op.create_index("ix_link_record", "link", ["shop_id", "record"], unique=False)

    # lz4 costs half the processor time of PostgreSQL's own method, but not every build has it.
    op.execute(
        """
        do $$ begin
            alter table delivery alter column body set compression lz4;
        exception when feature_not_supported then null;
        end $$
        """
    )
    # Finished jobs pile up; the queue's partial indexes must not wait for a fifth of the table to change.
    op.execute("alter table job set (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 80)")


def downgrade() -> None:
    """Goes back."""
    op.drop_index("ix_link_record", table_name="link")
    op.drop_index("ix_link_erp", table_name="link")
    op.drop_table("link")
    op.drop_index("ix_snapshot_customer", table_name="snapshot")
    op.drop_table("snapshot")
    op.drop_index("uq_job_running", table_name="job", postgresql_where=sa.text("state = 'running'"))
    op.drop_index(
        "uq_job_open", table_name="job", postgresql_where=sa.text("state in ('ready','held','dead')")
    )
    op.drop_index("ix_job_record", table_name="job")
    op.drop_index("ix_job_ready", table_name="job", postgresql_where=sa.text("state = 'ready'"))
    op.drop_index("ix_job_lease", table_name="job", postgresql_where=sa.text("state = 'running'"))
    op.drop_index("ix_job_held", table_name="job", postgresql_where=sa.text("state = 'held'"))
    op.drop_index(
        "ix_job_finished", table_name="job", postgresql_where=sa.text("state in ('done','ignored')")
    )
    op.drop_table("job")
    op.drop_index("uq_issue_open", table_name="issue", postgresql_where=sa.text("state <> 'resolved'"))
    op.drop_index("ix_issue_shop", table_name="issue")
    op.drop_table("issue")
    op.drop_index("ix_intent_record", table_name="intent")
    op.drop_index(
        "ix_intent_open", table_name="intent", postgresql_where=sa.text("state in ('intended','unknown')")
    )
    op.drop_table("intent")
    op.drop_index("ix_delivery_waiting", table_name="delivery", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index("ix_delivery_shop", table_name="delivery")
    op.drop_index("ix_delivery_record", table_name="delivery", postgresql_where=sa.text("record is not null"))
    op.drop_index("ix_delivery_received", table_name="delivery", postgresql_using="brin")
    op.drop_table("delivery")
    op.drop_index("ix_attempt_record", table_name="attempt")
    op.drop_index("ix_attempt_job", table_name="attempt")
    op.drop_index("ix_attempt_ended", table_name="attempt", postgresql_using="brin")
    op.drop_index("ix_attempt_cause", table_name="attempt", postgresql_where=sa.text("cause is not null"))
    op.drop_table("attempt")
