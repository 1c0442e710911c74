"""Makes an index beside running work: nobody who writes to the table has to wait.

What goes before it in a migration is committed by it, and must bear to run twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alembic import op


def create_index(name: str, table: str, columns: Sequence[Any], *, where: Any) -> None:
    """Makes an index. One that a migration left behind half made, because it was killed, is removed first."""
    with op.get_context().autocommit_block():
        op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_where=where, postgresql_concurrently=True)
