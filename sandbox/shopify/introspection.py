"""Questions about the schema itself, `__schema` and `__type`: graphql-core answers them.

The schema never changes while the process runs, so an answer is worked out once per question. It knows no shop.
"""

from __future__ import annotations

from typing import Any

import graphql as g
from graphql.execution.values import VariableValues

from sandbox.shopify.plans import FieldPlan
from sandbox.shopify.schema import schema

FIELDS = ("__schema", "__type")
ANSWERS_KEPT = 64
_answers: dict[str, Any] = {}


def answer(plan: FieldPlan, values: VariableValues) -> Any:
    """The value of one root field; its fragments come along."""
    assert plan.selection is not None
    fragments = plan.selection.document.fragments
    used = {name: value for name, value in values.coerced.items() if isinstance(value, str | bool)}
    question = g.DocumentNode(
        definitions=(
            g.OperationDefinitionNode(
                operation=g.OperationType.QUERY,
                selection_set=g.SelectionSetNode(selections=plan.nodes),
                variable_definitions=tuple(_declared(name, value) for name, value in used.items()),
                directives=(),
            ),
            *fragments.values(),
        )
    )
    key = f"{used!r} {g.print_ast(question)}"
    if key not in _answers:
        if len(_answers) >= ANSWERS_KEPT:
            _answers.clear()
        result = g.execute_sync(schema(), question, variable_values=used)
        if result.errors or result.data is None:
            raise TypeError(f"graphql-core did not answer {plan.name}: {result.errors}")
        _answers[key] = result.data[plan.key]
    return _answers[key]


def _declared(name: str, value: str | bool) -> g.VariableDefinitionNode:
    """Introspection takes texts and switches only, so that is what a variable can be."""
    kind = "Boolean" if isinstance(value, bool) else "String"
    return g.VariableDefinitionNode(
        variable=g.VariableNode(name=g.NameNode(value=name)),
        type=g.NamedTypeNode(name=g.NameNode(value=kind)),
    )
