"""Customers: who buyers are in the ERP or would become, the pairs that people made, and how buyers are recognised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from kit.crypto import fingerprint
from kit.faults import Fault
from oauth.staff import Permission
from sync.domain.matching import WORDS as REASONS
from sync.domain.matching import Choice, Verdict, reason
from sync.domain.rules import Rules
from sync.flows import buyers, connecting
from sync.flows.buyers import Buyer, Told
from sync.insight import missing, names
from sync.state import mappings
from sync.state.models import Link
from sync.state.settings_models import Connection, Snapshot
from web.errors import NotThere
from web.forms import Form, NotFilledIn
from web.mapping import chain
from web.mapping.chain import Chain
from web.mapping.sheet import LINES_LIMIT
from web.pages.mapping import keep, rules_of
from web.screens import UNPROCESSABLE, Asked, nudged

HEADING = "Customers"
INTRO = "Who your buyers are in your ERP, and how Concord recognises them."
MISSES = "customer"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One buyer. `name` is the end of the names of its fields in the form."""

    name: str
    key: str
    label: str
    sentence: str
    records: int = 0  # that are held for it
    chosen: str = ""
    chosen_label: str = ""
    candidates: tuple[tuple[str, str], ...] = ()
    path: str = ""  # of a record that is about it
    title: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person has to choose now."""
        return not self.chosen and bool(self.records or self.candidates)


@dataclass(frozen=True, kw_only=True)
class CustomersPage:
    """What the page shows."""

    intro: str
    rows: tuple[Row, ...]
    paired: tuple[Row, ...]
    chain: Chain
    problem: str
    errors: Mapping[str, str]
    typed: Mapping[str, str]
    has_other_changes: bool
    may_publish: bool


def show(asked: Asked) -> Response:
    """The buyers."""
    return _shown(asked, _page(asked, _connection(asked)))


def save(asked: Asked) -> Response:
    """Keeps choices and chain in the draft, and publishes them when asked to."""
    row = _connection(asked)
    with asked.transaction() as session:
        rules = rules_of(session, row.id)
    try:
        chosen = _chosen(asked, row, rules)
        rules = replace(chain.apply(rules, asked.form), customers=chosen)
    except NotFilledIn as wrong:
        typed = dict(asked.form.pairs)
        return _shown(asked, _page(asked, row, errors=wrong.sentences, typed=typed), status=UNPROCESSABLE)
    with asked.transaction() as session:
        say, ids = keep(session, asked, row, rules, note="Changed customers")
    nudged(asked, ids)
    return asked.done(
        go="/mappings" if ids or asked.form.is_on("publish") else "/mappings/customers", say=say
    )


def _shown(asked: Asked, page: CustomersPage, *, status: int = 200) -> Response:
    is_personal = bool(page.rows) and asked.may(Permission.READ_PERSONAL_DATA)
    return asked.page("customers", page, status=status, is_personal=is_personal)


def _nameless(told: Told) -> Told:
    """For who may not read personal data: buyers and parties by their numbers."""
    return replace(
        told,
        buyers=tuple(
            replace(
                each,
                name=_called(each.key, {}),
                candidates=tuple(
                    replace(party, name=f"Customer {party.erp_id}") for party in each.candidates
                ),
            )
            for each in told.buyers
        ),
    )


def _chosen(asked: Asked, row: Connection, rules: Rules) -> dict[str, str]:
    """The pairs that the form wants; what it does not show stays. A customer is named by its number in the ERP."""
    wanted = dict(rules.customers)
    problems: dict[str, str] = {}
    for name, key in _keys(asked.form):
        typed = asked.form.text(f"other_{name}", limit=128)
        chosen = typed or asked.form.text(f"line_{name}", limit=128)
        field = f"other_{name}"
        if typed and typed != rules.customers.get(key):
            try:
                gateways = asked.state["engine"].gateways
                chosen = buyers.named(gateways, row, asked.visit.shop_domain, typed)
            except Fault as fault:
                problems[field] = fault.sentence
                continue
            if not chosen:
                problems[field] = f"Your ERP has no customer, or several, with the number “{typed}”."
        wanted[key] = chosen
    if problems:
        raise NotFilledIn(**problems)
    return {key: erp_id for key, erp_id in wanted.items() if erp_id}


def _keys(form: Form) -> list[tuple[str, str]]:
    return [(name, key) for name, key in form.after("key_").items() if key][:LINES_LIMIT]


def _page(
    asked: Asked,
    row: Connection,
    *,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> CustomersPage:
    with asked.transaction() as session:
        rules = rules_of(session, row.id)
        has_draft = mappings.draft(session, row.id) is not None
    gateways = asked.state["engine"].gateways
    told = buyers.preview(gateways, row, asked.visit.shop_domain, rules)
    if not asked.may(Permission.READ_PERSONAL_DATA):
        told = _nameless(told)
    with asked.transaction() as session:
        held = {each.value: each for each in missing.listed(session) if each.kind == MISSES}
        wanted = [*(each.record for each in told.buyers), *(each.sample.record for each in held.values())]
        titles = _titles(session, [*wanted, *rules.customers])
        numbers = _numbers(session, row.id, rules, told)
    rows = _rows(told, held, titles, numbers, rules)
    paired = _paired(rules, titles, numbers)
    return CustomersPage(
        intro=INTRO,
        rows=rows,
        paired=paired,
        chain=chain.chain(rules),
        problem=told.problem,
        errors=errors or {},
        typed=typed or {},
        has_other_changes=has_draft,
        may_publish=asked.may(Permission.PUBLISH_MAPPINGS),
    )


def _rows(
    told: Told,
    held: Mapping[str, missing.Missing],
    titles: Mapping[str, str],
    numbers: Mapping[str, str],
    rules: Rules,
) -> tuple[Row, ...]:
    """Buyers that records wait for first; those that could not be looked up are there too."""
    known = {each.key: each for each in told.buyers if each.key not in rules.customers}
    keys = [*(key for key in held if key not in rules.customers), *(key for key in known if key not in held)]
    rows = []
    for key in keys[:LINES_LIMIT]:
        buyer, waits = known.get(key), held.get(key)
        record = buyer.record if buyer else waits.sample.record if waits else ""
        rows.append(
            Row(
                name=_field(key),
                key=key,
                label=buyer.name if buyer else titles.get(key) or names.titled(key),
                sentence=_said(buyer.choice, buyer, numbers) if buyer else waits.sentence if waits else "",
                records=waits.records if waits else 0,
                candidates=_candidates(buyer) if buyer and buyer.is_open else (),
                path=names.of(record).path,
                title=names.titled(record, titles.get(record, "")),
            )
        )
    return tuple(rows)


def _paired(rules: Rules, titles: Mapping[str, str], numbers: Mapping[str, str]) -> tuple[Row, ...]:
    return tuple(
        Row(
            name=_field(key),
            key=key,
            label=_called(key, titles),
            sentence="Chosen by a person",
            chosen=chosen,
            chosen_label=numbers.get(chosen, ""),
        )
        for key, chosen in sorted(rules.customers.items())[:LINES_LIMIT]
    )


def _field(key: str) -> str:
    """A name for a buyer's fields that stays while the list around it changes."""
    return fingerprint(key)[:12]


