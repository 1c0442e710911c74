"""Variable values, checked against the declared types and told in one error per variable.

It owns the INVALID_VARIABLE error with its problems and the limit on the length of input lists. It converts
nothing: graphql-core does that once the values are known to be good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import graphql as g

from sandbox.shopify.documents import is_gid
from sandbox.shopify.errors import locations, static
from sandbox.shopify.scalars import is_scalar

LONGEST_LIST = 250
# Lists that may be longer, by the name of the field that takes them.
LONGER_LISTS = {"variants": 2048, "lineItems": 499}

Problem = dict[str, Any]


def check(
    schema: g.GraphQLSchema, operation: g.OperationDefinitionNode, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The errors of all variables of an operation; an empty list when it may run."""
    found = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        wanted = g.type_from_ast(schema, definition.type)
        if wanted is None or not g.is_input_type(wanted):
            continue
        optional = definition.default_value is not None or not isinstance(wanted, g.GraphQLNonNull)
        if name not in values and optional:
            continue
        value = values.get(name)
        problems = list(_problems(value, wanted, ()))
        if problems:
            found.append(_error(definition, name, wanted, value, problems))
    return found


def _error(
    definition: g.VariableDefinitionNode,
    name: str,
    wanted: g.GraphQLInputType,
    value: Any,
    problems: list[Problem],
) -> dict[str, Any]:
    told = ", ".join(
        f"{'.'.join(str(part) for part in problem['path'])} ({problem['explanation']})"
        for problem in problems
        if problem["path"]
    )
    message = f"Variable ${name} of type {wanted} was provided invalid value" + (
        f" for {told}" if told else ""
    )
    return {
        "message": message,
        "locations": locations(definition),
        "extensions": {"code": "INVALID_VARIABLE", "value": value, "problems": problems},
    }


def _problem(path: Sequence[str | int], explanation: str) -> Problem:
    return {"path": list(path), "explanation": explanation}


def _problems(value: Any, wanted: g.GraphQLInputType, path: tuple[str | int, ...]) -> Iterator[Problem]:
    if isinstance(wanted, g.GraphQLNonNull):
        if value is None:
            yield _problem(path, "Expected value to not be null")
            return
        wanted = wanted.of_type
    if value is None:
        return
    if isinstance(wanted, g.GraphQLList):
        for index, one in enumerate(value if isinstance(value, list) else [value]):
            yield from _problems(one, wanted.of_type, (*path, index))
    elif isinstance(wanted, g.GraphQLInputObjectType):
        yield from _object_problems(value, wanted, path)
    elif isinstance(wanted, g.GraphQLEnumType):
        if not isinstance(value, str) or value not in wanted.values:
            listed = ", ".join(wanted.values)
            yield _problem(path, f'Expected "{value}" to be one of: {listed}')
    elif explanation := _scalar_fault(value, wanted.name):
        problem = _problem(path, explanation)
        if wanted.name == "ID":
            problem["message"] = explanation
        yield problem


def _object_problems(
    value: Any, wanted: g.GraphQLInputObjectType, path: tuple[str | int, ...]
) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _problem(path, f"Expected {value!r} to be a key-value object.")
        return
    for key in value:
        if key not in wanted.fields:
            yield _problem((*path, key), f"Field is not defined on {wanted.name}")
    for key, definition in wanted.fields.items():
        if key in value:
            yield from _problems(value[key], definition.type, (*path, key))
        elif g.is_required_input_field(definition):
            yield _problem((*path, key), "Expected value to not be null")
    if wanted.is_one_of and len(value) != 1:
        yield _problem(
            path, f"'{wanted.name}' requires exactly one argument, but {len(value)} were provided."
        )


def _scalar_fault(value: Any, name: str) -> str | None:
    if name == "ID":
        return None if is_gid(str(value)) else f"Invalid global id '{value}'"
    return None if is_scalar(value, name) else f"Could not coerce value {value!r} to {name}"


def too_long(root: g.FieldNode, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """The error of the first list in a root field's arguments that is longer than allowed."""
    name = root.name.value
    for path, size in _lists(arguments, (root.alias.value if root.alias else name,)):
        limit = LONGER_LISTS.get(path[-1], LONGEST_LIST)
        if size > limit:
            message = f"The input array size of {size} is greater than the maximum allowed of {limit}."
            return static(message, "MAX_INPUT_SIZE_EXCEEDED", node=root, path=path)
    return None


def _lists(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _lists(one, (*path, key))
    elif isinstance(value, list):
        yield path, len(value)
        for one in value:
            yield from _lists(one, path)
