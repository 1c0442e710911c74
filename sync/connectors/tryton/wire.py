"""The JSON that Tryton speaks: decimals, dates, times and bytes travel as tagged objects, never as floats.

It owns both directions and refuses values that Tryton has no form for. It knows no model and no address.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

TAG = "__class__"


def dumps(value: Any) -> str:
    """JSON text of a value. A time must be aware; it travels as UTC without a zone, as Tryton keeps it."""
    return json.dumps(value, default=_tagged, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """The value of JSON text; times come back aware, in UTC. Numbers with a fraction become decimals."""
    return json.loads(text, object_hook=_untagged, parse_float=Decimal)


def packed(value: Any) -> str:
    """JSON in the base64 form that queries and headers want."""
    return base64.urlsafe_b64encode(dumps(value).encode()).decode()


def _tagged(value: Any) -> Any:
    match value:
        case Decimal():
            return {TAG: "Decimal", "decimal": format(value, "f")}
        case datetime():
            at = value.astimezone(UTC)
            day = {"year": at.year, "month": at.month, "day": at.day}
            clock = {"hour": at.hour, "minute": at.minute, "second": at.second}
            return {TAG: "datetime", **day, **clock, "microsecond": at.microsecond}
        case date():
            return {TAG: "date", "year": value.year, "month": value.month, "day": value.day}
        case Mapping():
            return dict(value)
        case _:
            raise TypeError(f"Tryton's JSON has no form for {type(value).__name__}")


def _untagged(found: dict[str, Any]) -> Any:
    match found.get(TAG):
        case "Decimal":
            return Decimal(found["decimal"])
        case "date":
            return date(found["year"], found["month"], found["day"])
        case "datetime":
            day = date(found["year"], found["month"], found["day"])
            clock = time(found["hour"], found["minute"], found["second"], found["microsecond"], tzinfo=UTC)
            return datetime.combine(day, clock)
        case "time":
            return time(found["hour"], found["minute"], found["second"], found["microsecond"])
        case "timedelta":
            return timedelta(seconds=float(found["seconds"]))
        case "bytes":
            return base64.b64decode(found["base64"])
        case _:
            return found
