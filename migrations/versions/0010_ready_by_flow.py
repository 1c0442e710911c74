"""Ready jobs by flow: while a shop's ERP is full, the work that needs no ERP is found without reading what waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Goes forward."""
    columns = ["shop_id", "flow", "lane", "due_at", "id"]
    beside.create_index("ix_job_flow", "job", columns, where=sa.text("state = 'ready'"))


def downgrade() -> None:
    """Goes back."""
    op.drop_index("ix_job_flow", table_name="job")
