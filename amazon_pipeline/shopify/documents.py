"""The GraphQL documents of ``queries/``: one operation a file, named like it; fragments in files named like them.

graphql-core reads them, so a document that is no GraphQL stops a test and not a sync; ``tests/contract`` validates each
against Shopify's own schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    strip_ignored_characters,
    visit,
)
from graphql.language.visitor import REMOVE

FOLDER: Final = Path(__file__).parent / "queries"

FRAGMENTS: Final = ("OrderFields", "LineFields")


@dataclass(frozen=True)
class Operation:
    """One document: its operation's name, its text with the fragments it uses, and what it may cost at the most.

    ``cost`` is in points, a first guess for when Shopify has not yet said what the operation asks for; the ledger
    remembers Shopify's own figure. ``scope`` is the access scope a token needs for it.
    """

    name: str
    text: str
    cost: float
    scope: str | None = None


@cache
def operation(name: str) -> Operation:
    """The operation of ``queries/<name>.graphql``."""
    cost, scope = _OPERATIONS[name]
    text = source(name)
    needed = "\n".join(source(one) for one in FRAGMENTS if f"...{one}" in text)
    return Operation(name, strip_ignored_characters(f"{text}\n{needed}"), cost, scope)


def source(name: str) -> str:
    """The text of one file, as it is written."""
    return (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def names() -> tuple[str, ...]:
    """The names of all operations."""
    return tuple(_OPERATIONS)


def written_out(one: Operation, values: Mapping[str, str | bool]) -> str:
    """An operation without variables, fragments and ``@include``, as a bulk operation wants its query."""
    document = parse(one.text, no_location=True)
    document = visit(document, _WrittenOut(document, values))
    return print_ast(document)


class _WrittenOut(Visitor):
    def __init__(self, document: DocumentNode, values: Mapping[str, str | bool]) -> None:
        super().__init__()
        self._fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._values = values

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode:
        return OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=(),
            directives=(),
            selection_set=node.selection_set,
        )

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        selections: list[Any] = []
        for one in node.selections:
            if isinstance(one, FragmentSpreadNode):
                selections += self._fragments[one.name.value].selection_set.selections
            else:
                selections.append(one)
        return SelectionSetNode(selections=tuple(selections))

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        for directive in node.directives or ():
            if not self._is_included(directive):
                return REMOVE
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=node.arguments,
            directives=(),
            selection_set=node.selection_set,
        )

    def enter_fragment_definition(self, *_: Any) -> Any:
        return REMOVE

    def enter_variable(self, node: VariableNode, *_: Any) -> ValueNode:
        value = self._values[node.name.value]
        return BooleanValueNode(value=value) if isinstance(value, bool) else StringValueNode(value=value, block=False)

    def _is_included(self, directive: DirectiveNode) -> bool:
        condition = directive.arguments[0].value if directive.arguments else None
        return isinstance(condition, VariableNode) and bool(self._values[condition.name.value])


_OPERATIONS: Final[dict[str, tuple[float, str | None]]] = {
    "ShopifyOrders": (900, "read_orders"),
    "ShopifyOrderLines": (400, "read_orders"),
    "ShopifyOrdersHistory": (0, "read_orders"),  # never sent as it is: the text inside ShopifyBulkRun
    "ShopifyBulkRun": (10, "read_orders"),
    "ShopifyBulkStatus": (2, None),
    "ShopifyBalanceTransactions": (600, "read_shopify_payments_accounts"),
    "ShopifyShop": (5, None),
}
