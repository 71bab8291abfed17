"""Every GraphQL document, against Shopify's own introspection of the Admin API 2026-10."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    is_list_type,
    is_nullable_type,
    is_required_argument,
    parse,
    validate,
    visit,
)
from graphql.validation import NoDeprecatedCustomRule, specified_rules

from amazon_pipeline.landing.personal_data import KEPT
from amazon_pipeline.shopify import documents
from amazon_pipeline.shopify.documents import FOLDER, FRAGMENTS, names, operation, written_out
from amazon_pipeline.shopify.orders import LINES_A_PAGE, LINES_WITH_AN_ORDER, ORDERS_A_PAGE
from amazon_pipeline.shopify.payments import TRANSACTIONS_A_PAGE
from amazon_pipeline.simulator.shopify.answers import store_schema

_MODEL = Path(__file__).parents[3] / "shared" / "models" / "shopify_admin_2026-10.json.gz"
_PERSONAL = {
    "email", "phone", "firstName", "lastName", "displayName", "address", "addresses", "defaultAddress",
    "billingAddress", "shippingAddress", "displayAddress", "note", "clientIp", "customAttributes",
    "customerLocale", "defaultEmailAddress", "defaultPhoneNumber", "accountNumber", "receiptJson",
    "paymentDetails", "localizedFields", "metafields",
}  # fmt: skip
_VALUES: dict[str, str | bool] = {"query": "created_at:>='2026-10-01T00:00:00Z'", "withCustomers": True}


@pytest.fixture(scope="module")
def introspection() -> dict[str, Any]:
    if not _MODEL.exists():
        pytest.skip(f"Shopify's schema is not there: {_MODEL.name} lies in a folder beside the project")
    model: dict[str, Any] = json.loads(gzip.decompress(_MODEL.read_bytes()))
    return model


@pytest.fixture(scope="module")
def schema(introspection: dict[str, Any]) -> GraphQLSchema:
    return build_client_schema(introspection["data"])


def _texts() -> Iterator[tuple[str, str]]:
    for name in names():
        yield name, operation(name).text
    history = operation("ShopifyOrdersHistory")
    yield "bulk with customers", written_out(history, _VALUES)
    yield "bulk without customers", written_out(history, {**_VALUES, "withCustomers": False})


@pytest.mark.parametrize(("name", "text"), list(_texts()))
def test_every_document_is_valid_and_uses_nothing_deprecated(schema: GraphQLSchema, name: str, text: str) -> None:
    problems = validate(schema, parse(text), [*specified_rules, NoDeprecatedCustomRule])
    assert [problem.message for problem in problems] == [], name


def test_every_file_is_an_operation_or_a_fragment_that_is_used() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == {*names(), *FRAGMENTS}
    for name in names():
        definitions = parse(documents.source(name)).definitions
        assert [one.name.value for one in definitions if isinstance(one, OperationDefinitionNode) and one.name] == [
            name
        ]


@pytest.mark.parametrize(("name", "text"), list(_texts()))
def test_no_document_asks_for_who_a_customer_is(schema: GraphQLSchema, name: str, text: str) -> None:
    asked: dict[str, set[str]] = {}
    info = TypeInfo(schema)

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = info.get_parent_type()
            asked.setdefault(parent.name if parent else "", set()).add(node.name.value)

    visit(parse(text), TypeInfoVisitor(info, Fields()))
    assert asked.get("Customer", set()) <= {"id"}
    assert not {field for fields in asked.values() for field in fields} & _PERSONAL
    assert "MailingAddress" not in asked


def test_the_bulk_query_keeps_shopifys_limits(schema: GraphQLSchema) -> None:
    """At most five connections, two deep, none within a list, no variables, no fragments."""
    document = parse(written_out(operation("ShopifyOrdersHistory"), _VALUES))
    assert len(document.definitions) == 1
    assert isinstance(document.definitions[0], OperationDefinitionNode)
    assert not document.definitions[0].variable_definitions
    info = TypeInfo(schema)
    stack: list[str] = []
    connections: list[int] = []

    class Connections(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            kind = info.get_type()
            inner = kind.of_type if kind is not None and not is_nullable_type(kind) else kind
            name = get_named_type(kind).name if kind else ""
            if name.endswith("Connection"):
                assert "list" not in stack, node.name.value
                connections.append(stack.count("connection") + 1)
            is_edges = node.name.value == "edges"
            is_list = is_list_type(inner) and not is_edges
            stack.append("connection" if name.endswith("Connection") else "list" if is_list else "")

        def leave_field(self, *_: Any) -> None:
            stack.pop()

    visit(document, TypeInfoVisitor(info, Connections()))
    assert connections == [1, 2]


def test_every_field_that_is_asked_for_of_orders_is_one_that_may_land(schema: GraphQLSchema) -> None:
    text = written_out(operation("ShopifyOrdersHistory"), _VALUES)
    selection = parse(text).definitions[0]
    assert isinstance(selection, OperationDefinitionNode)

    def shape(node: Any) -> Any:
        return {one.name.value: shape(one) for one in node.selection_set.selections} if node.selection_set else None

    asked = shape(selection)["orders"]["edges"]["node"]
    asked["lineItems"] = asked["lineItems"]["edges"]["node"]
    kept = KEPT["ShopifyOrders"]["orders"][0]
    assert asked["customer"] == {"id": None}
    assert kept["customer"] == {"hash": "code"}
    assert _keys({**asked, "customer": {"hash": None}}) == _keys(kept)


def test_the_scopes_that_errors_name_are_the_ones_shopify_wants(introspection: dict[str, Any]) -> None:
    items = introspection["offline_scopes"]["items"]
    wanted = {one["typeName"]: one["offlineScopes"] for one in items if one["type"] == "type"}
    assert operation("ShopifyOrders").scope in wanted["Order"]
    assert operation("ShopifyBalanceTransactions").scope in wanted["ShopifyPaymentsAccount"]
    assert wanted["Customer"] == ["read_customers"]


def test_no_page_costs_more_than_one_query_may(schema: GraphQLSchema) -> None:
    """By the strictest formula Shopify has published (an object 1, a connection 2 and each of its rows).

    What Shopify really asks is in its answers; a query that is too costly is asked again for half as many rows.
    """
    sizes = {"first": ORDERS_A_PAGE, "firstLines": LINES_WITH_AN_ORDER}
    cost = _cost(schema, operation("ShopifyOrders").text, sizes)
    assert operation("ShopifyOrders").cost - 50 <= cost <= operation("ShopifyOrders").cost + 50 <= 1000
    cost = _cost(schema, operation("ShopifyBalanceTransactions").text, {"first": TRANSACTIONS_A_PAGE})
    assert cost <= operation("ShopifyBalanceTransactions").cost <= 1000
    assert _cost(schema, operation("ShopifyOrderLines").text, {"first": LINES_A_PAGE}) <= 400


def _cost(schema: GraphQLSchema, text: str, sizes: dict[str, int]) -> int:
    document = parse(text)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}

    def of(selections: Any, parent: Any) -> int:
        total = 0
        for one in selections.selections:
            if isinstance(one, FragmentSpreadNode):
                total += of(fragments[one.name.value].selection_set, parent)
            elif one.selection_set:
                kind = get_named_type(parent.fields[one.name.value].type)
                if kind.name.endswith("Connection"):
                    first = next(argument.value for argument in one.arguments if argument.name.value == "first")
                    nodes = next(inner for inner in one.selection_set.selections if inner.name.value == "nodes")
                    node = get_named_type(kind.fields["nodes"].type)
                    total += 2 + sizes[first.name.value] * (1 + of(nodes.selection_set, node))
                else:
                    total += 1 + of(one.selection_set, kind)
        return total

    query = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return of(query.selection_set, schema.query_type)


def _keys(shape: Any) -> Any:
    if isinstance(shape, list):
        return _keys(shape[0])
    return {key: _keys(value) for key, value in shape.items()} if isinstance(shape, dict) else None


def test_the_simulated_stores_speak_shopifys_schema(schema: GraphQLSchema) -> None:
    """Each type, field, argument and value of the simulator is one of Shopify's, of the same type."""
    problems: list[str] = []
    for name, simulated in store_schema().type_map.items():
        official = schema.type_map.get(name)
        if name.startswith("__"):
            continue
        if official is None or type(official) is not type(simulated):
            problems.append(f"{name} is none of Shopify's types")
        elif isinstance(simulated, GraphQLEnumType):
            problems += [f"{name}.{one}" for one in set(simulated.values) - set(cast("Any", official).values)]
        elif isinstance(simulated, GraphQLObjectType | GraphQLInterfaceType):
            problems += _differences(simulated, cast("GraphQLObjectType", official))
    assert problems == []


def _differences(simulated: GraphQLObjectType | GraphQLInterfaceType, official: GraphQLObjectType) -> Iterator[str]:
    for name, field in simulated.fields.items():
        real = official.fields.get(name)
        if real is None or str(real.type) != str(field.type):
            yield f"{simulated.name}.{name}: {field.type}, where Shopify has {real and real.type}"
            continue
        for argument, its in field.args.items():
            theirs = real.args.get(argument)
            if theirs is None or (str(theirs.type), theirs.default_value) != (str(its.type), its.default_value):
                yield f"{simulated.name}.{name}({argument}): {its.type} is not Shopify's"
        needed = {argument for argument, its in real.args.items() if is_required_argument(its)}
        yield from (f"{simulated.name}.{name} lacks {argument}" for argument in needed - set(field.args))