def _called(key: str, titles: Mapping[str, str]) -> str:
    if key.startswith(names.PREFIX):
        return names.titled(key, titles.get(key, ""))
    return f"Guest {key}"


def _said(choice: Choice, buyer: Buyer, numbers: Mapping[str, str]) -> str:
    """What will happen with a buyer, and why."""
    found = next((each.name for each in buyer.candidates if each.erp_id == choice.erp_id), "")
    who = found or numbers.get(choice.erp_id) or choice.erp_id
    match choice.verdict:
        case Verdict.LINKED:
            return f"Known: {who} ({choice.because})"
        case Verdict.MATCHED:
            return f"Will be matched: {who}, {choice.because}"
        case Verdict.AMBIGUOUS:
            return f"Has to be chosen: {choice.because}"
        case Verdict.CREATE:
            asked = ", ".join(buyer.looked_up_by) or "nothing"
            return f"Will be created: nobody in your ERP has the same {asked}"


def _candidates(buyer: Buyer) -> tuple[tuple[str, str], ...]:
    open_ones = set(buyer.choice.candidates)
    return tuple(
        (each.erp_id, f"{each.name} (id {each.erp_id}, same {REASONS[reason(each)]})")
        for each in buyer.candidates
        if each.erp_id in open_ones
    )


def _titles(session: Any, records: Iterable[str]) -> dict[str, str]:
    rows = session.execute(
        select(Snapshot.record, Snapshot.title).where(Snapshot.record.in_(list(records)))
    ).all()
    return dict(rows)


def _numbers(session: Any, connection_id: int, rules: Rules, told: Told) -> dict[str, str]:
    """What people call parties that Concord knows by their id."""
    ids = {*rules.customers.values(), *(each.choice.erp_id for each in told.buyers)}
    rows = session.execute(
        select(Link.erp_id, Link.erp_number)
        .where(Link.connection_id == connection_id, Link.kind == "customer", Link.erp_id.in_(ids))
        .order_by(Link.id)
    ).all()
    return {erp_id: number for erp_id, number in rows if number}


def _connection(asked: Asked) -> Connection:
    with asked.transaction() as session:
        row = connecting.current(session)
    if row is None:
        raise NotThere("connection")
    return row
