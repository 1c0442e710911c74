"""The road that every flow takes: read, decide, intend, call, link. It owns the order of commits around a write.

An outward write is saved as an intent before it is sent. What comes back is kept until the next commit of the same
job; a crash in between leaves an open intent, and the next try asks the remote system before it sends anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from kit.db import Database
from kit.faults import OutcomeUnknown, Rejected
from sync.connectors.base import Related, Written
from sync.domain.money import Money
from sync.gateways import Gateways, ShopView
from sync.state import intents, jobs
from sync.state.jobs import Claimed
from sync.state.models import IntentState


@dataclass(frozen=True)
class Done:
    """The record is in accord."""

    sentence: str = ""


@dataclass(frozen=True)
class Skipped:
    """A rule says that this record is not carried over, and why."""

    reason: str


Outcome = Done | Skipped
Later = Callable[[Session], None]


@dataclass(kw_only=True)
class Work:
    """One try of one job: what it is for, the doors it may use, and what its next commit must hold."""

    job: Claimed
    shop: ShopView
    database: Database
    gateways: Gateways
    money_at_risk: Money | None = None  # shown with the issue while the job is not done
    _later: list[Later] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction of the shop. It first makes sure that the job is still ours, and saves what waits."""
        with self.database.transaction(shop_id=self.shop.id) as session:
            jobs.check(session, self.job)
            self.save_waiting(session)
            yield session
        self._later.clear()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction of the shop for looking things up; it saves nothing that waits."""
        with self.database.transaction(shop_id=self.shop.id) as session:
            yield session

    def later(self, save: Later) -> None:
        """Something to save in the next commit of this job."""
        self._later.append(save)

    def save_waiting(self, session: Session) -> None:
        """Saves what waits. Called by `transaction` and by whoever settles the job."""
        for save in self._later:
            save(session)


def write(
    work: Work,
    *,
    purpose: str,
    version: int = 1,
    variables: Any,
    call: Callable[[str], Written],
    ask: Callable[[], Written | None],
) -> Written:
    """Does one outward write exactly once, however often it is called, and returns what the other side has.

    `call` gets the key; `ask` finds the document by our reference. Raises what they raise; an unknown outcome is
    saved as such first. A refusal closes the intent: the next try, after somebody changed something, sends anew."""
    with work.transaction() as session:
        begun = intents.begin(
            session,
            shop_id=work.shop.id,
            flow=work.job.flow,
            record=work.job.record,
            purpose=purpose,
            version=version,
            variables=variables,
        )
    if begun.state is IntentState.DONE and begun.outcome:
        return read_written(begun.outcome)
    was_tried = not begun.is_fresh and begun.state is not IntentState.REFUSED
    try:
        written = (ask() if was_tried else None) or call(str(begun.key))
    except OutcomeUnknown:
        work.later(lambda session: intents.close(session, begun.key, state=IntentState.UNKNOWN))
        raise
    except Rejected as refusal:
        outcome = {"refused": refusal.code}
        work.later(
            lambda session: intents.close(session, begun.key, state=IntentState.REFUSED, outcome=outcome)
        )
        raise
    work.later(
        lambda session: intents.close(
            session, begun.key, state=IntentState.DONE, outcome=written_values(written)
        )
    )
    return written


def found_without_asking(work: Work, *, purpose: str, version: int = 1, written: Written) -> None:
    """Closes an intent whose document turned up by other means (a look-up that found our own reference)."""
    key = intents.key_of(
        shop_id=work.shop.id, flow=work.job.flow, record=work.job.record, purpose=purpose, version=version
    )
    outcome = written_values(written)
    work.later(lambda session: intents.close(session, key, state=IntentState.DONE, outcome=outcome))


def written_values(written: Written) -> dict[str, Any]:
    """What is kept of a written document, as plain JSON."""
    return {
        "model": written.model,
        "erp_id": written.erp_id,
        "number": written.number,
        "state": written.state,
        "total": _money_values(written.total),
        "related": [
            {
                "model": each.model,
                "erp_id": each.erp_id,
                "number": each.number,
                "state": each.state,
                "total": _money_values(each.total),
            }
            for each in written.related
        ],
    }


def read_written(values: Mapping[str, Any]) -> Written:
    """The written document from what was kept."""
    return Written(
        model=values["model"],
        erp_id=values["erp_id"],
        number=values["number"],
        state=values["state"],
        total=_money(values.get("total")),
        related=tuple(
            Related(
                model=each["model"],
                erp_id=each["erp_id"],
                number=each["number"],
                state=each["state"],
                total=_money(each.get("total")),
            )
            for each in values.get("related", ())
        ),
    )


def _money_values(money: Money | None) -> list[str] | None:
    return None if money is None else [str(money.amount), money.currency]


def _money(values: Any) -> Money | None:
    return None if values is None else Money(Decimal(values[0]), values[1])
