"""The Admin API over HTTP: one GraphQL payload in, one answer out.

It owns the order of the checks (syntax, statics, variables, cost, throttle, scopes, execution) and the envelope of
the answer. Who may call, with which token, is settled before it; what a field means stands in `resolvers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import graphql as g

from sandbox.shopify import bulk, cost, execution, variables
from sandbox.shopify.context import Context
from sandbox.shopify.schema import VERSION, Prepared, prepare, schema
from sandbox.shopify.scopes import with_implied
from sandbox.shopify.store import Document, Store


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    headers: dict[str, str]
    body: Document


PARAMETERS = {"query": str, "variables": dict | None, "operationName": str | None}
_plans: dict[int, tuple[g.OperationDefinitionNode, cost.Part]] = {}


def answer(
    store: Store,
    *,
    shop: str,
    scopes: frozenset[str],
    client_id: str,
    payload: Mapping[str, Any],
    version: str = VERSION,
) -> Answer:
    """Executes one payload {query, variables, operationName} for a client of a shop that holds these scopes."""
    for key, kind in PARAMETERS.items():
        if not isinstance(payload.get(key), kind):
            return _answer(version, {"errors": {key: "Required parameter missing or invalid"}}, status=400)
    text = payload["query"]
    prepared = prepare(text, knows_idempotent=version >= "2026-01")
    if prepared.errors:
        return _answer(version, {"errors": list(prepared.errors)})
    operation = _operation(prepared, payload.get("operationName"))
    if isinstance(operation, str):
        return _answer(version, {"errors": [{"message": operation}]})
    values = payload.get("variables") or {}
    faults = variables.check(schema(), operation, values)
    if faults:
        return _answer(version, {"errors": faults})
    bulk.work(store, shop)
    request = _Request(store, shop, client_id, prepared, operation, dict(values))
    context = Context(store, shop, with_implied(scopes), client_id, version)
    return _answer(version, request.run(context))


def execute(
    store: Store,
    *,
    shop: str,
    scopes: frozenset[str],
    client_id: str,
    text: str,
    values: dict[str, Any],
    version: str = VERSION,
) -> Document:
    """Executes one document outside a request, as a bulk operation does: nothing is charged."""
    prepared = prepare(text)
    operation = _operation(prepared, None) if not prepared.errors else ""
    if isinstance(operation, str):
        return {"errors": list(prepared.errors), "data": None}
    if faults := variables.check(schema(), operation, values):
        return {"errors": faults, "data": None}
    request = _Request(store, shop, client_id, prepared, operation, values)
    return request.executed(Context(store, shop, with_implied(scopes), client_id, version))


def _answer(version: str, body: Document, *, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json; charset=utf-8", "X-Shopify-API-Version": version}
    return Answer(status, headers, body)


def _operation(prepared: Prepared, name: Any) -> g.OperationDefinitionNode | str:
    if name:
        for operation in prepared.operations:
            if operation.name and operation.name.value == name:
                return operation
        return f'No operation named "{name}"'
    if len(prepared.operations) != 1:
        return "An operation name is required"
    return prepared.operations[0]


@dataclass(frozen=True)
class _Request:
    store: Store
    shop: str
    client_id: str
    prepared: Prepared
    operation: g.OperationDefinitionNode
    values: dict[str, Any]

    def run(self, context: Context) -> Document:
        assert self.prepared.document is not None
        values = {**self._default_values(), **self.values}
        plan = _plan(self.prepared.document, self.operation)
        buckets = cost.Buckets.of(self.store)
        requested = plan.requested(values)
        if requested > cost.DEAREST_QUERY:
            return {"errors": [cost.too_dear(requested)], "extensions": self._cost(buckets, requested, None)}
        if fault := self._oversized():
            return {"errors": [fault], "extensions": self._cost(buckets, requested, None)}
        if not buckets.take(self.shop, self.client_id, requested):
            return {"errors": [cost.throttled()], "extensions": self._cost(buckets, requested, None)}
        body = self.executed(context)
        actual = plan.actual(body["data"], values) if body["data"] is not None else 0
        buckets.give_back(self.shop, self.client_id, max(0, requested - actual))
        extensions = self._cost(buckets, requested, actual)
        if context.searches:
            extensions = {"search": context.searches, **extensions}
        return {**body, "extensions": extensions}

    def executed(self, context: Context) -> Document:
        """`data` and `errors`, without cost."""
        assert self.prepared.document is not None
        return execution.execute(self.prepared.document, self.operation, context, self.values)

    def _cost(self, buckets: cost.Buckets, requested: int, actual: int | None) -> Document:
        status = buckets.status(self.shop, self.client_id)
        return {
            "cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
        }

    def _default_values(self) -> dict[str, Any]:
        return {
            definition.variable.name.value: g.value_from_ast_untyped(definition.default_value)
            for definition in self.operation.variable_definitions or ()
            if definition.default_value is not None
        }

    def _oversized(self) -> Document | None:
        for root in self.operation.selection_set.selections:
            if isinstance(root, g.FieldNode):
                arguments = {
                    argument.name.value: g.value_from_ast_untyped(argument.value, self.values)
                    for argument in root.arguments or ()
                }
                if fault := variables.too_long(root, arguments):
                    return fault
        return None


def _plan(document: g.DocumentNode, operation: g.OperationDefinitionNode) -> cost.Part:
    kept = _plans.get(id(operation))
    if kept is None or kept[0] is not operation:
        if len(_plans) > 2048:
            _plans.clear()
        kept = (operation, cost.Planner(schema(), document).operation(operation))
        _plans[id(operation)] = kept
    return kept[1]
