"""Tryton's REST interface: search, read, create, write, press a button; its refusals become faults.

It owns the address, the key and the context that every call carries. It knows no business: which model and which
button is the matter of the modules above it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx2

from kit.faults import Fault, Misconfigured, OutcomeUnknown, Rejected, Transient, quoted
from sync.connectors.base import Opening
from sync.connectors.tryton import wire

Row = dict[str, Any]
WRITE_SECONDS = 90.0  # posting an invoice renders its report
READ_SECONDS = 60.0
PAGE = 500
BUSY_SECONDS = 2.0
_TAG = re.compile(r"<[^>]*>")


class Client:
    """One database of one Tryton, as the user that the key belongs to."""

    def __init__(self, opening: Opening) -> None:
        self._door = opening.door
        self._key = json.loads(opening.secret.reveal())["key"]
        self._root = str(opening.address["url"]).strip().rstrip("/")
        self._base = f"{self._root}/{quote(str(opening.address['database']).strip(), safe='')}/rest/model"
        # English, because the text of a refusal is all that tells one from another.
        self.context: Row = {"language": "en", "_skip_warnings": True}

    def search(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        order: Sequence[Sequence[str]] = (("id", "ASC"),),
        size: int | None = None,
        offset: int = 0,
        context: Mapping[str, Any] | None = None,
    ) -> list[Row]:
        """Records that satisfy the domain."""
        params = [("d", wire.packed(domain)), ("o", wire.packed(order)), *(("f", name) for name in fields)]
        params += [("s", str(size))] if size is not None else []
        params += [("p", str(offset))] if offset else []
        found: list[Row] = self._call("GET", f"/{model}", params=params, context=context)
        return found

    def all(self, model: str, domain: Sequence[Any], fields: Sequence[str]) -> list[Row]:
        """All records that satisfy the domain, page by page, by their ids."""
        found: list[Row] = []
        last = 0
        while page := self.search(model, [domain, ["id", ">", last]], fields, size=PAGE):
            found += page
            last = page[-1]["id"]
            if len(page) < PAGE:
                break
        return found

    def get(self, model: str, record: int, fields: Sequence[str]) -> Row | None:
        """One record; None when it is not there (any more)."""
        found = self.search(model, [["id", "=", record]], fields)
        return found[0] if found else None

    def create(self, model: str, values: Mapping[str, Any], fields: Sequence[str] = ("id",)) -> Row:
        """A new record with these values and Tryton's defaults."""
        params = [("f", name) for name in fields]
        made: Row = self._call("POST", f"/{model}", params=params, body=dict(values))
        return made

    def write(self, model: str, record: int, values: Mapping[str, Any]) -> None:
        """Changes a record. Only for values that may be set twice."""
        self._call("PUT", f"/{model}/{record}", params=[("f", "id")], body=dict(values), repeatable=True)

    def delete(self, model: str, record: int) -> None:
        """Removes a record."""
        self._call("DELETE", f"/{model}/{record}")

    def press(self, model: str, record: int, button: str) -> None:
        """A button of a record. Tryton refuses a button whose time has passed."""
        self._call("POST", f"/{model}/{record}/{button}", params=[("f", "id")], body={})

    def require_models(self, *models: str) -> None:
        """Raises Misconfigured when Tryton lacks a module that we need."""
        known = {row["name"] for row in self.search("ir.model", [["name", "in", list(models)]], ["name"])}
        missing = sorted(set(models) - known)
        if missing:
            raise Misconfigured(
                "module_missing",
                f"Tryton has no {', '.join(missing)}. Activate the modules web_shop, sale, stock and account_invoice.",
                misses="erp:modules",
            )

    def version(self) -> str:
        """What calls itself Tryton there, with its version where it tells it."""
        question = {"id": 0, "method": "common.server.version", "params": []}
        answer = self._door.call(
            "POST",
            f"{self._root}/rpc/",
            json=question,
            repeatable=True,
            guarded=True,
            read_seconds=READ_SECONDS,
        )
        try:
            said = wire.loads(answer.content) if answer.status_code == 200 else {}
        except ValueError:
            said = {}
        version = said.get("result") if isinstance(said, dict) else None
        return f"Tryton {version}" if isinstance(version, str) else "Tryton"

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        body: Any = None,
        context: Mapping[str, Any] | None = None,
        repeatable: bool = False,
    ) -> Any:
        is_read = method == "GET"
        headers = {
            "Authorization": f"Bearer {self._key}",
            "X-Tryton-Context": wire.packed({**self.context, **(context or {})}),
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = self._door.call(
            method,
            self._base + path,
            headers=headers,
            params=list(params),
            content=None if body is None else wire.dumps(body).encode(),
            repeatable=is_read or repeatable,
            guarded=True,
            read_seconds=READ_SECONDS if is_read else WRITE_SECONDS,
        )
        if answer.status_code >= 300:
            raise _fault(answer, path, is_harmless=is_read or repeatable)
        if not answer.content:
            return None
        try:
            return wire.loads(answer.content)
        except ValueError as error:
            raise _not_there(f"{answer.status_code} without JSON") from error


def _not_there(detail: str) -> Misconfigured:
    return Misconfigured(
        "not_found",
        "There is no Tryton 8 with this database at the address.",
        misses="connection:address",
        detail=detail,
    )


def _fault(answer: httpx2.Response, path: str, *, is_harmless: bool) -> Fault:
    """What an answer that is not a success means."""
    model = path.split("/")[1]
    detail = f"{answer.status_code} for {model}"
    match answer.status_code:
        case 400:
            return _refusal(answer, model, detail)
        case 401:
            return Misconfigured(
                "key_refused",
                "Tryton does not accept the application key. Enter a valid one on the Connection page.",
                misses="credential:key",
                detail=detail,
            )
        case 403:
            return Misconfigured(
                "not_allowed",
                "Tryton does not let the user of the key do this. Give the user the groups for sales, stock and"
                " accounting.",
                misses="erp:permission",
                detail=detail,
            )
        case 404:
            return _not_there(detail)
        case 423 | 429 | 503:
            # A lock, a serialization conflict or a closed database: rolled back, nothing happened.
            return Transient("busy", "Tryton is busy.", detail=detail, after_seconds=BUSY_SECONDS)
        case status if 300 <= status < 400:
            return Misconfigured(
                "redirected",
                "The address of Tryton leads elsewhere. Enter the address that it leads to.",
                misses="connection:address",
                detail=detail,
            )
        case status if status < 500:
            return Rejected("refused", "Tryton did not understand the request.", detail=detail)
        case _ if is_harmless:
            return Transient("failed", "Tryton could not answer.", detail=detail)
        case _:
            return OutcomeUnknown("failed", "Tryton stopped in the middle of a write.", detail=detail)


# Words of a refusal, in English as the context asks for it, and the code of the fault.
_REFUSALS = (
    ("not allowed to", "not_allowed"),
    ("must be unique", "not_unique"),
    ("can not call", "button_passed"),
    ("must set an invoice date after", "number_passed"),
    ("create a period", "no_period"),
    ("create a fiscal year", "no_period"),
    ("reopen the period", "period_closed"),
    ("reopen the fiscal year", "period_closed"),
    ("is required", "value_missing"),
    ("is not valid", "value_invalid"),
)


def _refusal(answer: httpx2.Response, model: str, detail: str) -> Fault:
    """A refusal in Tryton's words. Its text may name a person: it stands quoted, and not in `detail`."""
    try:
        said = wire.loads(answer.content)
        text = " ".join(filter(None, (said.get("message"), said.get("description"))))
    except (ValueError, AttributeError):
        text = ""
    text = _TAG.sub("", text).strip()
    sentence = f"Tryton says: {quoted(text)}" if text else "Tryton refused a value."
    code = next((code for words, code in _REFUSALS if words.lower() in text.lower()), "refused")
    if code == "not_allowed":
        return Misconfigured("not_allowed", sentence, misses="erp:permission", detail=detail)
    if code in ("no_period", "period_closed"):
        return Misconfigured(code, sentence, misses="erp:period", detail=detail)
    return Rejected(code, sentence, detail=detail, field=model)
