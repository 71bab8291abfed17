"""What a query costs, and the bucket it is paid from.

After https://shopify.dev/docs/api/usage/limits: a scalar costs nothing, an object one point, a connection what it asks
for times what each node costs, a mutation ten. A query that asks for more than 1,000 points is refused; what is asked
for and not used comes back. The bucket of the standard plan holds 2,000 and fills by 100 a second, that of Plus ten
times as much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode
from graphql.language.ast import InlineFragmentNode, IntValueNode, SelectionSetNode, VariableNode

MOST_OF_A_QUERY = 1000
MUTATION = 10
_PER_NODE = ("nodes", "edges")


@dataclass
class Points:
    """A leaky bucket on the world's clock."""

    most: float
    per_second: float
    left: float = math.inf
    at: datetime | None = None

    def take(self, cost: float, now: datetime) -> bool:
        """Pay, if there is enough."""
        came_back = (now - self.at).total_seconds() * self.per_second if self.at is not None and now > self.at else 0.0
        self.left = min(self.most, self.left + came_back)
        self.at = now
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def give_back(self, points: float) -> None:
        """What was asked for and not used."""
        self.left = min(self.most, self.left + points)

    @property
    def status(self) -> dict[str, float]:
        """``throttleStatus``."""
        return {
            "maximumAvailable": self.most,
            "currentlyAvailable": int(self.left),
            "restoreRate": self.per_second,
        }


def requested(document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """The points that a document asks for."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    if operation.operation.value == "mutation":
        return MUTATION
    return _of(operation.selection_set, fragments, variables)


def _of(
    selected: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
) -> int:
    cost = 0
    for one in selected.selections if selected else ():
        if isinstance(one, FragmentSpreadNode):
            cost += _of(fragments[one.name.value].selection_set, fragments, variables)
        elif isinstance(one, InlineFragmentNode):
            cost += _of(one.selection_set, fragments, variables)
        elif isinstance(one, FieldNode) and one.selection_set is not None:
            inner = _of(one.selection_set, fragments, variables)
            size = _size(one, variables)
            if size is not None:
                cost += 1 + size * inner
            else:
                cost += inner if one.name.value in (*_PER_NODE, "pageInfo") else 1 + inner
            if one.name.value in ("node", "nodes"):
                cost += 1
    return cost


def _size(one: FieldNode, variables: Mapping[str, Any]) -> int | None:
    for argument in one.arguments:
        if argument.name.value == "first":
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
            if isinstance(argument.value, VariableNode):
                return int(variables[argument.value.name.value])
    return None
