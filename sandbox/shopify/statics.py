"""Static validation of a document, answered in Shopify's words.

It owns the checks whose wording and codes are known (fields, selections, arguments, literals, directives,
variables) and passes the rest to graphql-core under the nearest code. It looks at no variable value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import graphql as g
from graphql import validation as v

from sandbox.shopify.errors import static
from sandbox.shopify.literals import Literals

# The rules that the walk below does not cover, with the code that Shopify's engine gives them.
OTHER_RULES: dict[type[v.ASTValidationRule], str] = {
    v.ExecutableDefinitionsRule: "executableDefinitions",
    v.UniqueOperationNamesRule: "uniqueOperationNames",
    v.LoneAnonymousOperationRule: "anonymousOperation",
    v.KnownTypeNamesRule: "undefinedType",
    v.FragmentsOnCompositeTypesRule: "fragmentOnNonCompositeType",
    v.VariablesAreInputTypesRule: "variableRequiresValidType",
    v.UniqueFragmentNamesRule: "fragmentNotUnique",
    v.KnownFragmentNamesRule: "useAndDefineFragment",
    v.NoUnusedFragmentsRule: "useAndDefineFragment",
    v.PossibleFragmentSpreadsRule: "cannotSpreadFragment",
    v.NoFragmentCyclesRule: "infiniteLoop",
    v.UniqueVariableNamesRule: "variableNotUnique",
    v.NoUndefinedVariablesRule: "variableNotDefined",
    v.UniqueArgumentNamesRule: "argumentNotUnique",
    v.UniqueDirectivesPerLocationRule: "directiveNotUniqueForLocation",
    v.VariablesInAllowedPositionRule: "variableMismatch",
    v.OverlappingFieldsCanBeMergedRule: "fieldConflict",
    v.UniqueInputFieldNamesRule: "inputFieldNotUnique",
}


def check(
    schema: g.GraphQLSchema, document: g.DocumentNode, *, knows_idempotent: bool = True
) -> list[dict[str, Any]]:
    """All static errors of a document, in its order; an empty list when it may run."""
    walk = _Walk(schema, knows_idempotent)
    for definition in document.definitions:
        if isinstance(definition, g.OperationDefinitionNode):
            walk.operation(definition)
        elif isinstance(definition, g.FragmentDefinitionNode):
            walk.fragment(definition)
    found = [*walk.errors, *_unused_variables(document)]
    if found or not v.validate(schema, document, list(OTHER_RULES)):
        return found
    for rule, code in OTHER_RULES.items():
        for error in v.validate(schema, document, [rule]):
            node = error.nodes[0] if error.nodes else None
            found.append(static(error.message.rstrip("."), code, node=node))
    return found


def title(operation: g.OperationDefinitionNode) -> str:
    """How a static path begins: `query Name`, or `mutation` when it has no name."""
    kind = operation.operation.value
    return f"{kind} {operation.name.value}" if operation.name else kind


class _Walk(Literals):
    def __init__(self, schema: g.GraphQLSchema, knows_idempotent: bool) -> None:
        super().__init__()
        self.schema = schema
        self.knows_idempotent = knows_idempotent

    def operation(self, operation: g.OperationDefinitionNode) -> None:
        path = [title(operation)]
        for directive in operation.directives or ():
            name = directive.name.value
            if name == "idempotent" and self.knows_idempotent:
                message = f"'@{name}' can't be applied to {operation.operation.value}s (allowed: fields)"
                self.add(message, "directiveCannotBeApplied", directive, path, targetName=name)
            else:
                self._unknown_directive(directive, path)
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            kind = operation.operation.value
            code = f"missing{kind.capitalize()}Configuration"
            self.add(f"Schema is not configured for {kind}s", code, operation, path)
        else:
            self._selections(operation.selection_set, root, path)

    def fragment(self, fragment: g.FragmentDefinitionNode) -> None:
        on = self.schema.get_type(fragment.type_condition.name.value)
        if isinstance(on, g.GraphQLCompositeType):
            self._selections(fragment.selection_set, on, [f"fragment {fragment.name.value}"])

    def _selections(
        self, selections: g.SelectionSetNode, on: g.GraphQLCompositeType, path: Sequence[str]
    ) -> None:
        for selection in selections.selections:
            if isinstance(selection, g.FieldNode):
                self._field(selection, on, path)
            elif isinstance(selection, g.InlineFragmentNode):
                condition = selection.type_condition
                inner = self.schema.get_type(condition.name.value) if condition else on
                if isinstance(inner, g.GraphQLCompositeType):
                    self._selections(selection.selection_set, inner, [*path, f"... on {inner.name}"])

    def _field(self, node: g.FieldNode, on: g.GraphQLCompositeType, path: Sequence[str]) -> None:
        name = node.name.value
        here = [*path, node.alias.value if node.alias else name]
        field = self.schema.get_field(on, name)
        if field is None:
            message = f"Field '{name}' doesn't exist on type '{on.name}'"
            self.add(message, "undefinedField", node, here, typeName=on.name, fieldName=name)
            return
        self._arguments(node, field, here)
        for directive in node.directives or ():
            self._directive(directive, here)
        inner = g.get_named_type(field.type)
        if isinstance(inner, g.GraphQLCompositeType):
            if node.selection_set is None:
                message = (
                    f"Field must have selections (field '{name}' returns {inner.name} but has no selections."
                    f" Did you mean '{name} {{ ... }}'?)"
                )
                self._mismatch(message, node, here, inner.name)
            else:
                self._selections(node.selection_set, inner, here)
        elif node.selection_set is not None:
            chosen = [s.name.value for s in node.selection_set.selections if isinstance(s, g.FieldNode)]
            listed = ", ".join(f'"{one}"' for one in chosen)
            message = (
                f"Selections can't be made on scalars (field '{name}' returns {inner.name} but has"
                f" selections [{listed}])"
            )
            self._mismatch(message, node, here, inner.name)

    def _mismatch(self, message: str, node: g.FieldNode, path: Sequence[str], type_name: str) -> None:
        label = f"field '{node.name.value}'"
        self.add(message, "selectionMismatch", node, path, nodeName=label, typeName=type_name)

    def _arguments(self, node: g.FieldNode, field: g.GraphQLField, path: Sequence[str]) -> None:
        name = node.name.value
        given = {argument.name.value: argument for argument in node.arguments or ()}
        for key, argument in given.items():
            definition = field.args.get(key)
            if definition is None:
                message = f"Field '{name}' doesn't accept argument '{key}'"
                extensions = {"name": name, "typeName": "Field", "argumentName": key}
                self.add(message, "argumentNotAccepted", argument, [*path, key], **extensions)
            else:
                self.literal(argument.value, definition.type, [*path, key], ("Field", name, key))
        missing = [key for key, one in field.args.items() if key not in given and g.is_required_argument(one)]
        if missing:
            listed = ", ".join(missing)
            message = f"Field '{name}' is missing required arguments: {listed}"
            extensions = {"className": "Field", "name": name, "arguments": listed}
            self.add(message, "missingRequiredArguments", node, path, **extensions)

    def _directive(self, directive: g.DirectiveNode, path: Sequence[str]) -> None:
        name = directive.name.value
        if name in ("skip", "include"):
            return
        if name != "idempotent" or not self.knows_idempotent:
            self._unknown_directive(directive, path)
        elif not any(argument.name.value == "key" for argument in directive.arguments or ()):
            message = "Directive 'idempotent' is missing required arguments: key"
            extensions = {"className": "Directive", "name": "idempotent", "arguments": "key"}
            self.add(message, "missingRequiredArguments", directive, path, **extensions)

    def _unknown_directive(self, directive: g.DirectiveNode, path: Sequence[str]) -> None:
        name = directive.name.value
        self.add(
            f"Directive @{name} is not defined", "undefinedDirective", directive, path, directiveName=name
        )


def _unused_variables(document: g.DocumentNode) -> Iterator[dict[str, Any]]:
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, g.FragmentDefinitionNode)
    }
    for operation in document.definitions:
        if not isinstance(operation, g.OperationDefinitionNode):
            continue
        used = _used(operation, fragments, set())
        name = operation.name.value if operation.name else f"anonymous {operation.operation.value}"
        for definition in operation.variable_definitions or ():
            variable = definition.variable.name.value
            if variable not in used:
                message = f"Variable ${variable} is declared by {name} but not used"
                extensions = {"variableName": variable}
                yield static(
                    message, "variableNotUsed", node=definition, path=[title(operation)], **extensions
                )


def _used(node: g.Node, fragments: dict[str, g.FragmentDefinitionNode], entered: set[str]) -> set[str]:
    if isinstance(node, g.VariableNode):
        return {node.name.value}
    found: set[str] = set()
    if isinstance(node, g.FragmentSpreadNode) and node.name.value not in entered:
        entered.add(node.name.value)
        if fragment := fragments.get(node.name.value):
            found |= _used(fragment, fragments, entered)
    for key in node.keys:
        if key in ("loc", "variable_definitions"):
            continue
        value = getattr(node, key)
        for child in value if isinstance(value, list | tuple) else (value,):
            if isinstance(child, g.Node):
                found |= _used(child, fragments, entered)
    return found
