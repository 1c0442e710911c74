"""Speaks to Tryton as its administrator: log in, create, write, press a button, walk through a wizard.

Only the set-up uses it; the connector has its own, smaller door with a key. It knows the calls and no business.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from sync.connectors.tryton import wire

Values = dict[str, Any]
ANSWER_SECONDS = 120.0


class TrytonSaysNo(RuntimeError):
    """Tryton refused a call of the set-up; the text is its own."""


class Rpc:
    """An administrator's session on one database. `context` goes with every call."""

    def __init__(self, url: str, database: str, *, login: str, password: str) -> None:
        self.context: Values = {"language": "en"}
        self._client = httpx2.Client(base_url=f"{url}/{database}", timeout=ANSWER_SECONDS, trust_env=False)
        user, session = self._ask("common.db.login", [login, {"password": password}])[:2]
        token = base64.b64encode(f"{login}:{user}:{session}".encode()).decode()
        self._client.headers["Authorization"] = f"Session {token}"
        self.user = int(user)

    def __enter__(self) -> Rpc:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()

    def create(self, model: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Ids of the new records, in the order of the rows."""
        return [int(each) for each in self.call(model, "create", list(rows))]

    def one(self, model: str, **values: Any) -> int:
        """Id of one new record."""
        return self.create(model, [values])[0]

    def find(self, model: str, *domain: Any, limit: int | None = None) -> list[int]:
        """Ids of the records that satisfy the domain."""
        return [int(each) for each in self.call(model, "search", list(domain), 0, limit, None)]

    def the(self, model: str, *domain: Any) -> int:
        """Id of the only record that satisfies the domain; anything else is a mistake of the set-up."""
        found = self.find(model, *domain, limit=2)
        if len(found) != 1:
            raise TrytonSaysNo(f"{len(found)} records of {model} for {domain}")
        return found[0]

    def read(self, model: str, ids: Sequence[int], *fields: str) -> list[Values]:
        """Field values by record, in the order of the ids."""
        rows = {row["id"]: row for row in self.call(model, "read", list(ids), list(fields))}
        return [rows[each] for each in ids]

    def write(self, model: str, ids: Sequence[int], **values: Any) -> None:
        """Changes records."""
        self.call(model, "write", list(ids), values)

    def press(self, model: str, button: str, *ids: int) -> None:
        """A button of a form."""
        self.call(model, button, list(ids))

    def record(self, module: str, name: str) -> int:
        """Id of a record that came with a module, by its name there."""
        return int(self.call("ir.model.data", "get_id", f"{module}.{name}"))

    def wizard(self, name: str, *steps: tuple[str, Mapping[str, Any]], **context: Any) -> None:
        """Walks through a wizard: each step is a transition with the forms filled in so far."""
        with_context = {**self.context, **context}
        session = self._ask(f"wizard.{name}.create", [with_context])[0]
        for transition, forms in steps:
            self._ask(f"wizard.{name}.execute", [session, forms, transition, with_context])
        self._ask(f"wizard.{name}.delete", [session, with_context])

    def call(self, model: str, method: str, *params: Any) -> Any:
        """A method of a model. Raises TrytonSaysNo with its answer when it is refused."""
        return self._ask(f"model.{model}.{method}", [*params, self.context])

    def _ask(self, method: str, params: Sequence[Any]) -> Any:
        question = wire.dumps({"id": 0, "method": method, "params": list(params)})
        answer = self._client.post("/rpc/", content=question, headers={"Content-Type": "application/json"})
        body = wire.loads(answer.content) if answer.status_code == 200 else None
        if not isinstance(body, dict) or body.get("error"):
            said = answer.text[:2000] if body is None or not isinstance(body, dict) else body["error"]
            raise TrytonSaysNo(f"{method}: {answer.status_code} {said}")
        return body["result"]
