"""Every document that Concord sends is one that the real Admin schema accepts and that is safe to send twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    parse,
    validate,
)

from sandbox.shopify.schema import schema
from sync.shopify import documents, idempotency
from sync.shopify.documents import Document, UnknownOperation, assemble
from sync.shopify.idempotency import COMPARED, COMPARED_INPUTS

VERSION = "2026-10"
ALL = sorted(documents.documents())


def operation(document: Document) -> OperationDefinitionNode:
    return next(
        node for node in parse(document.text).definitions if isinstance(node, OperationDefinitionNode)
    )


def roots(document: Document) -> list[FieldNode]:
    return [node for node in operation(document).selection_set.selections if isinstance(node, FieldNode)]


@pytest.mark.parametrize("name", ALL)
def test_every_document_is_valid_in_the_admin_schema(name: str) -> None:
    assert validate(schema(), parse(documents.document(name).text)) == []


@pytest.mark.parametrize("name", ALL)
def test_what_the_client_knows_of_a_document_is_what_its_text_says(name: str) -> None:
    document = documents.document(name)
    node = operation(document)
    assert node.name is not None
    assert node.name.value == document.operation
    assert document.is_write == (node.operation is OperationType.MUTATION)
    assert document.roots == tuple(field.name.value for field in roots(document))


@pytest.mark.parametrize("name", [name for name in ALL if documents.document(name).is_write])
def test_every_mutation_that_needs_a_key_takes_it_on_its_field(name: str) -> None:
    document = documents.document(name)
    needing = idempotency.needing_key(VERSION)
    for field in roots(document):
        keyed = [one for one in field.directives or () if one.name.value == "idempotent"]
        if field.name.value in needing:
            assert len(keyed) == 1, f"{name} sends {field.name.value} without @idempotent"
            assert document.takes_key
        else:
            assert not keyed, f"{field.name.value} does not know @idempotent"
    assert len(roots(document)) == 1, "a mutation with two roots may be done by halves"


def test_a_name_without_a_file_is_a_bug_that_says_so() -> None:
    with pytest.raises(UnknownOperation, match="order_guess"):
        documents.document("order_guess")


def test_an_operation_gets_exactly_the_fragments_that_it_spreads() -> None:
    texts = {
        "_money.graphql": "fragment Money on MoneyBag { shopMoney { ...Plain } }\n"
        "fragment Plain on MoneyV2 { amount }\nfragment Unused on Shop { id }",
        "total.graphql": "# the order\nquery Total($id: ID!) { order(id: $id) { totalPriceSet { ...Money } } }",
    }
    text = assemble(texts)["total"].text
    assert text.count("fragment ") == 2
    assert "Unused" not in text
    assert validate(schema(), parse(text)) == []


@pytest.mark.parametrize(
    "texts",
    [
        {"a.graphql": "{ shop { id } }"},
        {"a.graphql": "query A { shop { id } }\nquery B { shop { id } }"},
        {"a.graphql": "query B { shop { id } }"},
        {"_a.graphql": "query A { shop { id } }"},
    ],
    ids=["anonymous", "two in a file", "named unlike its file", "an operation among fragments"],
)
def test_a_folder_that_breaks_the_rules_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        assemble(texts)


def inputs_with_compare(kind: GraphQLInputObjectType, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if COMPARED in kind.fields:
        yield way
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType) and name not in way and len(way) < 4:
            yield from inputs_with_compare(inner, (*way, name))


def test_every_place_where_the_schema_compares_before_it_changes_is_watched() -> None:
    mutation = schema().mutation_type
    assert mutation is not None
    used = {root for name in ALL for root in documents.document(name).roots}
    for name in used & mutation.fields.keys():
        found = {
            way
            for argument in mutation.fields[name].args.values()
            if isinstance(inner := get_named_type(argument.type), GraphQLInputObjectType)
            for way in inputs_with_compare(inner, ())
        }
        assert found == set(COMPARED_INPUTS.get(name, ())), name
