"""Values written inside a document, checked against their types in Shopify's words.

It owns the errors of a literal: a null or a value of the wrong kind, unknown and missing fields of an input object,
malformed global ids. Values that arrive as variables are judged by `variables`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphql as g

from sandbox.shopify.documents import is_gid
from sandbox.shopify.errors import static
from sandbox.shopify.scalars import is_scalar

# Who asks for the value: its class (Field or InputObject), its name, and the name of the argument.
Asker = tuple[str, str, str]

_KINDS: dict[str, tuple[type[g.ValueNode], ...]] = {
    "Int": (g.IntValueNode,),
    "Float": (g.IntValueNode, g.FloatValueNode),
    "String": (g.StringValueNode,),
    "Boolean": (g.BooleanValueNode,),
    "ID": (g.StringValueNode, g.IntValueNode),
    "DateTime": (g.StringValueNode,),
    "Decimal": (g.StringValueNode, g.IntValueNode, g.FloatValueNode),
    "Money": (g.StringValueNode, g.IntValueNode, g.FloatValueNode),
    "URL": (g.StringValueNode,),
}


def _number(value: g.StringValueNode | g.IntValueNode | g.FloatValueNode) -> str | float:
    """What a variable would hold in the place of the literal."""
    if isinstance(value, g.StringValueNode):
        return value.value
    digits = value.value
    return float(digits) if isinstance(value, g.FloatValueNode) or len(digits) > 20 else int(digits)


class Literals:
    """Collects the errors of literals; the walk over a document builds on it."""

    def __init__(self) -> None:
        self.errors: list[dict[str, Any]] = []

    def add(self, message: str, code: str, node: g.Node, path: Sequence[str], **extensions: Any) -> None:
        """Notes one error."""
        self.errors.append(static(message, code, node=node, path=path, **extensions))

    def literal(
        self, value: g.ValueNode, wanted: g.GraphQLInputType, path: Sequence[str], asker: Asker
    ) -> None:
        """Judges one value."""
        if isinstance(value, g.VariableNode):
            return
        if isinstance(wanted, g.GraphQLNonNull):
            if isinstance(value, g.NullValueNode):
                self._incompatible(value, wanted, path, asker)
            else:
                self._bare(value, wanted.of_type, wanted, path, asker)
        elif not isinstance(value, g.NullValueNode):
            self._bare(value, wanted, wanted, path, asker)

    def _bare(
        self,
        value: g.ValueNode,
        wanted: g.GraphQLInputType,
        declared: g.GraphQLInputType,
        path: Sequence[str],
        asker: Asker,
    ) -> None:
        """Judges a value that is not null; errors name the type as it was declared."""
        assert not isinstance(wanted, g.GraphQLNonNull)
        if isinstance(value, g.VariableNode):
            return
        if isinstance(wanted, g.GraphQLList):
            for one in value.values if isinstance(value, g.ListValueNode) else (value,):
                self.literal(one, wanted.of_type, path, asker)
        elif isinstance(wanted, g.GraphQLInputObjectType):
            self._object(value, wanted, declared, path, asker)
        elif isinstance(wanted, g.GraphQLEnumType):
            if not isinstance(value, g.EnumValueNode) or value.value not in wanted.values:
                self._incompatible(value, declared, path, asker)
        elif not isinstance(value, _KINDS.get(wanted.name, (g.ValueNode,))):
            self._incompatible(value, declared, path, asker)
        elif not isinstance(value, g.StringValueNode | g.IntValueNode | g.FloatValueNode):
            return
        elif wanted.name == "ID" and not is_gid(value.value):
            message = f"Invalid global id '{value.value}'"
            self.add(message, "argumentLiteralsIncompatible", value, path, typeName="CoercionError")
        elif not is_scalar(_number(value), wanted.name):
            self._incompatible(value, declared, path, asker)

    def _incompatible(
        self, value: g.ValueNode, wanted: g.GraphQLInputType, path: Sequence[str], asker: Asker
    ) -> None:
        owner, name, key = asker
        message = (
            f"Argument '{key}' on {owner} '{name}' has an invalid value ({g.print_ast(value)})."
            f" Expected type '{wanted}'."
        )
        extensions = {"typeName": owner, "argumentName": key}
        self.add(message, "argumentLiteralsIncompatible", value, path, **extensions)

    def _object(
        self,
        value: g.ValueNode,
        wanted: g.GraphQLInputObjectType,
        declared: g.GraphQLInputType,
        path: Sequence[str],
        asker: Asker,
    ) -> None:
        if not isinstance(value, g.ObjectValueNode):
            self._incompatible(value, declared, path, asker)
            return
        given = {field.name.value: field for field in value.fields}
        for key, field in given.items():
            definition = wanted.fields.get(key)
            if definition is None:
                message = f"InputObject '{wanted.name}' doesn't accept argument '{key}'"
                extensions = {"name": wanted.name, "typeName": "InputObject", "argumentName": key}
                self.add(message, "argumentNotAccepted", field, [*path, key], **extensions)
            else:
                self.literal(field.value, definition.type, [*path, key], ("InputObject", wanted.name, key))
        for key, definition in wanted.fields.items():
            if key not in given and g.is_required_input_field(definition):
                message = (
                    f"Argument '{key}' on InputObject '{wanted.name}' is required. Expected type"
                    f" {definition.type}"
                )
                extensions = {
                    "argumentName": key,
                    "argumentType": str(definition.type),
                    "inputObjectType": wanted.name,
                }
                code = "missingRequiredInputObjectAttribute"
                self.add(message, code, value, [*path, key], **extensions)
        if wanted.is_one_of and len(given) != 1:
            message = f"OneOf Input Object '{wanted.name}' must specify exactly one key."
            self.add(message, "invalidOneOfInputObject", value, path, inputObjectType=wanted.name)
