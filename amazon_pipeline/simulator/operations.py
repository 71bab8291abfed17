"""The operations the simulator answers: path, quota and query parameters, as Amazon's models state them.

The figures are written down here and compared with the models by tests/contract/test_simulator_against_models.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amazon_pipeline.simulator.parameters import Query
from amazon_pipeline.simulator.tokens import Notes
from amazon_pipeline.simulator.world import World


@dataclass(frozen=True)
class PageSizes:
    """How many rows an answer holds. Only searchOrders lets the caller choose."""

    orders: int = 100
    """Model orders_2026-01-01: default and highest value of maxResultsPerPage."""
    inventory: int = 50
    """amzn/selling-partner-api-docs#2312."""
    shipments: int = 50
    shipment_items: int = 200
    """amzn/selling-partner-api-models#5102."""


@dataclass(frozen=True)
class Seller:
    """What a handler needs: the account's truth, the page tokens and the page sizes."""

    world: World
    notes: Notes
    pages: PageSizes


@dataclass(frozen=True)
class Ask:
    """One authenticated request within quota."""

    seller: Seller
    query: Query
    path: dict[str, str]
    now: datetime


@dataclass(frozen=True)
class Operation:
    """One GET operation; ``answer`` gives the body of the 200, or raises a Refusal."""

    name: str
    path: str
    rate: float
    """Requests a second."""
    burst: int
    parameters: frozenset[str]
    answer: Callable[[Ask], dict[str, Any]]
