"""On which day Tryton takes a posting: the document's own, or the first day after it that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kit.faults import Misconfigured
from sync.connectors.tryton.client import Client

PERIOD = "account.period"


@dataclass(frozen=True, kw_only=True)
class OpenDay:
    """A day that takes postings, its period, and the end of the fiscal year that both are in."""

    day: date
    period: int
    year_ends_on: date


class Periods:
    """The accounting periods of companies. Each question asks: people close periods at any moment."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def open_on(self, day: date, *, company: int, may_post_later: bool) -> OpenDay:
        """The day itself, or the first day of the next open period.

        Raises Misconfigured when there is none, or when the policy is to hold instead."""
        domain = [
            ["company", "=", company],
            ["type", "=", "standard"],
            ["state", "=", "open"],
            ["end_date", ">=", day],
        ]
        order = [["start_date", "ASC"]]
        found = self._client.search(
            PERIOD, domain, ["start_date", "fiscalyear.end_date"], order=order, size=1
        )
        if not found:
            raise Misconfigured(
                "no_period",
                f"Tryton has no open accounting period on or after {day}. Create it there.",
                misses="erp:period",
            )
        start: date = found[0]["start_date"]
        if start > day and not may_post_later:
            raise held(day, "its accounting period is closed")
        return OpenDay(
            day=max(start, day), period=int(found[0]["id"]), year_ends_on=found[0]["fiscalyear"]["end_date"]
        )


def held(day: date, reason: str) -> Misconfigured:
    """Why something of a closed day waits where the policy is to hold it."""
    return Misconfigured(
        "period_closed",
        f"Tryton takes no posting of {day} any more: {reason}. Your policy is to hold it. Open the day again and retry,"
        " or let Concord post on the next open day under policies.",
        misses="mapping:closed_period",
    )


def moved(day: date) -> str:
    """What a posting says that stands on a later day than its own."""
    return f"Of {day}, which was closed"
