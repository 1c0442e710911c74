"""Many rows as one parameter per column: a statement over hundreds of them is as short, and as quickly made ready, as
over one. It knows no table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import TableValuedAlias, column, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

Kind = type[TypeEngine[Any]] | TypeEngine[Any]


def table(name: str, /, **columns: tuple[Kind, Sequence[Any]]) -> TableValuedAlias:
    """Rows to select from under this name, given column by column: the kind of a column and its values."""
    arrays = [literal(list(values), ARRAY(kind)) for kind, values in columns.values()]
    given = func.unnest(*arrays).table_valued(*(column(each) for each in columns), name=name)
    return given.render_derived()
