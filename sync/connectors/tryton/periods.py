"""On which day Tryton takes a posting: the document's own, or the first day after it that is open."""

from __future__ import annotations

from datetime import date

from kit.faults import Misconfigured
from sync.connectors.tryton.client import Client

PERIOD = "account.period"


class Periods:
    """The accounting periods of companies. Each question asks: people close periods at any moment."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def open_on(self, day: date, *, company: int, may_post_later: bool) -> tuple[int, date]:
        """The period to post in and its day: the day itself, or the first day of the next open period.

        Raises Misconfigured when there is none, or when the policy is to hold instead."""
        domain = [
            ["company", "=", company],
            ["type", "=", "standard"],
            ["state", "=", "open"],
            ["end_date", ">=", day],
        ]
        order = [["start_date", "ASC"]]
        found = self._client.search(PERIOD, domain, ["start_date"], order=order, size=1)
        if not found:
            raise Misconfigured(
                "no_period",
                f"Tryton has no open accounting period on or after {day}. Create it there.",
                misses="erp:period",
            )
        start: date = found[0]["start_date"]
        if start > day and not may_post_later:
            raise Misconfigured(
                "period_closed",
                f"Tryton's accounting period of {day} is closed, and your policy is to hold what belongs there. Open"
                " it again, or let Concord post in the next open one under policies.",
                misses="erp:period",
            )
        return int(found[0]["id"]), max(start, day)


def moved(day: date) -> str:
    """What a posting says that stands in a later period than its own."""
    return f"Of {day}, whose period was closed"
