"""An operation made ready to run: which fields each type answers, in which order, with which argument values.

It owns the merging of selections and fragments per concrete type, worked out once per operation and kept. It runs
nothing: see `execution`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import graphql as g
from graphql.execution.values import VariableValues, get_argument_values

from sandbox.shopify import access
from sandbox.shopify.resolvers import registry
from sandbox.shopify.schema import schema

Leaf = Callable[[Any], Any]


@dataclass
class FieldPlan:
    """One field of one concrete type in one operation."""

    key: str
    name: str
    on: str
    returns: g.GraphQLOutputType
    nodes: tuple[g.FieldNode, ...]
    resolve: registry.Resolver
    requirement: access.Requirement | None
    is_own: bool  # answered by more than its document
    is_mutation: bool
    selection: Selection | None
    definition: g.GraphQLField
    # A value that the document simply holds, and how it is written: the common case, answered without ceremony.
    leaf: Leaf | None
    constant: dict[str, Any] | None = None
    heeded: set[frozenset[str]] = field(default_factory=lambda: {frozenset()})  # arguments known to be read

    @property
    def is_required(self) -> bool:
        """Whether the field may not be null."""
        return isinstance(self.returns, g.GraphQLNonNull)

    def arguments(self, values: VariableValues) -> dict[str, Any]:
        """The argument values; those that no variable changes are worked out once."""
        if self.constant is not None:
            return self.constant
        return get_argument_values(self.definition, self.nodes[0], values)


@dataclass
class Selection:
    """What is asked of a value, for each concrete type that it may be of."""

    document: Document
    sets: tuple[g.SelectionSetNode, ...]
    _fields: dict[str, list[FieldPlan]] = field(default_factory=dict)

    def of(self, type_name: str) -> list[FieldPlan]:
        """The fields of a concrete type."""
        found = self._fields.get(type_name)
        if found is None:
            found = self._fields[type_name] = self.document.fields(type_name, self.sets)
        return found


@dataclass(frozen=True)
class Document:
    """A parsed document with the values of the variables that switch parts of it on and off."""

    fragments: Mapping[str, g.FragmentDefinitionNode]
    switches: Mapping[str, Any]

    def fields(self, type_name: str, sets: Sequence[g.SelectionSetNode]) -> list[FieldPlan]:
        """The plan of every field that the sets ask of a type, merged by key."""
        on = schema().type_map[type_name]
        assert isinstance(on, g.GraphQLObjectType)
        collected: dict[str, list[g.FieldNode]] = {}
        for one in sets:
            self._collect(on, one, collected)
        return [self._plan(on, key, tuple(nodes)) for key, nodes in collected.items()]

    def _collect(
        self, on: g.GraphQLObjectType, sets: g.SelectionSetNode, into: dict[str, list[g.FieldNode]]
    ) -> None:
        for one in sets.selections:
            if not self._is_on(one):
                continue
            if isinstance(one, g.FieldNode):
                into.setdefault(one.alias.value if one.alias else one.name.value, []).append(one)
                continue
            if isinstance(one, g.FragmentSpreadNode):
                fragment: Any = self.fragments[one.name.value]
            else:
                fragment = one
            condition = fragment.type_condition
            if condition is None or _applies(condition.name.value, on):
                self._collect(on, fragment.selection_set, into)

    def _is_on(self, node: g.SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                assert directive.arguments
                value = g.value_from_ast_untyped(directive.arguments[0].value, dict(self.switches))
                if bool(value) == (name == "skip"):
                    return False
        return True

    def _plan(self, on: g.GraphQLObjectType, key: str, nodes: tuple[g.FieldNode, ...]) -> FieldPlan:
        name = nodes[0].name.value
        definition = schema().get_field(on, name)
        assert definition is not None
        named = g.get_named_type(definition.type)
        sets = tuple(node.selection_set for node in nodes if node.selection_set)
        requirement = access.of_field(on.name, name, definition.type)
        is_own = registry.has_own(on.name, name)
        is_plain = requirement is None and not is_own
        plan = FieldPlan(
            key=key,
            name=name,
            on=on.name,
            returns=definition.type,
            nodes=nodes,
            resolve=registry.resolver_of(on.name, name, definition.type),
            requirement=requirement,
            is_own=is_own,
            is_mutation=on is schema().mutation_type,
            selection=Selection(self, sets) if isinstance(named, g.GraphQLCompositeType) else None,
            definition=definition,
            leaf=_leaf(definition.type) if is_plain else None,
        )
        if not _has_variables(nodes[0].arguments or ()):
            plan.constant = get_argument_values(definition, nodes[0])
        return plan


def _applies(condition: str, on: g.GraphQLObjectType) -> bool:
    if condition == on.name:
        return True
    kind = schema().type_map[condition]
    return isinstance(kind, g.GraphQLAbstractType) and schema().is_sub_type(kind, on)


def _has_variables(node: Any) -> bool:
    if isinstance(node, g.VariableNode):
        return True
    if isinstance(node, list | tuple):
        return any(_has_variables(one) for one in node)
    if isinstance(node, g.Node):
        return any(_has_variables(getattr(node, key)) for key in node.keys if key != "loc")
    return False


def _leaf(returns: g.GraphQLOutputType) -> Leaf | None:
    bare = returns.of_type if isinstance(returns, g.GraphQLNonNull) else returns
    return bare.coerce_output_value if isinstance(bare, g.GraphQLScalarType | g.GraphQLEnumType) else None


_plans: dict[tuple[Any, ...], tuple[g.OperationDefinitionNode, Selection]] = {}
PLANS_KEPT = 2048


def of(
    document: g.DocumentNode, operation: g.OperationDefinitionNode, values: Mapping[str, Any]
) -> Selection:
    """The selection of an operation; one is kept per setting of the variables that switch parts on and off."""
    names = _switching(document)
    key = (id(operation), *(values.get(name) for name in names))
    kept = _plans.get(key)
    if kept is None or kept[0] is not operation:
        if len(_plans) > PLANS_KEPT:
            _plans.clear()
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, g.FragmentDefinitionNode)
        }
        switches = {name: values.get(name) for name in names}
        kept = (operation, Selection(Document(fragments, switches), (operation.selection_set,)))
        _plans[key] = kept
    return kept[1]


_switches: dict[int, tuple[g.DocumentNode, tuple[str, ...]]] = {}


def _switching(document: g.DocumentNode) -> tuple[str, ...]:
    """The variables that stand in a skip or include of the document."""
    kept = _switches.get(id(document))
    if kept is None or kept[0] is not document:
        if len(_switches) > PLANS_KEPT:
            _switches.clear()
        kept = _switches[id(document)] = (document, tuple(sorted(set(_switch_names(document)))))
    return kept[1]


def _switch_names(node: Any) -> list[str]:
    if isinstance(node, list | tuple):
        return [name for one in node for name in _switch_names(one)]
    if not isinstance(node, g.Node):
        return []
    found = []
    if isinstance(node, g.DirectiveNode) and node.name.value in ("skip", "include"):
        values = [argument.value for argument in node.arguments or ()]
        found = [value.name.value for value in values if isinstance(value, g.VariableNode)]
    return found + [name for key in node.keys if key != "loc" for name in _switch_names(getattr(node, key))]
