"""Which JSON values a scalar of the Admin API takes, written as a literal or sent as a variable.

It owns the rules of the scalars whose wrong values would break something later; a scalar that it does not know takes
anything.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sandbox.shopify.documents import moment

INT_RANGE = range(-(2**31), 2**31)
_DECIMAL = re.compile(r"\s*[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})\s*", re.ASCII)
_UNSIGNED = re.compile(r"\d{1,20}", re.ASCII)
LARGEST = 10.0**30


def is_scalar(value: Any, name: str) -> bool:
    """Whether the scalar takes the value. Global ids are judged by `documents.is_gid`."""
    match name:
        case "Int":
            return isinstance(value, int) and not isinstance(value, bool) and value in INT_RANGE
        case "Float":
            return _is_number(value)
        case "Boolean":
            return isinstance(value, bool)
        case "String" | "URL" | "HTML" | "FormattedString":
            return isinstance(value, str)
        case "DateTime":
            return isinstance(value, str) and _reads(moment, value)
        case "Date":
            return isinstance(value, str) and _reads(date.fromisoformat, value)
        case "Decimal" | "Money":
            return bool(_DECIMAL.fullmatch(value)) if isinstance(value, str) else _is_number(value)
        case "UnsignedInt64":
            return bool(_UNSIGNED.fullmatch(str(value)))
        case _:
            return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _reads(read: Any, text: str) -> bool:
    try:
        read(text)
    except (ValueError, OverflowError):
        return False
    return True
